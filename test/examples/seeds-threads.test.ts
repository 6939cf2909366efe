/**
 * The programs T1 to T19 of the seed documents, in a time of their own, so that what they print of time is exact. T8 alone, which
 * reads its input, meets the real world.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EXAMPLES } from '../../examples/seeds/index.js';
import { runExample } from './run-example.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OWN_TIME = './test/support/own-time.mjs';

/** The lines that an example prints. It must end well, and print no errors. */
async function linesOf(id: string): Promise<string[]> {
  const file = `examples/${EXAMPLES[id]?.file}`;
  const child = spawn(process.execPath, ['--import', OWN_TIME, '--import', 'tsx', file], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  expect([code, err]).toEqual([0, '']);
  return out.trimEnd().split('\n');
}

/** `of(0)`, `of(1)`, … `of(count - 1)`. */
function lines(count: number, of: (index: number) => string): string[] {
  return Array.from({ length: count }, (_each, index) => of(index));
}

/** The same lines, in whatever order. */
function expectSame(some: readonly string[], others: readonly string[]): void {
  expect([...some].sort()).toEqual([...others].sort());
}

describe('the examples of the seed documents on threads', () => {
  it('T1 runs three threads, and ten, in the time of one', async () => {
    const all = await linesOf('T1');
    expectSame(all.slice(0, 3), ['task t1', 'task t2', 'task t3']);
    expect(all[3]).toBe('three threads that sleep 5 s: 5 s');
    expectSame(
      all.slice(4, 14),
      lines(10, (i) => `${i}`),
    );
    expect(all.slice(14)).toEqual(['ten threads that sleep 1 s: 1 s']);
  });

  it('T2 runs what the subclass overrides, with its number', async () => {
    expectSame(await linesOf('T2'), ['running on number:1', 'running on number:2']);
  });

  it("T3 prints main's line first", async () => {
    const [first, ...rest] = await linesOf('T3');
    expect(first).toBe('main goes on');
    expectSame(
      rest,
      lines(50, (i) => `task t-${i}`),
    );
  });

  it('T4 runs one after the other, in the sum of their times', async () => {
    const each = lines(10, (i) => `task t-${i}\ndone t-${i}`).flatMap((text) => text.split('\n'));
    expect(await linesOf('T4')).toEqual([...each, 'ten threads that sleep 1 s: 10 s']);
  });

  it('T5 runs fifty in the time of one', async () => {
    const all = await linesOf('T5');
    expect(all.pop()).toBe('fifty threads that sleep 2 s: 2 s');
    expectSame(
      all,
      lines(50, (i) => `task t-${i}`),
    );
  });

  it('T6 names the main thread MainThread, and the child Thread-1', async () => {
    const all = (await linesOf('T6')).map((line) => line.replace(/\d+\)>$/, 'N)>'));
    expectSame(all, [
      'I am the main thread: <_MainThread(MainThread, started N)>',
      'I am the child thread: <MyThreading(Thread-1, started N)>',
    ]);
  });

  it('T7 counts two threads while one child lives', async () => {
    expect(await linesOf('T7')).toEqual(['threads: 2', 'here is the child', 'threads: 1']);
  });

  it('T9 ends without waiting for its daemons', async () => {
    const all = await linesOf('T9');
    expectSame(
      all.slice(0, 50),
      lines(50, (i) => `task t-${i}`),
    );
    expect(all.slice(50)).toEqual([
      'users: 300',
      'ftp: Error: the FTP server is down',
      'the program ends after 1 s, users: 0',
    ]);
  });

  it('T10 shows every method', async () => {
    expect(await linesOf('T10')).toEqual([
      'getName: Thread-1 (worker)',
      'name: first',
      'isDaemon: false',
      'isDaemon after setDaemon(true): true',
      'ident before start: null',
      'isAlive before start: false',
      'ident after start is a number other than 0: true',
      'ident is not that of the main thread: true',
      'isAlive after start: true',
      'join, half a second: false',
      'worker 1',
      'join: true',
      'isAlive after join: false',
      'worker 2',
      'GreenletError: threads can only be started once',
      'GreenletError: cannot set daemon status of active thread',
      'GreenletError: cannot join thread before it is started',
    ]);
  });

  it('T11 loses additions without the lock, and none with it', async () => {
    expect(await linesOf('T11')).toEqual(['Number, withoutLock: 1', 'Number, withLock: 100']);
  });

  it('T12 takes the lock again inside, and ends with 10 10', async () => {
    const thread = [
      'grab the first part data',
      '--------between run1 and run2-----',
      'grab the second part data',
    ];
    expect(await linesOf('T12')).toEqual([
      ...lines(10, (i) => [...thread, `${i + 1} ${i + 1}`].join('\n')).flatMap((text) => text.split('\n')),
      '10 10',
      'acquired twice, released once, locked: true',
      'released twice, locked: false',
    ]);
  });

  it('T13 finds the deadlock and explains it: who waits, for what, taken where, waiting where', async () => {
    const [told, where, ...rest] = await linesOf('T13');
    expect(told).toMatch(/^DEADLOCK: <Thread 'Thread-1 \(twice\)'.*> waits for itself, and will for ever:$/);
    expect(where).toMatch(
      /in Lock\.acquire of <Lock 'lock' held by Thread-1 \(twice\)> \(taken at twice \(.*t13-deadlock\.ts:10:\d+\)\), waiting at twice \(.*t13-deadlock\.ts:11:\d+\)/,
    );
    expect(rest).toEqual(['', 'it has ended: false', 'it was raised: DEADLOCK', 'it has ended: true']);
  });

  it('T14 lets five in at a time, and refuses a release too many', async () => {
    const all = await linesOf('T14');
    expectSame(
      all.slice(0, 20),
      lines(20, (i) => `run the thread: ${i}`),
    );
    expect(all.slice(20)).toEqual([
      '>>>>>>>>>>>>>',
      'most at once: 5, twenty threads that sleep 1 s: 4 s',
      'GreenletError: cannot release <BoundedSemaphore 5 free>: all 5 permits are free already',
    ]);
  });

  it('T15 lets the consumers go on when the producer has let go of the condition', async () => {
    expect(await linesOf('T15')).toEqual([
      'consumer before wait',
      'consumer before wait',
      'producer before notifyAll',
      'producer after notifyAll',
      'consumer after wait',
      'consumer after wait',
    ]);
  });

  it('T16 holds up whoever puts into a full queue; 12 put, 10 got, 2 left', async () => {
    expect(await linesOf('T16')).toEqual([
      'put: 10, full: true, producers that wait: 2',
      ...lines(10, (i) => `get: ${i + 1}`),
      'put: 12, size: 2',
    ]);
  });

  it('T17 shows the methods of a queue, and its Full and Empty', async () => {
    expect(await linesOf('T17')).toEqual([
      'empty: true full: false qsize: 0',
      'empty: false full: true qsize: 2',
      'put, no room for 50 ms: Full',
      'put without waiting: Full',
      'putNowait: Full',
      'get: a',
      'get without waiting: b',
      'get, nothing for 50 ms: Empty',
      'get without waiting: Empty',
      'getNowait: Empty',
      'done: c',
      'done: d',
      'done: e',
      'done: f',
      'all is done, unfinished: 0',
    ]);
  });

  it('T18 never runs more than the size of the pool at once', async () => {
    const all = await linesOf('T18');
    expectSame(
      all.slice(0, 30),
      lines(30, (i) => `${i}`),
    );
    expect(all[30]).toBe('30 tasks, a pool of 5, most at once: 5');
    expectSame(
      all.slice(31, 131),
      lines(100, (i) => `${i}`),
    );
    expect(all.slice(131)).toEqual(['100 tasks, a pool of 10, most at once: 10']);
  });

  it('T19 calls back for each task, closes when all is done, and terminates without what is queued', async () => {
    const all = await linesOf('T19');
    expect(all[0]).toBe('threads: 5 free: 0');
    expectSame(
      all.slice(1, 31),
      lines(30, (i) => (i === 13 ? 'failed Error: 13 brings bad luck' : `done ${i}`)),
    );
    expect(all.slice(31, 34)).toEqual([
      'threads: 5 free: 5',
      'closed, threads: 0',
      'terminated, tasks that are dropped: 8',
    ]);
    expectSame(all.slice(34, 36), ['done 0', 'done 1']);
    expect(all.slice(36)).toEqual(['threads: 0']);
  });
});

