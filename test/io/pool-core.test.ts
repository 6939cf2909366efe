import { afterEach, describe, expect, it, vi } from 'vitest';
import { CELLS, clock } from '../../src/io/workers/board.js';
import { type BoardKind, FakePool, type FakeWorker, turn } from '../support/fake-worker.js';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Time goes on only as it is told to. */
function fake(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'hrtime'] });
  // 0 is no time.
  vi.advanceTimersByTime(1);
}

afterEach(() => {
  vi.useRealTimers();
});

/** A pool of `size` whose workers are ready and know that jobs take `usual` ms. */
async function ready(kind: BoardKind, size: number, usual = 2.5): Promise<FakePool> {
  const pool = new FakePool(kind, size);
  await pool.submitAll(range(-size, -1));
  for (const worker of pool.workers) {
    worker.ready();
    worker.work(usual);
  }
  pool.outcomes.clear();
  pool.order.length = 0;
  for (const worker of pool.workers) worker.sizes.length = 0;
  return pool;
}

/** Has the workers do, in turn, all that there is. */
async function workOff(pool: FakePool, workers: readonly FakeWorker[] = pool.workers): Promise<unknown[]> {
  const done: unknown[] = [];
  for (let more = true; more; ) {
    more = false;
    await turn();
    for (const worker of [...workers]) {
      const name =
        worker.exitCode === null && !worker.isKilled && !worker.running ? worker.work() : undefined;
      if (name === undefined) continue;
      done.push(name);
      more = true;
    }
  }
  return done;
}

