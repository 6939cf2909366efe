/**
 * What the hot paths cost, as far as it can be counted: allocations, bytes a parked greenlet, steps of a fixed program. How long
 * they take is a matter of `npm run bench`.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

/** V8 counts its heap by pages of 256 KB, of which a few come and go: less than the smallest object, a run, is none. */
const NONE = 12;

/** Bytes that a run may allocate, and of what. */
const ALLOCATIONS: [name: string, bound: number, why: string][] = [
  ['switch', 32 + NONE, 'the Transfer that `switch()` gives'],
  ['sleep(0)', NONE, 'nothing: `sleep(0)` is one object for all'],
  ['acquire + release', NONE, 'nothing: a lock has one operation for all who acquire it'],
  [
    'acquire + release of a lock that others want',
    96 + NONE,
    'what a wait notes for the report of a deadlock',
  ],
  ['put + get', 72 + NONE, 'the operation that holds the item; `get` is one object for all'],
  ['put + get that wait', 72 + 2 * NONE, 'the same'],
];

/** Of heap, each: the bar of docs/performance.md. */
const PARKED = 380;

const bounds = Object.fromEntries(ALLOCATIONS.map(([name, bound]) => [name, bound]));
let figures: Record<string, unknown> = {};

beforeAll(async () => {
  const flags = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64', '--import', 'tsx'];
  const program = fileURLToPath(new URL('./measure.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, program, JSON.stringify(bounds)],
    {
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  );
  figures = JSON.parse(stdout);
});

describe('what is allocated', () => {
  it.each(ALLOCATIONS)('%s: at most %d bytes (%s)', (name, bound) => {
    expect(figures[name]).toBeLessThanOrEqual(bound);
  });
});

describe('a parked greenlet', () => {
  it.each(['parked in suspend', 'parked in sleep'])(`${'%s'}: at most ${PARKED} bytes`, (name) => {
    expect(figures[name]).toBeGreaterThan(0);
    expect(figures[name]).toBeLessThanOrEqual(PARKED);
  });
});

describe('a fixed program', () => {
  it('takes as many switches and turns as it has to, no more', () => {
    expect(figures['program']).toEqual({ value: 190, switches: 135, turns: 1 });
  });
});
