/** Programs of pools: the first argument says which, the second is 'process', 'worker' or 'thread'. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { MessagePort } from 'node:worker_threads';
import { all, attempt, joinall, main, sleep, spawn, Timeout, until } from 'greenlets';
import { isMainProcess, Lock, Pool, setStartMethod } from 'greenlets/multiprocessing';
import { report } from '../../src/io/workers/pool-worker.js';
import { ThreadPool } from '../../src/threading/thread-pool.js';

export function square(x: number) {
  return x * x;
}

export function* slowSquare(x: number) {
  yield* sleep(x);
  return x * x;
}

export function add(a: number, b: number) {
  return a + b;
}

export function odd(x: number) {
  if (x % 2 === 0) throw new RangeError(`${x} is even`);
  return x;
}

export function pid() {
  return process.pid;
}

export function dies() {
  process.kill(process.pid, 'SIGKILL');
}

export function exits() {
  process.exit(7);
}

export function spins() {
  for (;;);
}

export function steps(n: number) {
  for (let i = 0; i < n; i++) report(i);
  return n;
}

/** Throws what is hard to send. */
export function throwsOdd(kind: string): never {
  const error = new Error(kind) as Error & Record<string, unknown>;
  if (kind === 'cycle') error.cause = error;
  if (kind === 'getter')
    Object.defineProperty(error, 'bad', { enumerable: true, get: () => dies['missing' as never]['call'] });
  if (kind === 'stack') Object.assign(error, { stack: { spins } });
  if (kind === 'trap')
    throw Object.create(null, { toString: { value: null }, fn: { enumerable: true, value: () => 1 } });
  throw error;
}

export function firstByte(bytes: Uint8Array) {
  return bytes[0];
}

export function size(buffer: ArrayBuffer) {
  return buffer.byteLength;
}

export function answersTo(port: MessagePort) {
  port.postMessage('from the worker');
  port.close();
}

export function* locked(lock: Lock) {
  return yield* lock.with(() => 'inside');
}

const make = (n: number) => (process.argv[3] === 'thread' ? new ThreadPool(n) : new Pool(n));
const told = (error: unknown) => String(error).replace(/pid \d+/g, 'pid N');

