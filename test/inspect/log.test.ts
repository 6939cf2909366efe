import { spawn } from 'greenlets';
import { log } from 'greenlets/inspect';
import { beforeEach, describe, expect, it, vi } from 'vitest';

describe('log', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2030, 0, 1, 12, 30, 5, 250), toFake: ['Date'] });
    return () => void vi.useRealTimers();
  });

  it('writes the time of day and the name of the greenlet in front', async () => {
    const write = vi.spyOn(console, 'log').mockImplementation(() => {});
    log('begun');
    await spawn({ name: 'worker' }, () => log('got', 7, { x: 1 })).get();
    expect(write.mock.calls).toEqual([
      ['12:30:05.250 main: begun'],
      ['12:30:05.250 worker: got', 7, { x: 1 }],
    ]);
  });

  it('takes a format, or anything else, as console.log does; a name is no format', async () => {
    const write = vi.spyOn(console, 'log').mockImplementation(() => {});
    await spawn({ name: '100%s' }, () => log('%d of %d', 1, 2)).get();
    log({ x: 1 }, 'y');
    log();
    expect(write.mock.calls).toEqual([
      ['12:30:05.250 100%%s: %d of %d', 1, 2],
      ['12:30:05.250 main:', { x: 1 }, 'y'],
      ['12:30:05.250 main:'],
    ]);
  });
});
