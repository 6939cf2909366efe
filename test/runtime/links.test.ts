import { type Green, Greenlet, GreenletExit, getcurrent, hub, sleep, spawn } from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { collectErrors, keepHubSettings } from '../support/hub.js';

keepHubSettings();

const fail = (error: unknown) => () => {
  throw error;
};

describe('link', () => {
  it(
    'calls back once with the greenlet, in a greenlet of its own that is not the dead one, and not within its end',
    virtual(function* () {
      const seen: unknown[] = [];
      const g = spawn(() => 'value');
      g.link((dead) => {
        seen.push(dead, getcurrent().parent === hub, getcurrent() === dead);
      });
      yield* g.join();
      yield* waitAllBlocked();
      expect(seen).toEqual([g, true, false]);
    }),
  );

  it(
    'calls back everyone in order, however many there are, but those that were unlinked',
    virtual(function* () {
      for (const count of [1, 2, 8, 9, 30]) {
        const seen: number[] = [];
        const g = spawn(() => 1);
        const callbacks = Array.from({ length: count }, (_, i) => () => void seen.push(i));
        for (const each of callbacks) g.rawlink(each);
        for (const each of callbacks.filter((_, i) => i % 3 === 1)) g.unlink(each);
        yield* g.join();
        yield* waitAllBlocked();
        expect(seen).toEqual([...callbacks.keys()].filter((i) => i % 3 !== 1));
      }
    }),
  );

  it(
    'made after the end is called on the next pass, never inline',
    virtual(function* () {
      const g = spawn(() => 1);
      yield* g.get();
      const seen: unknown[] = [];
      g.link((dead) => seen.push(dead));
      expect(seen).toEqual([]);
      yield* waitAllBlocked();
      expect(seen).toEqual([g]);
    }),
  );

  it(
    'calls the links in the order in which they were made, twice what was linked twice',
    virtual(function* () {
      const trace: string[] = [];
      const a = () => void trace.push('a');
      const b = () => void trace.push('b');
      const g = spawn(() => 1);
      g.link(a);
      g.link(b);
      g.link(a);
      yield* g.get();
      yield* waitAllBlocked();
      expect(trace).toEqual(['a', 'b', 'a']);
    }),
  );

  it(
    'linkValue is for an end without error, linkException for one with an error, link for both',
    virtual(function* () {
      const trace: string[] = [];
      const error = new Error('e');
      const good = spawn(() => 1);
      const bad = spawn(fail(error));
      const killed = spawn(sleep, 100);
      for (const [name, g] of Object.entries({ good, bad, killed })) {
        g.link(() => void trace.push(`${name} link`));
        g.linkValue(() => void trace.push(`${name} value`));
        g.linkException((dead: Greenlet) => void trace.push(`${name} exception ${dead.error === error}`));
      }
      yield* sleep(1);
      yield* killed.kill();
      yield* waitAllBlocked();
      expect(trace.sort()).toEqual([
        'bad exception true',
        'bad link',
        'good link',
        'good value',
        'killed link',
        'killed value',
      ]);
      expect(killed.value).toBeInstanceOf(GreenletExit);
    }),
  );

  it(
    'linkValue and linkException made after the end choose in the same way',
    virtual(function* () {
      const trace: string[] = [];
      const bad = spawn(fail(new Error('e')));
      yield* bad.join();
      bad.linkValue(() => void trace.push('value'));
      bad.linkException(() => void trace.push('exception'));
      yield* waitAllBlocked();
      expect(trace).toEqual(['exception']);
    }),
  );

  it(
    'a callback may be a generator or an async function, and block',
    virtual(function* (clock) {
      const seen: unknown[] = [];
      const g = spawn(() => 1);
      g.link(function* (): Green<void> {
        yield* sleep(10);
        seen.push(clock.now());
      });
      g.link(async () => {
        await Promise.resolve();
        seen.push('async');
      });
      yield* sleep(20);
      expect(seen).toEqual(['async', 10]);
    }),
  );

  it(
    'an error in a callback goes to hub.onError and the other links run, for good and failed greenlets',
    virtual(function* () {
      for (const body of [() => 1, fail(new Error('own'))]) {
        const errors = collectErrors();
        const trace: number[] = [];
        const wrong = new Error('in the callback');
        const g: Greenlet<unknown> = spawn(body);
        g.link(() => void trace.push(1));
        g.link(fail(wrong));
        g.rawlink(fail(wrong));
        g.link(() => void trace.push(2));
        yield* g.join();
        yield* waitAllBlocked();
        expect(trace).toEqual([1, 2]);
        expect(errors.map((each) => each.error)).toEqual([wrong, wrong]);
      }
    }),
  );

  it(
    'links made by links run',
    virtual(function* () {
      const trace: string[] = [];
      const g = spawn(() => 1);
      g.link((dead) => {
        trace.push('first');
        dead.link(() => void trace.push('second'));
      });
      yield* g.get();
      yield* waitAllBlocked();
      expect(trace).toEqual(['first', 'second']);
    }),
  );

  it('refuses what is no callback at the call', () => {
    const g = new Greenlet(() => 1);
    for (const name of ['link', 'linkValue', 'linkException', 'rawlink'] as const) {
      expect(() => g[name](1 as never)).toThrow(TypeError);
      expect(() => g[name]({} as never)).toThrow(TypeError);
      expect(() => g[name](null as never)).toThrow(TypeError);
    }
  });

  it(
    'takes anything with set and setException, and copies the outcome into it',
    virtual(function* () {
      const calls: unknown[] = [];
      const target = {
        set: (value: unknown) => void calls.push(['set', value]),
        setException: (error: unknown) => void calls.push(['setException', error]),
      };
      const error = new Error('e');
      spawn(() => 5).link(target);
      spawn(fail(error)).link(target);
      spawn(fail(error)).linkException(target);
      yield* waitAllBlocked();
      expect(calls).toEqual([
        ['set', 5],
        ['setException', error],
        ['setException', error],
      ]);
    }),
  );
});

