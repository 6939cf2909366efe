import { fileURLToPath } from 'node:url';
import {
  call,
  type Green,
  getcurrent,
  greenlet,
  hub,
  joinall,
  type Operation,
  scope,
  sleep,
  spawn,
  suspend,
  until,
} from 'greenlets';
import { type Stack, stack } from 'greenlets/inspect';
import { virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { lineOf } from './support.js';

const FILE = fileURLToPath(import.meta.url);
const at = (mark: string) => lineOf(import.meta.url, `// ${mark}${'.'}`);
const functions = (frames: Stack) => frames.map((frame) => frame.function);
const lines = (frames: Stack) => frames.map((frame) => frame.line);

let steps: string[] = [];

function* inner(wait: Operation<unknown>): Green<string> {
  steps.push('inner');
  try {
    yield* wait; // inner waits.
    steps.push('inner goes on');
  } finally {
    steps.push('inner leaves');
  }
  return 'inner';
}

function* middle(wait: Operation<unknown>): Green<string> {
  return `${yield* inner(wait)} middle`; // middle delegates.
}

function* outer(wait: Operation<unknown>): Green<string> {
  const text = yield* middle(wait); // outer delegates.
  return `${text} outer`;
}

function* caller(wait: Operation<unknown>): Green<string> {
  return yield* call(outer, wait); // caller calls.
}

const forever = () => suspend<void>('forever', () => {});

describe('the stack of a parked greenlet', () => {
  it(
    'goes through nested yield*, innermost first, with file, line and column',
    virtual(function* () {
      steps = [];
      const g = spawn(outer, sleep(5));
      yield* sleep(1);
      const frames = stack(g);
      expect(frames).toEqual([
        { function: 'inner', file: FILE, line: at('inner waits'), column: expect.any(Number) },
        { function: 'middle', file: FILE, line: at('middle delegates'), column: expect.any(Number) },
        { function: 'outer', file: FILE, line: at('outer delegates'), column: expect.any(Number) },
      ]);
      yield* joinall([g]);
    }),
  );

  it(
    'leaves the greenlet as it was: none of its code runs, and it goes on with its value',
    virtual(function* (clock) {
      steps = [];
      let wake = (_value: string): void => {};
      const work = suspend<string>('work', (waker) => {
        steps.push('registered');
        wake = waker.resolve.bind(waker);
        return () => steps.push('undone');
      });
      const g = spawn(function* () {
        return yield* work;
      });
      yield* sleep(0);
      for (let i = 0; i < 3; i++) expect(stack(g)).toHaveLength(1);
      expect(steps).toEqual(['registered']);
      wake('the value');
      expect(yield* g.get()).toBe('the value');
      expect(steps).toEqual(['registered']);

      const timed = spawn(outer, sleep(10));
      yield* sleep(4);
      expect(functions(stack(timed))).toEqual(['inner', 'middle', 'outer']);
      expect(yield* timed.get()).toBe('inner middle outer');
      expect(clock.now()).toBe(10);
    }),
  );

  it(
    'goes on through the frames of call()',
    virtual(function* () {
      const g = spawn(caller, sleep(5));
      yield* sleep(1);
      expect(functions(stack(g))).toEqual(['inner', 'middle', 'outer', 'caller']);
      expect(lines(stack(g)).at(-1)).toBe(at('caller calls'));
      expect(yield* g.get()).toBe('inner middle outer');
    }),
  );

  it(
    'is whole at any depth of recursion by call()',
    virtual(function* () {
      function* dig(n: number): Green<number> {
        if (n > 0) return 1 + (yield* call(dig, n - 1));
        yield* sleep(1);
        return 0;
      }
      const g = spawn(dig, 500);
      yield* sleep(0);
      expect(stack(g)).toHaveLength(501);
      expect(yield* g.get()).toBe(500);
    }),
  );

  it(
    'shows where sleep(0) gave way, and where a woken greenlet will go on',
    virtual(function* () {
      const yielding = spawn(outer, sleep(0));
      let wake = (): void => {};
      const woken = spawn(
        outer,
        suspend<void>('woken', (waker) => {
          wake = () => waker.resolve();
        }),
      );
      yield* sleep(0);
      wake();
      expect(functions(stack(yielding))).toEqual(['inner', 'middle', 'outer']);
      expect(functions(stack(woken))).toEqual(['inner', 'middle', 'outer']);
      expect((yield* joinall([yielding, woken])).map((each) => each.value)).toEqual([
        'inner middle outer',
        'inner middle outer',
      ]);
    }),
  );

  it(
    'shows the finally block that a killed greenlet is parked in, and the kill is not lost by looking',
    virtual(function* () {
      const g = spawn(function* cleaner() {
        try {
          yield* sleep(100);
        } finally {
          yield* sleep(10); // cleans up.
        }
      });
      yield* sleep(1);
      const kill = g.kill();
      expect(stack(g)).toHaveLength(1);
      yield* sleep(1);
      expect(lines(stack(g))).toEqual([at('cleans up')]);
      yield* kill;
      expect(g.killed).toBe(true);
    }),
  );

  it(
    'shows the body of a scope and where it waits for a promise',
    virtual(function* () {
      let resolve = (_value: number): void => {};
      const promise = new Promise<number>((done) => {
        resolve = done;
      });
      const g = spawn(function* scoping() {
        return yield* scope(function* body() {
          return yield* until(promise); // waits for the promise.
        });
      });
      yield* sleep(0);
      expect(functions(stack(g))).toEqual(['body', 'scoping']);
      expect(lines(stack(g))[0]).toBe(at('waits for the promise'));
      resolve(7);
      expect(yield* g.get()).toBe(7);
    }),
  );

  it('works for raw greenlets that have switched away', () => {
    const order: string[] = [];
    const one = new greenlet(function* one() {
      order.push('one');
      yield* (getcurrent().parent as greenlet).switch('parked'); // switches to main.
      order.push('one again');
    });
    expect(one.switch().value).toBe('parked');
    expect(functions(stack(one))).toEqual(['one']);
    expect(lines(stack(one))).toEqual([at('switches to main')]);
    expect(order).toEqual(['one']);
    one.switch();
    expect(order).toEqual(['one', 'one again']);
    expect(stack(one)).toEqual([]);
  });
});

describe('the stack of the greenlet that runs', () => {
  it(
    'begins at the caller and ends with the greenlet',
    virtual(function* () {
      function look(): Stack {
        return stack(getcurrent()); // looks.
      }
      function* asked(): Green<Stack> {
        yield* sleep(0);
        return look();
      }
      function* asking(): Green<Stack> {
        return yield* asked();
      }
      const frames = yield* spawn(asking).get();
      expect(functions(frames)).toEqual(['look', 'asked', 'asking']);
      expect(lines(frames)[0]).toBe(at('looks'));
    }),
  );

  it(
    'goes on through the frames of call() below',
    virtual(function* () {
      function* deepest(): Green<Stack> {
        yield* sleep(0);
        return stack(getcurrent());
      }
      function* between(): Green<Stack> {
        return yield* call(deepest);
      }
      function* first(): Green<Stack> {
        return yield* call(between);
      }
      expect(functions(yield* spawn(first).get())).toEqual(['deepest', 'between', 'first']);
    }),
  );

  it('does not go on into main, which switched to it', () => {
    const asking = new greenlet(function* asking() {
      return stack(getcurrent());
    });
    expect(functions(asking.switch().value as Stack)).toEqual(['asking']);
  });

  it('of main is that of the code outside', () => {
    function outside(): Stack {
      return stack(getcurrent());
    }
    expect(functions(outside())[0]).toBe('outside');
  });

  it(
    'of main is empty while a greenlet runs',
    virtual(function* () {
      const main = hub.parent as greenlet;
      expect(stack(main)).toEqual([]);
      expect(stack(hub)).toEqual([]);
    }),
  );
});

describe('stack()', () => {
  it(
    'is empty before the beginning and after the end',
    virtual(function* () {
      const g = spawn(outer, sleep(0));
      expect(stack(g)).toEqual([]);
      yield* joinall([g]);
      expect(stack(g)).toEqual([]);
      expect(String(stack(g))).toBe('');
      expect(stack(new greenlet(outer))).toEqual([]);
    }),
  );

  it(
    'as a string is the lines of a stack trace',
    virtual(function* () {
      const g = spawn(middle, forever());
      yield* sleep(0);
      const frames = stack(g);
      expect(String(frames)).toBe(
        frames.map((each) => `    at ${each.function} (${FILE}:${each.line}:${each.column})`).join('\n'),
      );
      expect(String(frames)).toContain(`    at inner (${FILE}:${at('inner waits')}:`);
      yield* g.kill();
    }),
  );

  it(
    'gives a copy that cannot be changed',
    virtual(function* () {
      const g = spawn(outer, forever());
      yield* sleep(0);
      const frames = stack(g);
      expect(Object.isFrozen(frames) && Object.isFrozen(frames[0])).toBe(true);
      yield* g.kill();
      expect(frames).toHaveLength(3);
    }),
  );

  it('refuses what is no greenlet', () => {
    expect(() => stack({} as never)).toThrow('greenlet must be a greenlet, got an instance of Object');
  });
});