describe.each<BoardKind>(['shared', 'file'])('the jobs of a pool (%s)', (kind) => {
  it('go to workers that have none, at once, and then behind those, in one message a turn', async () => {
    const pool = await ready(kind, 2);
    pool.submit(1);
    pool.submit(2);
    expect(pool.workers.map((worker) => worker.sizes)).toEqual([[1], [1]]);
    const quick = await ready(kind, 1, 0.01);
    await quick.submitAll(range(1, 41));
    expect(quick.worker(0).sizes).toEqual([1, 40]);
  });

  it('are sent ahead as many as are done in a few ms, two at least, half a board at most', async () => {
    for (const [usual, most] of [
      [1000, 2],
      [1, 5],
      [0.0001, CELLS / 2],
    ] as const) {
      const pool = await ready(kind, 1, usual);
      await pool.submitAll(range(1, 1000));
      expect(pool.worker(0).inbox.length).toBe(most);
      expect(pool.core.statistics()).toMatchObject({ running: 1, queued: 999 });
    }
  });

  it('come to the workers in their order, and all of them once', async () => {
    const pool = await ready(kind, 2, 0.1);
    await pool.submitAll(range(1, 300));
    const done = await workOff(pool);
    expect(done.toSorted((a, b) => Number(a) - Number(b))).toEqual(range(1, 300));
    expect(pool.order.length).toBe(300);
    expect(range(1, 300).map((name) => pool.outcomes.get(name))).toEqual(range(1, 300));
    const one = await ready(kind, 1);
    await one.submitAll(range(1, 30));
    expect(await workOff(one)).toEqual(range(1, 30));
  });

  it('hold the program as long as there are any', async () => {
    const pool = await ready(kind, 1, 0.1);
    const worker = pool.worker(0);
    expect(worker.isHeld).toBe(false);
    await pool.submitAll([1, 2, 3]);
    expect(worker.isHeld).toBe(true);
    for (const name of [1, 2, 3]) {
      worker.begin();
      worker.finish(name);
    }
    worker.tell();
    expect([worker.isHeld, pool.outcomes.size]).toEqual([false, 3]);
  });

  it('never run once they are cancelled, and disturb no other', async () => {
    const pool = await ready(kind, 1);
    const jobs = await pool.submitAll(range(1, 5));
    const worker = pool.worker(0);
    expect(worker.begin()).toBe(1);
    jobs[1]?.cancel();
    jobs[3]?.cancel();
    expect([pool.outcomes.get(2), pool.outcomes.get(4)]).toEqual(
      Array(2).fill('ProcessError: the job was cancelled'),
    );
    worker.finish(1);
    worker.tell();
    expect([await workOff(pool), worker.isKilled, pool.workers.length]).toEqual([[3, 5], false, 1]);
  });

  it('end their worker, and no other, when they are cancelled while they run; what waited there goes on elsewhere', async () => {
    const pool = await ready(kind, 2);
    const jobs = await pool.submitAll(range(1, 4));
    const [first, second] = [pool.worker(0), pool.worker(1)];
    expect([first.begin(), second.begin()]).toEqual([1, 2]);
    jobs[0]?.cancel();
    expect([first.isKilled, second.isKilled]).toEqual([true, false]);
    expect(first.begin()).toBe(undefined);
    second.finish(2);
    second.tell();
    const third = pool.worker(2).ready();
    expect((await workOff(pool, [second, third])).toSorted()).toEqual([3, 4]);
    first.die(-9);
    expect([...pool.outcomes].toSorted().map(([, value]) => value)).toEqual([
      'ProcessError: the job was cancelled',
      2,
      3,
      4,
    ]);
  });

  it('that are done have ended no worker by being cancelled too late', async () => {
    const pool = await ready(kind, 1);
    const [job] = await pool.submitAll([1, 2]);
    const worker = pool.worker(0);
    worker.begin();
    worker.finish();
    expect(worker.begin()).toBe(2);
    job?.cancel();
    expect(worker.isKilled).toBe(false);
    worker.finish();
    worker.tell();
    expect(pool.outcomes.get(2)).toBe(2);
  });

  it('fail with the worker that dies when they were running, and only then', async () => {
    const pool = await ready(kind, 1, 0.1);
    await pool.submitAll(range(1, 6));
    const worker = pool.worker(0);
    worker.begin();
    worker.finish('text', 1);
    worker.begin();
    worker.finish(2);
    worker.begin();
    worker.finish(null);
    expect(worker.begin()).toBe(4);
    worker.die(7);
    expect([...pool.outcomes.values()]).toEqual([
      'text',
      2,
      null,
      'WorkerDied: worker 1 (thread) of Fake died (exit code 7) while it ran work',
    ]);
    const other = pool.worker(1).ready();
    expect(await workOff(pool, [other])).toEqual([5, 6]);
    expect(pool.core.statistics()).toMatchObject({ running: 0, queued: 0, workers: 1 });
    expect([worker.isHeld, other.isHeld]).toEqual([false, false]);
  });

  it('are given up when workers die and die without having begun any', async () => {
    const pool = new FakePool(kind, 1);
    await pool.submitAll([1, 2]);
    for (const index of [0, 1]) pool.worker(index).ready().die();
    expect(pool.outcomes.size).toBe(0);
    pool.worker(2).die();
    expect([...pool.outcomes.values()]).toEqual([
      'WorkerDied: worker 3 (thread) of Fake died (exit code 1) before it ran work',
    ]);
    expect(await workOff(pool, [pool.worker(3).ready()])).toEqual([2]);
  });

  it('do not wait behind a long one while another worker has nothing to do', async () => {
    const pool = await ready(kind, 2);
    await pool.submitAll(range(1, 4));
    const [first, second] = [pool.worker(0), pool.worker(1)];
    expect(first.begin()).toBe(1);
    expect((await workOff(pool, [second])).toSorted()).toEqual([2, 3, 4]);
    expect(pool.order).toEqual([2, 4, 3]);
    first.finish();
    first.tell();
    expect(pool.outcomes.size).toBe(4);
  });

  it('are taken over a little later when they are most likely done before', async () => {
    fake();
    const pool = await ready(kind, 2, 0.01);
    await pool.submitAll(range(1, 4));
    const [first, second] = [pool.worker(0), pool.worker(1)];
    expect(first.begin()).toBe(1);
    expect(await workOff(pool, [second])).toEqual([2, 4]);
    vi.advanceTimersByTime(1);
    expect(await workOff(pool, [second])).toEqual([3]);
  });

  it('that were done right after a wake are seen a little later without another', async () => {
    fake();
    const pool = await ready(kind, 1, 0.01);
    await pool.submitAll(range(1, 4));
    const worker = pool.worker(0);
    expect(worker.work()).toBe(1);
    worker.begin();
    worker.finish();
    expect(worker.begin()).toBe(3);
    vi.advanceTimersByTime(1);
    expect(pool.order).toEqual([1]);
    vi.advanceTimersByTime(1);
    expect(pool.order).toEqual([1, 2]);
    vi.advanceTimersByTime(100);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('do not wait behind a long one while younger ones begin', async () => {
    const pool = await ready(kind, 2);
    await pool.submitAll(range(1, 100));
    const [first, second] = [pool.worker(0), pool.worker(1)];
    expect(first.begin()).toBe(1);
    const done: unknown[] = [];
    for (let count = 0; count < 30; count++) done.push(second.work());
    expect(done).toContain(3);
  });

  it('may be given to a worker that has ended its own, when they go to it once only', async () => {
    const pool = await ready(kind, 1);
    await pool.submitAll([1]);
    pool.submit('moved', { transfer: [new ArrayBuffer(8)] });
    await pool.submitAll([2]);
    const worker = pool.worker(0);
    expect(worker.inbox.length).toBe(1);
    expect(await workOff(pool)).toEqual([1, 'moved', 2]);
    pool.submit('lost', { transfer: [new ArrayBuffer(8)] });
    worker.die();
    expect(pool.outcomes.get('lost')).toMatch('before it ran work');
  });

  it('that cannot be sent fail, and those that were sent with them do not', async () => {
    const pool = await ready(kind, 1, 0.1);
    const worker = pool.worker(0);
    worker.refuses = (name) => name === 3;
    await pool.submitAll(range(1, 5));
    expect([...pool.outcomes]).toEqual([[3, 'Error: cannot be cloned']]);
    expect(await workOff(pool)).toEqual([1, 2, 4, 5]);
    worker.refuses = () => true;
    await pool.submitAll([6]);
    expect([pool.outcomes.get(6), worker.isHeld]).toEqual(['Error: cannot be cloned', false]);
  });

  it('are failed by terminate, and finished by close', async () => {
    const pool = await ready(kind, 1);
    await pool.submitAll(range(1, 5));
    pool.core.close();
    expect(() => pool.submit(6)).toThrow('Fake is closed and takes no more jobs');
    expect(await workOff(pool)).toEqual(range(1, 5));
    expect([pool.worker(0).isKilled, pool.core.ended.isSet()]).toEqual([true, false]);
    pool.worker(0).die();
    expect(pool.core.ended.isSet()).toBe(true);

    const other = await ready(kind, 1);
    await other.submitAll(range(1, 5));
    other.worker(0).begin();
    other.core.terminate();
    expect([...other.outcomes.values()]).toEqual(Array(5).fill('ProcessError: Fake was terminated'));
    other.worker(0).die();
    expect(other.core.ended.isSet()).toBe(true);
  });
});

describe('the time of a job', () => {
  it.each<BoardKind>(['shared', 'file'])(
    'is that which it runs, and not that which it waits (%s)',
    async (kind) => {
      fake();
      const pool = await ready(kind, 1);
      const worker = pool.worker(0);
      pool.submit('long');
      pool.submit('limited', { timeout: 50 });
      pool.submit('behind');
      await turn();
      worker.begin(clock());
      vi.advanceTimersByTime(1000);
      worker.finish();
      expect(worker.begin(clock())).toBe('limited');
      worker.tell();
      vi.advanceTimersByTime(49);
      expect([pool.outcomes.has('limited'), worker.isKilled]).toEqual([false, false]);
      vi.advanceTimersByTime(2);
      expect(pool.outcomes.get('limited')).toBe(
        'TimeoutError: work ran for more than 50 ms in worker 1 (thread)',
      );
      expect(worker.isKilled).toBe(true);
      expect(await workOff(pool, [pool.worker(1).ready()])).toEqual(['behind']);
    },
  );

  it('does not begin before its function is called', async () => {
    fake();
    const pool = await ready('shared', 1);
    const worker = pool.worker(0);
    pool.submit('limited', { timeout: 50 });
    worker.begin(0);
    vi.advanceTimersByTime(500);
    expect(pool.outcomes.size).toBe(0);
    const { cell, number } = worker.running as { cell: number; number: number };
    worker.seat.called(cell, number, clock());
    vi.advanceTimersByTime(100);
    expect(pool.outcomes.get('limited')).toMatch(/^TimeoutError/);
  });

  it('is not that of the one before it', async () => {
    fake();
    const pool = await ready('shared', 1);
    const worker = pool.worker(0);
    for (let name = 1; name <= 20; name++) {
      pool.submit(name, { timeout: 50 });
      worker.begin(clock());
      vi.advanceTimersByTime(40);
      worker.finish();
      worker.tell();
    }
    expect([pool.outcomes.size, worker.isKilled, vi.getTimerCount()]).toEqual([20, false, 1]);
    vi.advanceTimersByTime(100);
    expect([worker.isKilled, vi.getTimerCount()]).toEqual([false, 0]);
  });

  it('may be longer than the timers of the host know', async () => {
    fake();
    const pool = await ready('shared', 1);
    const worker = pool.worker(0);
    pool.submit('long', { timeout: 2 ** 33 });
    worker.begin(clock());
    vi.advanceTimersByTime(2 ** 32);
    expect(pool.outcomes.size).toBe(0);
    vi.advanceTimersByTime(2 ** 33);
    expect(pool.outcomes.get('long')).toMatch(/^TimeoutError/);
  });

  it('without any ends a worker after the idle time, and not before', async () => {
    fake();
    const pool = new FakePool('shared', 1, { idle: 100 });
    await pool.submitAll([1]);
    const worker = pool.worker(0).ready();
    worker.begin();
    vi.advanceTimersByTime(1000);
    worker.finish();
    worker.tell();
    vi.advanceTimersByTime(99);
    await pool.submitAll([2]);
    vi.advanceTimersByTime(99);
    expect(worker.isKilled).toBe(false);
    worker.work();
    vi.advanceTimersByTime(100);
    expect(worker.isKilled).toBe(true);
    worker.die();
    await pool.submitAll([3]);
    expect(pool.workers.length).toBe(2);
  });
});

describe('a pool without a board', () => {
  it('gives each worker one job at a time, and ends it to cancel that', async () => {
    const pool = new FakePool('none', 2);
    const jobs = await pool.submitAll(range(1, 5));
    for (const worker of pool.workers) worker.ready();
    expect(pool.workers.map((worker) => worker.inbox.length)).toEqual([1, 1]);
    expect([pool.worker(0).begin(), pool.worker(1).begin()]).toEqual([1, 2]);
    jobs[0]?.cancel();
    jobs[4]?.cancel();
    expect(pool.workers.map((worker) => worker.isKilled)).toEqual([true, false, false]);
    pool.worker(1).finish();
    expect((await workOff(pool, pool.workers.slice(1))).toSorted()).toEqual([3, 4]);
    pool.worker(0).die();
    expect(pool.outcomes.size).toBe(5);
  });

  it('counts the time from when the worker was ready', async () => {
    fake();
    const pool = new FakePool('none', 1);
    pool.submit(1, { timeout: 50 });
    vi.advanceTimersByTime(500);
    expect(pool.outcomes.size).toBe(0);
    pool.worker(0).ready();
    vi.advanceTimersByTime(99);
    expect(pool.outcomes.get(1)).toMatch(/^TimeoutError/);
  });
});
