// T5: main starts 50 threads, keeps them in a list, and waits for all: they run side by side.
import { Thread } from 'greenlets/threading';
import { elapsed, sleep, time } from './time.js';

function* princ(string: string) {
  console.log('task', string);
  yield* sleep(2);
}

const startTime = time();
const threads: Thread[] = [];
for (let i = 0; i < 50; i++) {
  const t = new Thread({ target: princ, args: [`t-${i}`] });
  t.start();
  // Not joined here: that would hold up the ones behind.
  threads.push(t);
}
for (const t of threads) await t.join();
console.log('fifty threads that sleep 2 s:', elapsed(startTime));
