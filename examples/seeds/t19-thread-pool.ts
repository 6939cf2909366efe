// T19: a full thread pool: its threads are made on demand, and each has a callback with the status and the result of each task.
import { Queue, rethrowExit } from 'greenlets';
import { currentThread, Thread } from 'greenlets/threading';
import { sleep } from './time.js';

const STOP = Symbol('stop');

type Callback = (status: boolean, result: unknown) => void;
type Task = readonly [
  func: (...args: any[]) => Generator<any, unknown>,
  args: unknown[],
  callback?: Callback,
];

class ThreadPool {
  readonly q = new Queue<Task | typeof STOP>();
  readonly maxNum: number;
  cancel = false;
  terminal = false;
  /** The threads that were made and have not ended, and those of them that wait for a task. */
  readonly generateList: Thread[] = [];
  readonly freeList: Thread[] = [];

  constructor(maxNum: number) {
    this.maxNum = maxNum;
  }

  /** Has a thread run `func(...args)`, and then `callback(status, result)`. */
  run(...task: Task) {
    if (this.cancel) return;
    if (this.freeList.length === 0 && this.generateList.length < this.maxNum) this.generateThread();
    this.q.putNowait(task);
  }

  generateThread() {
    const t = new Thread({ target: () => this.call() });
    this.generateList.push(t);
    t.start();
  }

  /** What a thread does: one task after the other. */
  *call() {
    const thread = currentThread();
    for (let event = yield* this.q.get(); event !== STOP; ) {
      const [func, args, callback] = event;
      let status = true;
      let result: unknown;
      try {
        result = yield* func(...args);
      } catch (error) {
        rethrowExit(error);
        status = false;
        result = error;
      }
      callback?.(status, result);
      event = this.terminal ? STOP : yield* this.nextEvent(thread);
    }
    this.generateList.splice(this.generateList.indexOf(thread), 1);
  }

  *nextEvent(thread: Thread) {
    this.freeList.push(thread);
    try {
      return yield* this.q.get();
    } finally {
      this.freeList.splice(this.freeList.indexOf(thread), 1);
    }
  }

  /** The threads end when all tasks have been done. */
  close() {
    this.cancel = true;
    for (let size = this.generateList.length; size > 0; size--) this.q.putNowait(STOP);
  }

  /** The threads end as soon as each has done what it is at; tasks that are queued are dropped. Gives how many. */
  terminate() {
    this.terminal = true;
    let dropped = 0;
    while (!this.q.empty()) if (this.q.getNowait() !== STOP) dropped++;
    this.close();
    return dropped;
  }
}

function* action(i: number) {
  yield* sleep(1);
  if (i === 13) throw new Error('13 brings bad luck');
  return i;
}

const callback: Callback = (status, result) => console.log(status ? 'done' : 'failed', String(result));

const pool = new ThreadPool(5);
for (let i = 0; i < 30; i++) pool.run(action, [i], callback);
console.log('threads:', pool.generateList.length, 'free:', pool.freeList.length);
await sleep(10);
console.log('threads:', pool.generateList.length, 'free:', pool.freeList.length);
const threads = [...pool.generateList];
pool.close();
for (const t of threads) await t.join();
console.log('closed, threads:', pool.generateList.length);

const pool2 = new ThreadPool(2);
for (let i = 0; i < 10; i++) pool2.run(action, [i], callback);
const threads2 = [...pool2.generateList];
await sleep(0.5);
console.log('terminated, tasks that are dropped:', pool2.terminate());
for (const t of threads2) await t.join();
console.log('threads:', pool2.generateList.length);
