// G2: two greenlets that give way to one another.
import { joinall, sleep, spawn } from 'greenlets';

function* foo() {
  console.log('Running in foo');
  yield* sleep(0);
  console.log('Explicit context switch to foo angin');
}

function* bar() {
  console.log('Explicit context to bar');
  yield* sleep(0);
  console.log('Implicit context swich back to bar');
}

await joinall([
  spawn(foo),
  spawn(bar), //
]);
