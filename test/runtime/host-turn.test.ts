import { type Green, hub, sleep, spawn, suspend, type Waker } from 'greenlets';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openTurn, runTurn } from '../../src/runtime/hub.js';
import { keepHubSettings } from '../support/hub.js';

keepHubSettings();

/** As a callback of the host does it. */
function fromHost(act: () => void): boolean {
  const opened = openTurn();
  act();
  if (opened) runTurn();
  return opened;
}

/** The hub has nothing to do. */
async function untilIdle(): Promise<void> {
  while (hub.stats().awake) await new Promise((resolve) => setImmediate(resolve));
}

/** Greenlets that note their names when they are woken, and their wakers. */
function sleepers(names: readonly string[], log: string[]): Waker<void>[] {
  const wakers: Waker<void>[] = [];
  for (const name of names) {
    spawn(function* () {
      yield* suspend<void>((waker) => void wakers.push(waker));
      log.push(name);
    });
  }
  return wakers;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a turn that a callback of the host opens', () => {
  it('runs whom it woke before it returns, in order, and whoever they wake', async () => {
    const log: string[] = [];
    const wakers = sleepers(['a', 'b', 'c'], log);
    await untilIdle();
    const opened = fromHost(() => {
      wakers[0]?.resolve();
      spawn(() => void log.push('spawned'));
      wakers[1]?.resolve();
      expect(log).toEqual([]);
    });
    expect(opened).toBe(true);
    expect(log).toEqual(['a', 'spawned', 'b']);
    expect(hub.stats().awake).toBe(false);
    fromHost(() => wakers[2]?.resolve());
    expect(log).toEqual(['a', 'spawned', 'b', 'c']);
  });

  it('is none when nobody was woken, and the hub sleeps as before', async () => {
    await untilIdle();
    const { turns } = hub.stats();
    expect(fromHost(() => {})).toBe(true);
    expect(hub.stats()).toMatchObject({ turns, awake: false });
    expect(await spawn(() => 'later').get()).toBe('later');
  });

  it('is not opened while a turn is due, nor by a greenlet', async () => {
    await untilIdle();
    const log: string[] = [];
    spawn(() => void log.push('due'));
    expect(fromHost(() => log.push('callback'))).toBe(false);
    expect(log).toEqual(['callback']);
    await untilIdle();
    expect(log).toEqual(['callback', 'due']);
    expect(await spawn(() => openTurn()).get()).toBe(false);
  });

  it('hands back to the host like any other when its time is up, however slow the steps are', async () => {
    await untilIdle();
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    let steps = 0;
    let over = false;
    function* busy(): Green<void> {
      while (!over) {
        steps++;
        now += 1;
        yield* sleep(0);
      }
    }
    // One in sixteen looks at the clock at once: neither kind may run on.
    for (let i = 0; i < 20; i++) {
      over = false;
      steps = 0;
      fromHost(() => spawn(busy));
      expect(steps).toBeGreaterThan(0);
      expect(steps).toBeLessThan(30);
      expect(hub.stats().awake).toBe(true);
      over = true;
      await untilIdle();
    }
  });
});
