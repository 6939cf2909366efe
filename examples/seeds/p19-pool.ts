// P19, P20, P22: a pool of processes, its results and time limits, and ends by force.
import { attempt, enter, main, sleep } from 'greenlets';
import { isMainProcess, Pool, Process, TimeoutError } from 'greenlets/multiprocessing';

export function* myFun(i: number) {
  yield* sleep(20);
  return i + 100;
}

export function f(x: number) {
  return x * x;
}

export function getpid() {
  return process.pid;
}

export function nap(ms: number) {
  return sleep(ms);
}

export function fails() {
  throw new Error('worker failed');
}

if (isMainProcess) {
  await main(function* () {
    const p = new Pool(5);
    for (let i = 0; i < 10; i++)
      p.applyAsync(myFun, [i], { callback: (arg: number) => console.log('end_call>>', arg) });
    console.log('end');
    p.close();
    yield* p.join();
    yield* sleep(0);

    yield* enter(new Pool(4), function* (pool) {
      console.log(
        (yield* pool.map(
          f,
          Array.from({ length: 10 }, (_, i) => i),
        )).join(' '),
      );
      const squares = pool.imapUnordered(f, [0, 1, 2, 3]);
      while (yield* squares.more()) console.log('square', squares.value);
      console.log(yield* pool.applyAsync(f, [20]).get({ timeout: 5000 }));
      const pids = [1, 2, 3, 4].map(() => pool.applyAsync(getpid));
      for (const each of pids) console.log('pid', (yield* each.get({ timeout: 5000 })) !== process.pid);
      const late = yield* attempt(() => pool.applyAsync(nap, [60_000]).get({ timeout: 50 }));
      if (!late.ok && late.error instanceof TimeoutError) console.log('TimeoutError');
      pool.applyAsync(fails, [], {
        errorCallback: (error: unknown) => console.log('error_callback', String(error)),
      });
      yield* pool.apply(f, [1]);
      yield* sleep(50);
    });
    console.log('now the pool is closed');

    const worker = new Process({ target: nap, args: [60_000] });
    worker.start();
    worker.terminate();
    yield* worker.join();
    console.log('terminated', worker.exitCode, worker.isAlive());
  });
}
