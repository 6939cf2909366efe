/** signal.wait and signal.handle. */
import { all, green, sleep, spawn, hub as theHub, until } from 'greenlets';
import { signal } from 'greenlets/io';
import { virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { eventually, watchLeftovers } from '../support/leftovers.js';
import { runProgram } from '../support/run-program.js';
import { thrownBy } from '../support/sockets.js';

const hub = watchHub();
watchLeftovers();

const raise = (name: NodeJS.Signals) => process.kill(process.pid, name);

describe('signal.wait', () => {
  it(
    'gives the name of the first of its signals, to everyone who waits, and leaves no listener',
    green(function* () {
      const before = process.listenerCount('SIGUSR2');
      const waiting = all([signal.wait('SIGUSR2', 'SIGWINCH'), signal.wait('SIGUSR2')]);
      const both = spawn(() => waiting);
      yield* sleep(0);
      yield* until(eventually('they listen', () => process.listenerCount('SIGUSR2') === before + 2));
      raise('SIGUSR2');
      expect(yield* both.get()).toEqual(['SIGUSR2', 'SIGUSR2']);
      expect(process.listenerCount('SIGUSR2')).toBe(before);
      expect(process.listenerCount('SIGWINCH')).toBe(0);
    }),
  );

  it(
    'holds the process by a timer of the host, not of a virtual run that patches the globals',
    virtual(
      function* () {
        const waiting = spawn(() => signal.wait('SIGUSR2'));
        yield* sleep(0);
        expect(theHub.stats().timers).toBe(0);
        raise('SIGUSR2');
        expect(yield* waiting.get()).toBe('SIGUSR2');
      },
      { patch: true },
    ),
  );

  it(
    'interrupted leaves no listener and no timer',
    green(function* () {
      const g = spawn(() => signal.wait('SIGUSR2'));
      yield* sleep(0);
      expect(process.listenerCount('SIGUSR2')).toBe(1);
      yield* g.kill();
      expect(process.listenerCount('SIGUSR2')).toBe(0);
    }),
  );

  it('refuses at the call what is no signal, or cannot be waited for', () => {
    for (const wrong of [[], ['SIGNOTHING'], [9], ['SIGKILL'], ['SIGTERM', 'SIGSTOP']]) {
      expect(() => signal.wait(...(wrong as never[]))).toThrow(TypeError);
    }
    expect(() => signal.handle('SIGKILL', () => {})).toThrow(TypeError);
    expect(() => signal.handle('SIGTERM', 5 as never)).toThrow(TypeError);
  });

  it('holds the process while it waits, which ends by itself afterwards', async () => {
    const { code, out } = await runProgram('signal-wait', [], (line, kill) => {
      if (line === 'ready') kill('SIGTERM');
    });
    expect({ code, out }).toEqual({ code: 0, out: ['ready', 'handled SIGTERM', 'got SIGTERM'] });
  });
});

describe('under main()', () => {
  for (const which of ['wait', 'early']) {
    it(`a signal that is waited for (${which}) does not end the program; the next one does, as ever`, async () => {
      const { code, out, err } = await runProgram('signal-main', [which], (line, kill) => {
        if (line === 'ready' || line === 'got SIGINT') kill('SIGINT');
      });
      expect({ code, out, err }).toEqual({ code: 130, out: ['ready', 'got SIGINT', 'cleaned'], err: '' });
    });
  }

  it('a handler takes its signal each time, until it is disposed', async () => {
    let handled = 0;
    const { code, out, err } = await runProgram('signal-main', ['handle'], (line, kill) => {
      if (line === 'ready') kill('SIGINT');
      if (line === 'handled SIGINT' && ++handled < 3) kill('SIGINT');
      else if (line === 'handled SIGINT') kill('SIGTERM');
      if (line === 'disposed') kill('SIGINT');
    });
    const taken = ['handled SIGINT', 'handled SIGINT', 'handled SIGINT'];
    expect({ code, out, err }).toEqual({
      code: 130,
      out: ['ready', ...taken, 'disposed', 'cleaned'],
      err: '',
    });
  });
});

describe('signal.handle', () => {
  it(
    'calls its function in a greenlet for each signal until it is disposed; an error is told, and it goes on',
    green(function* () {
      const seen: string[] = [];
      const handler = signal.handle('SIGUSR2', function* (name) {
        yield* sleep(0);
        seen.push(name);
        if (seen.length === 1) throw new Error('first fails');
      });
      for (let i = 1; i <= 2; i++) {
        raise('SIGUSR2');
        yield* until(eventually('it was called', () => seen.length === i));
      }
      yield* sleep(0);
      expect(hub.takeErrors().map(String)).toEqual(['Error: first fails']);
      handler[Symbol.dispose]();
      handler[Symbol.dispose]();
      expect(process.listenerCount('SIGUSR2')).toBe(0);
      expect((yield* thrownBy(() => signal.wait())).message).toContain('names must not be empty');
    }),
  );
});
