import { sleep, spawn } from 'greenlets';
import { dump, formatRunInfo, onSignal } from 'greenlets/inspect';
import { virtual } from 'greenlets/testing';
import { describe, expect, it, vi } from 'vitest';

describe('dump', () => {
  it(
    'is the run info with whole stacks where nothing is deadlocked',
    virtual(function* () {
      const g = spawn({ name: 'sleeper' }, () => sleep(10));
      yield* sleep(1);
      const noColumns = (text: string) => text.replace(/:\d+$/gm, '');
      expect(noColumns(dump())).toBe(noColumns(formatRunInfo()));
      expect(dump({ frames: 0 })).toBe(formatRunInfo({ frames: 0 }));
      yield* g.join();
    }),
  );
});

describe('onSignal', () => {
  it('prints the dump when the signal comes, until it is disposed', () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const before = process.listenerCount('SIGUSR2');
    const printing = onSignal('SIGUSR2', { frames: 0 });
    process.emit('SIGUSR2');
    expect(write.mock.calls).toEqual([[expect.stringMatching(/^greenlets: 0 alive, .*\nmain: running\n$/)]]);
    printing[Symbol.dispose]();
    expect(process.listenerCount('SIGUSR2')).toBe(before);
  });

  it('refuses what is no name of a signal', () => {
    expect(() => onSignal('usr2')).toThrow(
      new TypeError(`signal must be the name of a signal, such as 'SIGUSR2', got "usr2"`),
    );
    expect(() => onSignal(12 as never)).toThrow('got 12 (number)');
  });
});