describe('rawlink', () => {
  it(
    'calls a plain callback in the hub',
    virtual(function* () {
      const seen: unknown[] = [];
      const g = spawn(() => 1);
      g.rawlink((dead) => void seen.push(dead, getcurrent()));
      yield* g.get();
      yield* waitAllBlocked();
      expect(seen).toEqual([g, hub]);
    }),
  );

  it(
    'gives a callback that blocks a greenlet of its own',
    virtual(function* (clock) {
      let at = -1;
      const g = spawn(() => 1);
      g.rawlink(function* (): Green<void> {
        yield* sleep(5);
        at = clock.now();
      });
      yield* sleep(10);
      expect(at).toBe(5);
    }),
  );
});

describe('unlink', () => {
  it(
    'takes one link back, and does nothing for an unknown one',
    virtual(function* () {
      const trace: string[] = [];
      const a = () => void trace.push('a');
      const b = () => void trace.push('b');
      const g = spawn(() => 1);
      g.link(a);
      g.link(b);
      g.link(a);
      g.unlink(a);
      g.unlink(() => {});
      yield* g.get();
      yield* waitAllBlocked();
      expect(trace).toEqual(['b', 'a']);
      g.unlink(a);
    }),
  );

  it(
    'works for each kind of link, and makes the greenlet as if it had not been linked',
    virtual(function* () {
      const errors = collectErrors();
      const cb = () => {
        throw new Error('called');
      };
      const error = new Error('unobserved');
      const g = spawn(fail(error));
      for (const name of ['link', 'linkValue', 'linkException', 'rawlink'] as const) {
        g[name](cb);
        g.unlink(cb);
      }
      yield* waitAllBlocked();
      expect(errors.map((each) => each.error)).toEqual([error]);
    }),
  );

  it(
    'of a later callback during the notification is honoured',
    virtual(function* () {
      for (const kind of ['link', 'rawlink'] as const) {
        const trace: string[] = [];
        const g = spawn(() => 1);
        const second = () => void trace.push('second');
        g[kind]((dead) => {
          trace.push('first');
          dead.unlink(second);
        });
        g[kind](second);
        g[kind](() => void trace.push('third'));
        yield* g.get();
        yield* waitAllBlocked();
        expect(trace).toEqual(['first', 'third']);
      }
    }),
  );

  it(
    'during the notification leaves the same callback of another greenlet alone',
    virtual(function* () {
      const seen: unknown[] = [];
      const a = spawn(() => 1);
      const b = spawn(() => 2);
      const cb = (dead: unknown) => void seen.push(dead);
      a.rawlink(cb);
      b.rawlink(() => b.unlink(cb));
      b.rawlink(cb);
      // Both are dead, and neither has been told of yet.
      yield* sleep(0);
      b.unlink(cb);
      yield* waitAllBlocked();
      expect(seen).toEqual([a]);
    }),
  );

  it(
    'after the end, and then linking again, calls once more',
    virtual(function* () {
      let calls = 0;
      const cb = () => void calls++;
      const g = spawn(() => 1);
      g.link(cb);
      yield* g.get();
      yield* waitAllBlocked();
      g.unlink(cb);
      g.link(cb);
      yield* waitAllBlocked();
      expect(calls).toBe(2);
    }),
  );
});

describe('the links of a greenlet that never ran', () => {
  it(
    'fire when it is killed unstarted, scheduled, or before its time',
    virtual(function* () {
      const seen: unknown[] = [];
      const all = [new Greenlet(() => 1), spawn(() => 1), Greenlet.spawnLater(5, () => 1)] as Greenlet[];
      for (const g of all) {
        g.link((dead) => void seen.push(dead));
        void g.kill();
      }
      yield* waitAllBlocked();
      expect(seen).toEqual(all);
    }),
  );
});