describe('T8', () => {
  /** Types `answer` when main has been seen to block nobody but itself. */
  function answering(
    answer: string,
  ): Promise<{ code: number | null; out: string[]; atAnswer: string[]; err: string }> {
    const child = spawn(process.execPath, ['--import', 'tsx', `examples/${EXAMPLES.T8?.file}`], {
      cwd: ROOT,
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let out = '';
    let err = '';
    let atAnswer: string[] = [];
    const linesNow = () => out.trimEnd().split('\n');
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (atAnswer.length > 0 || !out.includes('main still reads')) return;
      atAnswer = linesNow();
      child.stdin.end(answer);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, out: linesNow(), atAnswer, err }));
    });
  }

  const BEFORE = [
    ...lines(10, () => 'Start...'),
    'True/False?>> ',
    '(two seconds have passed, and main still reads)',
  ];

  it('lets nobody pass before main has read "True" and set the event; others run meanwhile', async () => {
    const { code, out, atAnswer, err } = await answering('True\n');
    expectSame(atAnswer, BEFORE);
    expect(out.slice(BEFORE.length)).toEqual(['main sets the event', ...lines(10, () => 'End...')]);
    expect([code, err]).toEqual([0, '']);
  });

  it('lets nobody pass when the answer is another', async () => {
    const { code, out, err } = await answering('False\n');
    expect(out.slice(BEFORE.length)).toEqual(['the event is not set, and nobody passes']);
    expect([code, err]).toEqual([0, '']);
  });
});

describe('npm run example', () => {
  it('knows all nineteen, and runs one by its number', async () => {
    const ids = Object.keys(EXAMPLES).filter((id) => /^T\d+$/.test(id));
    expect(ids).toEqual(lines(19, (i) => `T${i + 1}`));
    const { code, stdout } = await runExample('examples/run.ts', 't7');
    expect([code, stdout]).toEqual([0, 'threads: 2\nhere is the child\nthreads: 1\n']);
  });
});
