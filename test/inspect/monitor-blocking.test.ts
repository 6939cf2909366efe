import { hub, sleep, spawn, type Warning } from 'greenlets';
import { monitorBlocking } from 'greenlets/inspect';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

function collect(): Warning[] {
  const warnings: Warning[] = [];
  hub.onWarning = (warning) => warnings.push(warning);
  onTestFinished(() => {
    hub.onWarning = null;
  });
  return warnings;
}

/** A clock that only this moves. */
function stoppedClock(): (ms: number) => void {
  // A whole number: sums and differences of it are exact.
  let now = Math.ceil(performance.now());
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  return (ms) => {
    now += ms;
  };
}

describe('monitorBlocking', () => {
  it('tells of who has run for longer than the threshold, where it gives way', async () => {
    const warnings = collect();
    const pass = stoppedClock();
    const monitoring = monitorBlocking({ threshold: 50 });
    onTestFinished(() => monitoring[Symbol.dispose]());
    await spawn({ name: 'quick' }, function* () {
      pass(50);
      yield* sleep(0);
      pass(50);
    }).get();
    expect(warnings).toEqual([]);
    const slow = spawn({ name: 'slow' }, function* () {
      pass(51);
      yield* sleep(0);
    });
    await slow.get();
    expect(warnings.map(({ code, greenlet }) => [code, greenlet])).toEqual([['BLOCKED', slow]]);
    expect(warnings[0]?.message).toContain('ran for 51 ms without giving way');
    expect(warnings[0]?.at).toMatch(/monitor-blocking\.test\.ts:\d+:\d+/);
    monitoring[Symbol.dispose]();
    await spawn(() => pass(1000)).get();
    expect(warnings).toHaveLength(1);
  });

  it('tells of one that has ended without giving way', async () => {
    const warnings = collect();
    const pass = stoppedClock();
    using _ = monitorBlocking();
    const g = spawn({ name: 'plain' }, () => pass(200));
    await g.get();
    expect(warnings.map(({ greenlet }) => greenlet)).toEqual([g]);
  });

  it('refuses what is no time', () => {
    expect(() => monitorBlocking({ threshold: -1 })).toThrow(RangeError);
    expect(() => monitorBlocking({ threshold: '1' as never })).toThrow(TypeError);
  });
});
