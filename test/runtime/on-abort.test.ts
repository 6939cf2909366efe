import { EventEmitter, getEventListeners } from 'node:events';
import { all, joinall, RawGreenlet, settled, sleep, spawn, until } from 'greenlets';
import { virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { onAbort } from '../../src/runtime/on-abort.js';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('an abort signal', () => {
  it(
    'that a thousand wait for has one listener, and none when they have ended',
    virtual(function* () {
      const { signal } = new AbortController();
      const killed = Array.from({ length: 500 }, () => spawn(sleep, 1));
      for (const each of killed) each.killOn(signal);
      const signalled = Array.from({ length: 500 }, () => spawn({ signal }, sleep, 1));
      expect(listeners(signal)).toBe(1);
      yield* joinall([...killed, ...signalled]);
      expect(listeners(signal)).toBe(0);

      const awaited = Array.from({ length: 20 }, () => sleep(1).promise({ signal }));
      const bounded = Array.from({ length: 20 }, () => until(Promise.resolve(1), { signal }));
      const promises = all([until(Promise.all(awaited)), ...bounded]);
      expect(listeners(signal)).toBe(1);
      yield* promises;
      expect(listeners(signal)).toBe(0);
    }),
  );

  it(
    'ends all who wait for it, in the order in which they came',
    virtual(function* () {
      const controller = new AbortController();
      const { signal } = controller;
      const ended: string[] = [];
      const greenlet = spawn(sleep, 1000);
      greenlet.link(() => ended.push('greenlet'));
      greenlet.killOn(signal);
      const note = (name: string) => (error: unknown) => ended.push(`${name}: ${error}`);
      const awaited = sleep(1000).promise({ signal }).catch(note('sleep'));
      yield* sleep(0);
      controller.abort('enough');
      expect(listeners(signal)).toBe(0);
      yield* settled([until(awaited), greenlet]);
      yield* sleep(0);
      expect(ended.sort()).toEqual(['greenlet', 'sleep: enough']);
    }),
  );

  it('tells those who are left, again after all had gone, and nobody twice', () => {
    const controller = new AbortController();
    const { signal } = controller;
    const told: string[] = [];
    const first = onAbort(signal, () => told.push('first'));
    first();
    first();
    expect(listeners(signal)).toBe(0);
    const second = onAbort(signal, () => told.push('second'));
    onAbort(signal, () => {
      told.push('third');
      fourth();
    });
    const fourth = onAbort(signal, () => told.push('fourth'));
    second();
    controller.abort();
    expect(told).toEqual(['third']);
  });

  it('of the promise of a transfer has no listener once that is settled', async () => {
    const { signal } = new AbortController();
    const transfer = new RawGreenlet(function* () {
      yield* sleep(1);
      return 'back';
    }).switch();
    const promise = transfer.promise({ signal });
    expect(listeners(signal)).toBe(1);
    expect(await promise).toBe('back');
    expect(listeners(signal)).toBe(0);
  });
});

describe('an emitter', () => {
  it(
    'loses the listeners of killOn as the greenlets end',
    virtual(function* () {
      const emitter = new EventEmitter();
      emitter.setMaxListeners(0);
      const killed = Array.from({ length: 100 }, () => spawn(sleep, 1000));
      for (const each of killed) each.killOn(emitter, 'close');
      yield* sleep(0);
      emitter.emit('close');
      yield* joinall(killed);
      expect(emitter.listenerCount('close')).toBe(0);
    }),
  );
});
