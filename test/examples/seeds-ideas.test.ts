import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXAMPLES } from '../../examples/seeds/index.js';
import { type Outcome, runExample, startExample, startGroup } from './run-example.js';

function linesOf({ stdout }: Outcome): string[] {
  return stdout.trimEnd().split('\n');
}

describe('the examples of ideas, and of managers over the network', () => {
  it('P18 shares a queue, a dict and a lock between three programs, and refuses a stranger', async () => {
    const outcome = await runExample('examples/seeds/p18-network.ts');
    expect([outcome.code, outcome.stderr]).toEqual([0, '']);
    expect(linesOf(outcome)).toEqual([
      'a stranger is refused: AuthenticationError',
      'a machine has ended with 0',
      'a machine has ended with 0',
      '6 jobs were done',
      ...[1, 2, 3, 4, 5, 6].map((number) => `${number} squared is ${number ** 2}`),
    ]);
  });

  it('P18 is two programs as well, on any machines', async () => {
    const server = startExample('examples/seeds/p18-network.ts', 'serve', '0');
    await server.printed('waiting for others at port');
    const port = /port (\d+)/.exec(server.output())?.[1] as string;
    const client = await runExample('examples/seeds/p18-network.ts', 'connect', '127.0.0.1', port);
    expect([client.code, client.stderr]).toEqual([0, '']);
    const { code, stdout } = await server.end;
    expect([code, stdout.includes("'done' => 6")]).toEqual([0, true]);
  });

  it('I1 shows what is shared, what runs at once, what waits, states, and what a switch costs', async () => {
    const outcome = await runExample('examples/seeds/i1-ideas.ts');
    expect([outcome.code, outcome.stderr]).toEqual([0, '']);
    expect(linesOf(outcome).map((line) => line.replace(/[\d.]+ us$/, 'N us'))).toEqual([
      '-- kinds',
      'greenlet: the same process, the same thread, count 11',
      'thread: the same process, another thread, count 11',
      'process: another process, another thread, count 11',
      'main: count 11',
      '-- ways',
      'serial: a begins, a ends, b begins, b ends',
      'concurrent: a begins, b begins, a ends, b ends',
      'parallel: two ran at the same time',
      '-- calls',
      'a call that blocks the thread: others ran 0 times',
      'a call that blocks the greenlet: others ran meanwhile',
      'asynchronous: it was asked for, and is not there yet',
      'asynchronous: a callback is told of string',
      'a call that does not block: at once Empty',
      '-- states',
      'spawned: third running, first scheduled, second scheduled',
      'later: third running, first parked in Lock.acquire, second ready in sleep',
      'released: third running, first ready, second ready in sleep',
      '-- costs',
      'to a greenlet and back: N us',
      'to a thread and back: N us',
      'to a process and back: N us',
      'a greenlet is the cheapest: true',
    ]);
  });

  it('I2 ends greenlets, threads, children and their children by one signal to main', async () => {
    checkGroup(await runExample('examples/seeds/i2-group.ts'));
  });

  it('I2 does so too when the signal reaches every process of the group, as Ctrl-C does', async () => {
    const example = startGroup('examples/seeds/i2-group.ts', 'waits');
    await example.printed('all are at work');
    example.interrupt();
    checkGroup(await example.end);
  });

  function checkGroup(outcome: Outcome): void {
    expect([outcome.code, outcome.stderr]).toEqual([130, '']);
    const lines = linesOf(outcome);
    expect(lines[0]).toBe('all are at work; press Ctrl-C');
    const who = ['main', 'the child', 'the grandchild', 'the greenlet', 'the thread'];
    expect(lines.slice(1, -1).sort()).toEqual(who.map((each) => `${each} puts its tools away`));
    expect(lines.at(-1)).toBe('the exit code is 130');
  }

  it('I3 tells four ways to end by the exit code', async () => {
    const outcome = await runExample('examples/seeds/i3-ends.ts');
    expect(linesOf(outcome)).toEqual([
      'normal: exit code 0',
      'an error that it tells of: exit code 3',
      'a grave error: exit code 1',
      'a graver one: exit code -11',
      'terminate(): exit code -15',
      'kill(): exit code -9',
    ]);
    expect(outcome.stderr).toMatch(/^Process Process-3:\nTypeError: Cannot read properties of undefined/);
    expect(outcome.code).toBe(0);
  });

  it('are in the table of the README, with all others', () => {
    const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
    const rows = readme.matchAll(/^\| ((?:[GTPI]\d+(?:, )?)+) \| [A-D, ]+ \| \[.*\]\(examples\/(.*)\) \|/gm);
    const table = [...rows].flatMap(([, ids = '', file]) => ids.split(', ').map((id) => [id, file]));
    const all = Object.entries(EXAMPLES).map(([id, { file }]) => [id, file]);
    expect(table.sort()).toEqual(all.sort());
    const range = (letter: string, last: number) =>
      Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);
    expect(Object.keys(EXAMPLES).sort()).toEqual(
      [...range('G', 4), ...range('T', 19), ...range('P', 22), ...range('I', 3)].sort(),
    );
  });

  it('G4 runs the same jobs in three ways', async () => {
    const outcome = await runExample('examples/seeds/g4-three-ways.ts');
    expect([outcome.code, outcome.stderr]).toEqual([0, '']);
    const rows = ['greenlets', 'threads', 'processes'].map((how) => `  ${how} N ms, after N ms to start`);
    expect(linesOf(outcome).map((line) => line.replace(/(?<=.) +\d+/g, ' N'))).toEqual([
      '3 jobs that wait N ms each:',
      ...rows,
      '3 jobs that compute, on N processors:',
      ...rows,
    ]);
  });
});