const programs: Record<string, () => Generator<any, void, unknown>> = {
  *works() {
    const pool = make(2);
    console.log(yield* pool.apply(add, [1, 2]), yield* pool.apply(slowSquare, [5]));
    console.log(yield* pool.map(square, [1, 2, 3, 4, 5, 6, 7, 8, 9]));
    console.log(
      yield* pool.starmap(add, [
        [1, 2],
        [3, 4],
      ]),
      yield* pool.map(slowSquare, [3, 1], { chunksize: 1 }),
    );
    console.log(
      (yield* pool.imap(square, [3, 2, 1]).toArray()).join(),
      (yield* pool.imapUnordered(square, [1, 2, 3], { chunksize: 2 }).toArray()).sort().join(),
    );
    console.log(told((yield* attempt(() => pool.map(odd, [1, 2, 3])) as any).error));
    const results = pool.imap(odd, [1, 2, 3], { chunksize: 2 });
    for (let i = 0; i < 3; i++) console.log(told(JSON.stringify(yield* attempt(() => results.next()))));
    const later = pool.applyAsync(slowSquare, [200], {
      callback: (value: unknown) => console.log('callback', value),
    });
    console.log(
      told((yield* attempt(() => later.get({ timeout: 1 })) as any).error.name),
      yield* later.get(),
    );
    const failing = pool.applyAsync(odd, [2], {
      errorCallback: (error: unknown) => console.log('errorCallback', told(error)),
    });
    yield* failing.wait();
    yield* sleep(1);
    pool.close();
    console.log(yield* pool.join(), String(pool));
  },
  *deaths() {
    const pool = make(2);
    const thread = process.argv[3] === 'thread' || process.argv[3] === 'worker';
    yield* pool.map(square, [1, 2, 3, 4]);
    const others = [1, 2, 3, 4, 5, 6].map((x) => pool.applyAsync(slowSquare, [x]));
    const dead = yield* attempt(() => pool.apply(thread ? exits : dies));
    console.log(told((dead as any).error));
    for (const each of others) console.log(yield* each.get());
    const late = yield* attempt(() => pool.apply(spins, [], { timeout: 30 }));
    console.log(told((late as any).error));
    const killed = spawn(() => pool.apply(spins));
    yield* sleep(100);
    const queued = [1, 2, 3].map((x) => pool.applyAsync(square, [x]));
    yield* killed.kill();
    for (const each of queued) console.log(yield* each.get());
    const limit = new Timeout(50);
    console.log('mine', limit.mine((yield* attempt(() => limit.run(() => pool.apply(spins))) as any).error));
    const gone = pool.applyAsync(spins);
    pool.terminate();
    console.log(told((yield* attempt(() => gone.get()) as any).error), yield* pool.join());
  },
  *odd() {
    const pool = make(1);
    for (const kind of ['cycle', 'getter', 'stack', 'trap']) {
      const { error } = (yield* attempt(() => pool.apply(throwsOdd, [kind]))) as any;
      console.log(String(error), error.cause === error);
    }
    const bytes = new Uint8Array(1);
    const asked = [0, 1, 2, 3, 4, 5].map((n) => pool.applyAsync(firstByte, [bytes.fill(n)]));
    console.log((yield* all(asked.map((each) => each.get()))).join());
    pool.terminate();
  },
  *extras() {
    const pool = make(1);
    const seen: unknown[] = [];
    console.log(yield* pool.apply(steps, [3], { onProgress: (value: never) => seen.push(value) }), seen);
    if (process.argv[3] === 'thread') {
      const buffer = new ArrayBuffer(1024);
      console.log(yield* pool.apply(size, [buffer], { transfer: [buffer] }), buffer.byteLength);
      const { port1, port2 } = new MessageChannel();
      yield* pool.apply(answersTo, [port2], { transfer: [port2] });
      port1.close();
    } else console.log(yield* pool.apply(locked, [new Lock()]));
    console.log(JSON.stringify(pool.statistics()));
    pool.terminate();
  },
};

/** What each part of the work sees of a store of whoever has asked for it. */
programs['context'] = function* () {
  const als = new AsyncLocalStorage<string>();
  const pool = make(2);
  yield* pool.apply(square, [0]);
  const seen: string[] = [];
  const see = (where: string) => seen.push(`${where}: ${als.getStore()}`);
  const ask = function* (store: string) {
    const options = {
      callback: () => see(`${store} callback`),
      errorCallback: () => see(`${store} errorCallback`),
      onProgress: function* () {
        see(`${store} progress`);
        yield* sleep(1);
        see(`${store} progress later`);
      },
    };
    yield* pool.applyAsync(steps, [1], options).get();
    see(`${store} after`);
    yield* pool.applyAsync(odd, [2], options).wait();
    yield* pool.mapAsync(square, [1, 2], options).get();
    yield* pool.apply(steps, [1], options);
    const results = pool.imap(steps, [1], { onProgress: () => see(`${store} imap progress`) });
    yield* results.toArray();
    see(`${store} at the end`);
    yield* sleep(5);
  };
  yield* joinall(
    ['one', 'two'].map((store) => als.run(store, () => spawn(ask, store))),
    { raiseError: true },
  );
  yield* until(
    als.run('outside', async () => {
      await pool.apply(square, [1]);
      see('outside after');
      await pool.apply(square, [0]).then(() => see('outside then'));
    }),
  );
  console.log([...new Set(seen)].sort().join('\n'));
  pool.terminate();
};

if (isMainProcess) {
  const [, , program = '', method = 'process'] = process.argv;
  if (method !== 'thread') setStartMethod(method as 'process');
  await main(programs[program] as never);
}
