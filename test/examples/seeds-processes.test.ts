import { describe, expect, it } from 'vitest';
import { runExample } from './run-example.js';

async function linesOf(name: string): Promise<string[]> {
  const { code, stdout, stderr } = await runExample(`examples/seeds/${name}.ts`);
  expect([code, stderr]).toEqual([0, '']);
  return stdout.trimEnd().split('\n');
}

describe('the examples of processes', () => {
  it('P1 P2 P3 P7 greet, run a thread, know their parent, and run a class of their own', async () => {
    const lines = await linesOf('p01-process');
    expect(lines.at(-1)).toBe('main: all have ended');
    expect(lines.indexOf('Thread World')).toBeGreaterThan(lines.indexOf('hello World'));
    expect([...lines].sort()).toEqual(
      [
        'hello bob',
        'hello nick',
        ...Array.from({ length: 8 }, (_, i) => `hello bob ${i}`),
        'hello World',
        'Thread World',
        "child's parent is main: true",
        'run in Process-13: no argument, pid true',
        'run in Process-14: an argument, pid true',
        'main: all have ended',
      ].sort(),
    );
  });

  it('P4 P5 P6 run beside main, keep globals apart, and are joined before the last line', async () => {
    const lines = await linesOf('p04-arguments');
    expect(lines.slice(0, 6).sort()).toEqual(['child 1', 'child 2', 'child 3', 'main 1', 'main 2', 'main 3']);
    expect(lines.slice(6, 8)).toEqual(['count in the child 11', 'count in main 10']);
    expect(lines.slice(8, 11).sort()).toEqual(['letter 0', 'letter 1', 'letter 2']);
    expect(lines.slice(11)).toEqual(['the last letter is from main']);
  });

  it('P8 ends the daemon with main and waits for the other', async () => {
    expect(await linesOf('p08-daemon')).toEqual([
      'main ends',
      'start of the task',
      'end of the task',
      'the daemon is dead',
    ]);
  });

  it('P9 P10 P11 never mix lines, explain the deadlock, let four in, and wait with a limit', async () => {
    const lines = await linesOf('p09-locks');
    for (const at of [0, 2, 4]) expect(lines[at + 1]).toBe(lines[at]?.replace('hello', 'world'));
    expect(lines[6]).toMatch(/^Deadlock: <Greenlet 'main'.* waits for itself$/);
    expect(lines.slice(7, 13).sort()).toEqual(
      ['aa', 'bb', 'cc', 'dd', 'ee', 'ss'].map((each) => `${each} sings`),
    );
    expect(lines.slice(13)).toEqual([
      'at most 4: true',
      'set: false timed wait: false',
      'the child goes on',
      'set: false',
    ]);
  });

  it('P12 P13 P14 P21 talk by queues, joined queues, pipes and shared memory', async () => {
    expect(await linesOf('p12-queues')).toEqual([
      'full: Full',
      '200',
      '201',
      '202',
      '204',
      'empty: Empty',
      'child got from main',
      'main got from the child',
      'ate rice',
      'ate tea',
      'all is eaten',
      "[ 'Hello', null, 'World' ]",
      'shared memory: 42',
    ]);
  });

  it('P15 P16 P17 count exactly, keep the types of keys, and share numbers', async () => {
    expect(await linesOf('p15-manager')).toEqual([
      'count 19990 list [ 11, 2, 3 ]',
      "Map(3) { 0.25 => null, 1 => '1', '2' => 2 }",
      '9 8 7 6 5 4 3 2 1 0',
      '3.1415927 0 -1 -2 -3 -4 -5 -6 -7 -8 -9',
      '411 22 33 44',
    ]);
  });

  it('P19 P20 P22 run pools, with callbacks, limits and ends by force', async () => {
    const lines = await linesOf('p19-pool');
    expect(lines[0]).toBe('end');
    expect(lines.slice(1, 11).sort()).toEqual(Array.from({ length: 10 }, (_, i) => `end_call>> ${100 + i}`));
    expect(lines[11]).toBe('0 1 4 9 16 25 36 49 64 81');
    expect(lines.slice(12, 16).sort()).toEqual(['square 0', 'square 1', 'square 4', 'square 9']);
    expect(lines.slice(16)).toEqual([
      '400',
      ...Array(4).fill('pid true'),
      'TimeoutError',
      'error_callback Error: worker failed',
      'now the pool is closed',
      'terminated -15 false',
    ]);
  });
});
