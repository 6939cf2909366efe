// T14: a semaphore lets five of twenty threads in at a time. A bounded one notices a release too many.
import { BoundedSemaphore, Thread } from 'greenlets/threading';
import { elapsed, sleep, time } from './time.js';

const semaphore = new BoundedSemaphore(5); // at most 5 threads at once
let inside = 0;
let most = 0;

function* run(n: number) {
  yield* semaphore.acquire();
  most = Math.max(most, ++inside);
  yield* sleep(1);
  console.log('run the thread:', n);
  inside--;
  semaphore.release();
}

const startTime = time();
const threads: Thread[] = [];
for (let i = 0; i < 20; i++) {
  const t = new Thread({ target: run, args: [i] });
  t.start();
  threads.push(t);
}
for (const t of threads) await t.join();
console.log('>>>>>>>>>>>>>');
console.log(`most at once: ${most}, twenty threads that sleep 1 s: ${elapsed(startTime)}`);

try {
  semaphore.release();
} catch (error) {
  console.log(String(error));
}
