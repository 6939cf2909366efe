// T12: an RLock may be acquired again by the thread that has it. Acquired n times, it is free after n releases.
import { RLock, Thread } from 'greenlets/threading';

let num = 0;
let num2 = 0;
const lock = new RLock(); // a Lock would block for ever in run1

function* run1() {
  console.log('grab the first part data');
  yield* lock.acquire();
  num += 1;
  lock.release();
  return num;
}

function* run2() {
  console.log('grab the second part data');
  yield* lock.acquire();
  num2 += 1;
  lock.release();
  return num2;
}

function* run3() {
  yield* lock.acquire();
  const res = yield* run1();
  console.log('--------between run1 and run2-----');
  const res2 = yield* run2();
  lock.release();
  console.log(res, res2);
}

const threads: Thread[] = [];
for (let i = 0; i < 10; i++) {
  const t = new Thread({ target: run3 });
  t.start();
  threads.push(t);
}
for (const t of threads) await t.join();
console.log(num, num2);

const rlock = new RLock();
await rlock.acquire();
await rlock.acquire(); // the same thread: it does not block
rlock.release();
console.log('acquired twice, released once, locked:', rlock.locked());
rlock.release();
console.log('released twice, locked:', rlock.locked());
