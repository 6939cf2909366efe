import { type Green, hub, sleep, spawn } from 'greenlets';
import { formatRunInfo, formatTree, printRunInfo } from 'greenlets/inspect';
import { virtual } from 'greenlets/testing';
import { describe, expect, it, vi } from 'vitest';

function* worker(): Green<void> {
  yield* sleep(10);
}

describe('the run info', () => {
  it(
    'is the counts of the hub and the tree',
    virtual(function* () {
      const g = spawn({ name: 'worker' }, worker);
      yield* sleep(1);
      const [counts, ...rest] = formatRunInfo({ frames: 0 }).split('\n');
      expect(counts).toMatch(/^greenlets: 2 alive, 0 ready, \d+ timers, \d+ turns$/);
      expect(rest.join('\n')).toBe(formatTree({ frames: 0 }));
      expect(formatRunInfo({ root: g, frames: 0 })).toContain('\nworker: parked in sleep of 10 ms');
      expect(hub.stats().greenlets).toBe(2);
      yield* g.join();
    }),
  );

  it('is printed on the error stream', () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    printRunInfo({ frames: 0 });
    expect(write.mock.calls).toEqual([[expect.stringMatching(/^greenlets: 0 alive, .*\nmain: running\n$/)]]);
  });
});
