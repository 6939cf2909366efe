// T11: 100 threads add 1 to the same number. With a switch between reading and writing, most additions are lost; a lock keeps all.
import { Lock, Thread } from 'greenlets/threading';
import { sleep } from './time.js';

const lock = new Lock();
let number = 0;

function* withoutLock() {
  const read = number;
  yield* sleep(0); // others run here, and read the same
  number = read + 1;
}

function* withLock() {
  yield* lock.acquire();
  const read = number;
  yield* sleep(0); // others run here, but nobody gets further than to acquire()
  number = read + 1;
  lock.release();
}

for (const princ of [withoutLock, withLock]) {
  number = 0;
  const threads: Thread[] = [];
  for (let i = 0; i < 100; i++) {
    const t = new Thread({ target: princ });
    t.start();
    threads.push(t);
  }
  for (const t of threads) await t.join();
  console.log(`Number, ${princ.name}:`, number);
}
