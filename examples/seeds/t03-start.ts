// T3: main starts 50 threads and goes on at once; they run when it waits, or has ended.
import { Thread } from 'greenlets/threading';
import { sleep } from './time.js';

function* princ(string: string) {
  console.log('task', string);
  yield* sleep(5);
}

for (let i = 0; i < 50; i++) {
  const t = new Thread({ target: princ, args: [`t-${i}`] });
  t.start();
}
console.log('main goes on');
