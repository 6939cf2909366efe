/**
 * The client: requests and answers of all kinds, mixed, over one agent, with servers that do what they should not and greenlets that are
 * killed: everything that is read is right, and nothing is left, lost or stuck.
 *
 * The seeds are the same every time; `MIX=317` runs another one, `MIX=0-5000` many.
 */
import process from 'node:process';
import { spawn } from 'greenlets';
import { afterEach, describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { nothingLeft } from './http-left-over.js';
import { Mix } from './http-mix-client.js';

watchHub();
afterEach(nothingLeft);

/** ms that a run may take; it takes some hundred at most. */
const PATIENCE = 60_000;
const [first = 1, last = first] = (process.env.MIX ?? '1-16').split('-').map(Number);

async function runMix(seed: number): Promise<void> {
  const mix = new Mix(seed);
  const running = spawn(() => mix.run());
  if (!(await running.join({ timeout: PATIENCE }))) {
    const { sockets, free, waiting } = mix.statistics;
    mix.problems.push(`it hangs: ${sockets} sockets, ${free} free, ${waiting} waiting`, ...mix.open);
    await running.kill();
  } else await running.get();
  expect(mix.problems, `seed ${seed}`).toEqual([]);
  await nothingLeft();
}

describe('a mix of requests and answers', { timeout: PATIENCE + 2000 * (last - first + 1) }, () => {
  it(`comes out right, and leaves nothing: seeds ${first} to ${last}`, async () => {
    for (let seed = first; seed <= last; seed++) await runMix(seed);
  });
});
