/** Programs of shared objects, and of processes that die with them: the first argument says which, the second how they are started. */
import { type Green, joinall, main, sleep, spawn } from 'greenlets';
import {
  Barrier,
  Condition,
  type Connection,
  Event,
  isMainProcess,
  JoinableQueue,
  Lock,
  Pipe,
  Pool,
  Process,
  Queue,
  RLock,
  Semaphore,
  SharedArray,
  setStartMethod,
  Value,
} from 'greenlets/multiprocessing';

/** Holds `lock` until it is killed, taken as one takes it that knows it already. */
export function* holds(lock: Lock | RLock | Semaphore | Condition, told: Event) {
  for (let round = 0; round < 3; round++) {
    yield* lock.acquire();
    yield* lock.release();
  }
  yield* lock.acquire();
  yield* told.set();
  yield* sleep(60_000);
}

export function* getsForever(queue: Queue, told: Event) {
  told.set();
  yield* queue.get();
}

export function* putsForever(queue: Queue, told: Event) {
  told.set();
  yield* queue.put('of the dead');
}

export function* waitsIn(condition: Condition, told: Event) {
  yield* condition.acquire();
  told.set();
  yield* condition.wait();
}

export function* arrives(barrier: Barrier, told: Event) {
  told.set();
  yield* barrier.wait();
}

export function* takesTask(queue: JoinableQueue, told: Event) {
  yield* queue.get();
  yield* told.set();
  yield* sleep(60_000);
}

/** Gets and puts what cannot pass between processes. */
export function* meetsUnsendable(from: Queue, to: Queue) {
  yield* to.put(yield* outcome((queue) => queue.get(), from));
  yield* to.put(yield* from.get());
  yield* to.put(yield* outcome((queue) => queue.put(new SharedArrayBuffer(1)), to));
}

export function* keepsEnd(_end: Connection, told: Event) {
  told.set();
  yield* sleep(60_000);
}

export function* counts(lock: Lock, value: Value, array: SharedArray, times: number) {
  for (let i = 0; i < times; i++) {
    yield* lock.with(() => {
      value.value = (value.value as number) + 1;
      array[0] = (array[0] as number) + 2;
    });
  }
}

export function* answers(q: Queue<unknown>, back: Queue<unknown>, lock: RLock) {
  yield* lock.with(() =>
    lock.with(function* () {
      const item = yield* q.get();
      yield* back.put({ item, again: q });
    }),
  );
  try {
    yield* q.get({ timeout: 10 });
  } catch (error) {
    yield* back.put(error instanceof Error ? [error.name, (error as any).code] : null);
  }
}

export function* talks(end: Connection) {
  yield* end.send(['Hello', null, 'World']);
  yield* end.send({ got: yield* end.recv() });
  end.close();
}

export function adds(value: Value, by: number) {
  value.value = (value.value as number) + by;
  return value.value;
}

export function* waitsToTell(values: Queue<Value>, go: Event, back: Queue) {
  const value = yield* values.get();
  yield* go.wait();
  yield* back.put(value.value);
  value.value = 99;
  yield* back.put('written');
}

