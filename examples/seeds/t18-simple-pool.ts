// T18: a simple thread pool: a queue of permits, each of them the class of the thread that may be made.
import { Queue } from 'greenlets';
import { Thread } from 'greenlets/threading';
import { sleep } from './time.js';

class ThreadPool {
  readonly queue = new Queue<typeof Thread>();

  constructor(maxNum: number) {
    for (let n = 0; n < maxNum; n++) this.queue.putNowait(Thread);
  }

  getThread() {
    return this.queue.get();
  }

  addThread() {
    this.queue.putNowait(Thread);
  }
}

let running = 0;
let most = 0;

function* func(pool: ThreadPool, n: number) {
  most = Math.max(most, ++running);
  yield* sleep(1);
  console.log(n);
  running--;
  pool.addThread();
}

for (const [size, tasks] of [
  [5, 30],
  [10, 100],
] as const) {
  most = 0;
  const pool = new ThreadPool(size);
  const threads: Thread[] = [];
  for (let n = 0; n < tasks; n++) {
    const MyThread = await pool.getThread(); // waits until one of them has ended
    const t = new MyThread({ target: func, args: [pool, n] });
    t.start();
    threads.push(t);
  }
  for (const t of threads) await t.join();
  console.log(`${tasks} tasks, a pool of ${size}, most at once: ${most}`);
}
