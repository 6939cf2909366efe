import {
  attempt,
  type Green,
  type Greenlet,
  GreenletError,
  getcurrent,
  hub,
  type Scope,
  scope,
  shield,
  sleep,
  spawn,
  Timeout,
  withTimeout,
} from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { collectErrors, collectWarnings, keepHubSettings } from '../support/hub.js';

keepHubSettings();

function* failAfter(ms: number, error: unknown): Green<never> {
  yield* sleep(ms);
  throw error;
}

/** Its child takes 10 ms to end. */
function* failing({ spawn }: Scope): Green<void> {
  spawn(function* (): Green<void> {
    try {
      yield* sleep(100);
    } finally {
      yield* sleep(10);
    }
  });
  yield* sleep(1);
  throw new Error('the body');
}

describe('scope', () => {
  it(
    'leaves when all children have ended, with the value of its body',
    virtual(function* (clock) {
      const trace: string[] = [];
      const value = yield* scope(function* ({ spawn }): Green<string> {
        spawn(function* (): Green<void> {
          yield* sleep(20);
          trace.push('a');
        });
        spawn(function* (): Green<void> {
          yield* sleep(10);
          trace.push('b');
        });
        yield* sleep(1);
        trace.push('body');
        return 'value';
      });
      expect(value).toBe('value');
      expect(trace).toEqual(['body', 'b', 'a']);
      expect(clock.now()).toBe(20);
    }),
  );

  it(
    'that is killed waits for children whose shields last longer than its own grace',
    virtual(function* (clock) {
      const warnings = collectWarnings();
      const owner = spawn(() => scope(({ spawn }) => void spawn(() => shield(sleep, 3 * hub.killGrace))));
      yield* sleep(1);
      expect(yield* owner.kill()).toBe(true);
      expect(clock.now()).toBe(3000);
      expect(warnings).toEqual([]);
    }),
  );

  it(
    'waits for children that children spawned through it',
    virtual(function* (clock) {
      yield* scope(({ spawn }) => {
        spawn(function* (): Green<void> {
          yield* sleep(5);
          spawn(sleep, 10);
        });
      });
      expect(clock.now()).toBe(15);
    }),
  );

  it(
    'does not care for what is spawned otherwise',
    virtual(function* (clock) {
      let outside: Greenlet<void> | undefined;
      yield* scope(() => {
        outside = spawn(sleep, 100);
      });
      expect(clock.now()).toBe(0);
      yield* outside!.get();
    }),
  );

  it(
    'runs its body in the calling greenlet, and gives spawn its options',
    virtual(function* () {
      const self = getcurrent();
      yield* scope(function* ({ spawn }): Green<void> {
        expect(getcurrent()).toBe(self);
        expect(spawn({ name: 'child' }, () => 1).name).toBe('child');
      });
    }),
  );

  it(
    'a child that fails kills the rest and the body, and its error is thrown when all are dead',
    virtual(function* (clock) {
      const trace: string[] = [];
      const error = new Error('child');
      const result = yield* attempt(() =>
        scope(function* ({ spawn }): Green<void> {
          spawn(function* (): Green<void> {
            try {
              yield* sleep(1000);
            } finally {
              yield* sleep(5);
              trace.push('sibling cleaned');
            }
          });
          spawn(failAfter, 10, error);
          try {
            yield* sleep(1000);
          } finally {
            trace.push('body cleaned');
          }
        }),
      );
      expect(result.error).toBe(error);
      expect(trace).toEqual(['body cleaned', 'sibling cleaned']);
      expect(clock.now()).toBe(15);
    }),
  );

  it(
    'a child that fails after the body has ended does the same',
    virtual(function* (clock) {
      const error = new Error('child');
      let sibling: Greenlet<void> | undefined;
      const result = yield* attempt(() =>
        scope(({ spawn }) => {
          spawn(failAfter, 10, error);
          sibling = spawn(sleep, 1000);
        }),
      );
      expect(result.error).toBe(error);
      expect(sibling?.killed).toBe(true);
      expect(clock.now()).toBe(10);
    }),
  );

  it(
    'a body that fails kills the children, and its error is thrown when they are dead',
    virtual(function* (clock) {
      const error = new Error('body');
      let child: Greenlet<void> | undefined;
      const result = yield* attempt(() =>
        scope(function* ({ spawn }): Green<void> {
          child = spawn(function* (): Green<void> {
            try {
              yield* sleep(1000);
            } finally {
              yield* sleep(7);
            }
          });
          yield* sleep(3);
          throw error;
        }),
      );
      expect(result.error).toBe(error);
      expect(child?.killed).toBe(true);
      expect(clock.now()).toBe(10);
    }),
  );

  it(
    'later failures go to hub.onError, the first does not',
    virtual(function* () {
      const errors = collectErrors();
      const [first, second, third] = [new Error('first'), new Error('second'), new Error('third')];
      const result = yield* attempt(() =>
        scope(function* ({ spawn }): Green<void> {
          spawn(failAfter, 10, first);
          spawn(function* (): Green<void> {
            try {
              yield* sleep(1000);
            } finally {
              // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
              throw second;
            }
          });
          try {
            yield* sleep(1000);
          } finally {
            // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
            throw third;
          }
        }),
      );
      yield* waitAllBlocked();
      expect(result.error).toBe(first);
      expect(errors.map((each) => each.error)).toEqual(expect.arrayContaining([second, third]));
      expect(errors).toHaveLength(2);
    }),
  );

  it(
    'an error that the body and other children got from the one that failed, and threw on, is told once',
    virtual(function* () {
      const errors = collectErrors();
      const failure = new Error('first');
      const thrown = yield* attempt(
        scope(function* (s): Green<void> {
          const failing = s.spawn(function* (): Green<void> {
            yield* sleep(1);
            throw failure;
          });
          s.spawn(() => failing.get());
          yield* failing.get();
        }),
      );
      expect(thrown.error).toBe(failure);
      yield* sleep(1);
      expect(errors).toEqual([]);
    }),
  );

  it(
    'a kill that comes while the children end passes on, and the failure goes to hub.onError',
    virtual(function* () {
      const errors = collectErrors();
      const g = spawn(scope(failing));
      yield* sleep(5);
      yield* g.kill();
      expect(g.killed).toBe(true);
      yield* sleep(1);
      expect(errors.map(({ error }) => String(error))).toEqual(['Error: the body']);
    }),
  );

  it(
    'a throw that comes while the children end passes on when they have ended',
    virtual(function* (clock) {
      const errors = collectErrors();
      const thrown = new Error('thrown in');
      const g = spawn(scope(failing));
      yield* sleep(5);
      yield* g.throw(thrown);
      expect([g.error, clock.now()]).toEqual([thrown, 11]);
      expect(errors.map(({ error }) => String(error))).toEqual(['Error: the body']);
    }),
  );

  it(
    'a body that swallows the end and returns: the failure of the child is thrown all the same',
    virtual(function* () {
      const error = new Error('child');
      const result = yield* attempt(() =>
        scope(function* ({ spawn }): Green<string> {
          spawn(failAfter, 10, error);
          try {
            yield* sleep(1000);
          } catch {}
          return 'swallowed';
        }),
      );
      expect(result.error).toBe(error);
    }),
  );

  it(
    'a child that is killed is no failure',
    virtual(function* (clock) {
      yield* scope(function* ({ spawn }): Green<void> {
        const child = spawn(sleep, 1000);
        spawn(sleep, 20);
        yield* sleep(1);
        yield* child.kill();
      });
      expect(clock.now()).toBe(20);
    }),
  );

  it(
    'a kill of the caller ends all children before it passes on, while the body runs and after it',
    virtual(function* (clock) {
      for (const bodyMs of [1000, 0]) {
        const trace: string[] = [];
        const start = clock.now();
        const g = spawn(function* (): Green<void> {
          yield* scope(function* ({ spawn }): Green<void> {
            spawn(function* (): Green<void> {
              try {
                yield* sleep(1000);
              } finally {
                yield* sleep(5);
                trace.push('cleaned');
              }
            });
            yield* sleep(bodyMs);
          });
          trace.push('never');
        });
        yield* sleep(10);
        yield* g.kill();
        expect(trace).toEqual(['cleaned']);
        expect(g.killed).toBe(true);
        expect(g.successful()).toBe(true);
        expect(clock.now() - start).toBe(15);
      }
    }),
  );

  it(
    'a timeout of the caller ends all children, and is thrown',
    virtual(function* (clock) {
      let child: Greenlet<void> | undefined;
      const result = yield* attempt(() =>
        withTimeout(10, () =>
          scope(({ spawn }) => {
            child = spawn(sleep, 1000);
          }),
        ),
      );
      expect(result.error).toBeInstanceOf(Timeout);
      expect(child?.killed).toBe(true);
      expect(clock.now()).toBe(10);
    }),
  );

  it(
    'nested: a failure of an inner child ends the inner scope, and then the outer one',
    virtual(function* () {
      const error = new Error('deep');
      let outerChild: Greenlet<void> | undefined;
      const result = yield* attempt(() =>
        scope(function* (outer): Green<void> {
          outerChild = outer.spawn(sleep, 1000);
          yield* scope(function* (inner): Green<void> {
            inner.spawn(failAfter, 5, error);
            yield* sleep(1000);
          });
        }),
      );
      expect(result.error).toBe(error);
      expect(outerChild?.killed).toBe(true);
    }),
  );

  it(
    'nested: a failure of an outer child while the inner scope runs ends both',
    virtual(function* (clock) {
      const error = new Error('outer');
      let innerChild: Greenlet<void> | undefined;
      const result = yield* attempt(() =>
        scope(function* (outer): Green<void> {
          outer.spawn(failAfter, 5, error);
          yield* scope(function* (inner): Green<void> {
            innerChild = inner.spawn(sleep, 1000);
            yield* sleep(1000);
          });
        }),
      );
      expect(result.error).toBe(error);
      expect(innerChild?.killed).toBe(true);
      expect(clock.now()).toBe(5);
    }),
  );

  it(
    'takes no more children when it has been left or is being left',
    virtual(function* () {
      let kept: Scope | undefined;
      yield* scope((s) => {
        kept = s;
      });
      expect(() => kept?.spawn(() => 1)).toThrow(GreenletError);
    }),
  );

  it(
    'of a plain body without children gives its value',
    virtual(function* () {
      expect(yield* scope(() => 5)).toBe(5);
    }),
  );

  it('is awaited outside of greenlets', async () => {
    const trace: string[] = [];
    expect(
      await scope(function* ({ spawn }): Green<number> {
        spawn(function* (): Green<void> {
          yield* sleep(0);
          trace.push('child');
        });
        return 5;
      }),
    ).toBe(5);
    expect(trace).toEqual(['child']);
  });

  it('refuses what is no function at the call', () => {
    expect(() => scope(5 as never)).toThrow(TypeError);
  });
});
