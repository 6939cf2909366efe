// T1: three threads, and ten with names, run side by side: all of them together take as long as one.
import { Thread } from 'greenlets/threading';
import { elapsed, sleep, time } from './time.js';

function* princ(string: string) {
  console.log('task', string);
  yield* sleep(5);
}

let startTime = time();
const t1 = new Thread({ target: princ, args: ['t1'] });
t1.start();
const t2 = new Thread({ target: princ, args: ['t2'] });
t2.start();
const t3 = new Thread({ target: princ, args: ['t3'] });
t3.start();
for (const t of [t1, t2, t3]) await t.join();
console.log('three threads that sleep 5 s:', elapsed(startTime));

function* worker(num: number) {
  yield* sleep(1);
  console.log(num);
}

startTime = time();
const threads: Thread[] = [];
for (let i = 0; i < 10; i++) {
  const t = new Thread({ target: worker, args: [i], name: `t.${i}` });
  t.start();
  threads.push(t);
}
for (const t of threads) await t.join();
console.log('ten threads that sleep 1 s:', elapsed(startTime));