const programs: Record<string, () => Generator<any, void, unknown>> = {
  *works() {
    const [q, back, lock] = [new Queue(), new Queue(2), new RLock()];
    const p = new Process({ target: answers, args: [q, back, lock] });
    p.start();
    yield* q.put(new Map([[1, 'one']]));
    const { item, again } = (yield* back.get()) as any;
    console.log(item, again instanceof Queue, yield* again.qsize(), yield* back.get());
    const [mine, yours] = Pipe();
    const t = new Process({ target: talks, args: [yours] });
    t.start();
    console.log(yield* mine.recv(), yield* mine.poll());
    yield* mine.send(7);
    console.log(yield* mine.recv());
    try {
      yield* mine.recv();
    } catch (error) {
      console.log((error as Error).name);
    }
    yield* joinall([p, t].map((each) => spawn(() => each.join())));
  },
  *values() {
    const value = new Value('i', 0);
    const pool = new Pool(2);
    const seen: unknown[] = [];
    for (let round = 0; round < 20; round++) {
      value.value = (value.value as number) + 1;
      const { value: before } = value;
      const jobs = [pool.applyAsync(adds, [value, 0]), pool.applyAsync(adds, [value, 0])];
      for (const job of jobs) seen.push((yield* job.get()) === before);
      seen.push((yield* pool.apply(adds, [value, 10])) === value.value);
    }
    console.log(value.value, seen.length, seen.every(Boolean));
    pool.terminate();
    // Sent inside of something else to a process that lives already.
    const [values, go, back] = [new Queue<Value>(), new Event(), new Queue()];
    const p = new Process({ target: waitsToTell, args: [values, go, back] });
    p.start();
    yield* values.put(value);
    while (!(yield* values.empty())) yield* sleep(1);
    value.value = 42;
    yield* go.set();
    console.log(yield* back.get(), yield* back.get(), value.value);
    yield* p.join();
  },
  *counter() {
    const [lock, value, array] = [new Lock(), new Value('d', 0.5), new SharedArray('i', [1, 2])];
    const all = [1, 2, 3].map(() => new Process({ target: counts, args: [lock, value, array, 40] }));
    for (const each of all) each.start();
    yield* counts(lock, value, array, 10);
    for (const each of all) yield* each.join();
    console.log(value.value, array[0], array.slice());
  },
  *crash() {
    yield* dies('Lock', (lock: Lock) => lock.acquire(), new Lock(), holds);
    yield* dies('RLock', (lock: RLock) => lock.acquire(), new RLock(), holds);
    yield* dies('Semaphore', (lock: Semaphore) => lock.acquire(), new Semaphore(1), holds);
    const full = new Queue(1);
    yield* full.put('first');
    yield* dies('Queue.put', () => full.qsize(), full, putsForever);
    console.log(yield* full.get(), yield* full.empty());
    const empty = new Queue();
    yield* dies('Queue.get', () => empty.put('mine'), empty, getsForever);
    console.log(yield* empty.get());
    yield* dies('Condition', (c: Condition) => c.acquire(), new Condition(), holds);
    const condition = new Condition();
    yield* dies('Condition.wait', (c: Condition) => c.acquire(), condition, waitsIn);
    yield* dies('Barrier', (b: Barrier) => b.wait(), new Barrier(3), arrives, true);
    const tasks = new JoinableQueue();
    yield* tasks.put('task');
    yield* dies('JoinableQueue.join', () => tasks.join(), tasks, takesTask, true);
    const [mine, yours] = Pipe();
    yield* dies('Connection.recv', () => mine.recv(), yours, keepsEnd, true);
  },
};

/** A child uses `object`, and is killed there; then this process asks for what the child had. */
function* dies(name: string, then: (object: any) => any, object: any, target: any, early = false) {
  const told = new Event();
  const p = new Process({ target, args: [object, told] });
  p.start();
  yield* told.wait();
  // What the child asks for next is here when what it asks after that has been answered.
  yield* sleep(50);
  const waiting = early ? spawn(outcome, then, object) : null;
  yield* sleep(0);
  p.kill();
  yield* p.join();
  console.log(name, yield* (waiting ?? spawn(outcome, then, object)).get(), p.exitCode);
}

function* outcome(then: (object: any) => any, object: any): Green<unknown> {
  try {
    return yield* then(object);
  } catch (error) {
    return String(error).replace(/home m[.\d]+|<[^>]*>/g, 'X');
  }
}

programs['unsendable'] = function* () {
  const [from, to] = [new Queue(), new Queue()];
  yield* from.put(new SharedArrayBuffer(1));
  yield* from.put('the next');
  const p = new Process({ target: meetsUnsendable, args: [from, to] });
  p.start();
  for (let i = 0; i < 3; i++) console.log(yield* to.get());
  yield* p.join();
};

if (isMainProcess) {
  const [, , program = '', method = 'process'] = process.argv;
  setStartMethod(method as 'process');
  await main(programs[program] as never);
}
