import { getcurrent, gettrace, greenlet, hub, settrace, sleep, spawn, type Tracer } from 'greenlets';
import { afterEach, describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';

watchHub();

const main = getcurrent();
const up = (...values: unknown[]) => (getcurrent().parent as greenlet).switch(...values);

afterEach(() => {
  settrace(null);
});

/** Traces `fn`; gives the events as text, by the names that `names` gives to greenlets. */
function traced(names: Map<greenlet, string>, fn: () => void): string[] {
  const events: string[] = [];
  const name = (each: greenlet) => names.get(each) ?? (each === main ? 'main' : each === hub ? 'hub' : '?');
  settrace((event, origin, target) => {
    events.push(`${event} ${name(origin)}>${name(target)}`);
  });
  try {
    fn();
  } finally {
    settrace(null);
  }
  return events;
}

describe('settrace', () => {
  it('gives the former callback, and gettrace the present one', () => {
    const first: Tracer = () => {};
    const second: Tracer = () => {};
    expect(gettrace()).toBe(null);
    expect(settrace(first)).toBe(null);
    expect(gettrace()).toBe(first);
    expect(settrace(first)).toBe(first);
    expect(settrace(second)).toBe(first);
    expect(settrace(null)).toBe(second);
    expect(gettrace()).toBe(null);
  });

  it('refuses what is no function', () => {
    expect(() => settrace(5 as never)).toThrow(TypeError);
    expect(() => settrace(undefined as never)).toThrow(TypeError);
  });

  it('sees a switch into a greenlet and the one back at its end', () => {
    const g = new greenlet(() => {});
    expect(traced(new Map([[g, 'g']]), () => g.switch())).toEqual(['switch main>g', 'switch g>main']);
  });

  it('sees no switch into a scheduled greenlet that was killed before it ran', async () => {
    const targets: greenlet[] = [];
    settrace((_event, _origin, target) => targets.push(target));
    const unrun = spawn(() => {});
    const run = spawn(() => {});
    unrun.kill();
    await sleep(0);
    settrace(null);
    expect(targets).toContain(run);
    expect(targets).not.toContain(unrun);
  });

  it('sees every switch of greenlets that enter one another', () => {
    const a: greenlet = new greenlet(function* () {
      yield* b.switch();
      yield* up();
    });
    const b: greenlet = new greenlet(function* () {
      yield* a.switch();
    });
    const names = new Map([
      [a, 'a'],
      [b, 'b'],
    ]);
    expect(
      traced(names, () => {
        a.switch();
        b.switch();
      }),
    ).toEqual([
      'switch main>a',
      'switch a>b',
      'switch b>a',
      'switch a>main',
      'switch main>b',
      'switch b>main',
    ]);
  });

  it('tells a death by an error as a throw into the parent', () => {
    const g = new greenlet(() => {
      throw new Error('out');
    });
    expect(
      traced(new Map([[g, 'g']]), () => {
        expect(() => g.switch().value).toThrow('out');
      }),
    ).toEqual(['switch main>g', 'throw g>main']);
  });

  it('tells a throw into a suspended greenlet, and the death by GreenletExit as a switch', () => {
    const g = new greenlet(function* () {
      yield* up();
    });
    g.switch();
    expect(traced(new Map([[g, 'g']]), () => g.throw())).toEqual(['throw main>g', 'switch g>main']);
  });

  it('tells a throw into a greenlet that has not begun, and its death', () => {
    const g = new greenlet(() => {});
    const h = new greenlet(() => {});
    const names = new Map([
      [g, 'g'],
      [h, 'h'],
    ]);
    const events = traced(names, () => {
      g.throw();
      expect(() => h.throw(new Error('unrun')).value).toThrow('unrun');
    });
    expect(events).toEqual(['throw main>g', 'switch g>main', 'throw main>h', 'throw h>main']);
    expect([g.dead, h.dead]).toEqual([true, true]);
  });

  it('tells a throw into one that has not begun in it; what it raises then is what that dies of', () => {
    const g = new greenlet(() => {});
    const seen: unknown[] = [];
    settrace((event, _origin, target) => {
      seen.push(event, target === g && getcurrent() === g);
      throw new Error('tracer');
    });
    const transfer = g.throw(new Error('unrun'));
    expect(() => transfer.value).toThrow('tracer');
    expect([seen, g.dead, gettrace(), getcurrent()]).toEqual([['throw', true], true, null, main]);
  });

  it('tells a switch of a greenlet to itself, and a throw', () => {
    const caught: unknown[] = [];
    const g: greenlet = new greenlet(function* () {
      caught.push(yield* g.switch('mine'));
      try {
        yield* g.throw(new Error('own'));
      } catch (error) {
        caught.push(String(error));
      }
    });
    const events = traced(new Map([[g, 'g']]), () => g.switch());
    expect(events).toEqual(['switch main>g', 'switch g>g', 'throw g>g', 'switch g>main']);
    expect(caught).toEqual(['mine', 'Error: own']);
  });

  it('that raises at a switch of a greenlet to itself has the error thrown there', () => {
    let caught: unknown;
    const g: greenlet = new greenlet(function* () {
      settrace(() => {
        throw new Error('tracer');
      });
      try {
        yield* g.switch();
      } catch (error) {
        caught = error;
      }
    });
    g.switch();
    expect([String(caught), gettrace(), g.dead]).toEqual(['Error: tracer', null, true]);
  });

  it('is called in the target, before that goes on', () => {
    const order: unknown[] = [];
    const g: greenlet = new greenlet(() => order.push('runs'));
    settrace((_event, _origin, target) =>
      order.push(target === g && getcurrent() === g ? 'told in g' : 'back'),
    );
    g.switch();
    settrace(null);
    expect(order).toEqual(['told in g', 'runs', 'back']);
  });

  it('that raises ends tracing, and the error is thrown in the target', () => {
    const error = new Error('tracer');
    let calls = 0;
    const caught: unknown[] = [];
    const g = new greenlet(function* () {
      try {
        yield* up();
      } catch (e) {
        caught.push(e);
      }
    });
    g.switch();
    settrace(() => {
      calls++;
      throw error;
    });
    g.switch();
    expect(caught).toEqual([error]);
    expect(calls).toBe(1);
    expect(gettrace()).toBe(null);
  });

  it('that raises at the first entry has the greenlet die unrun of it', () => {
    const error = new Error('tracer');
    let ran = false;
    const g = new greenlet(() => {
      ran = true;
    });
    settrace(() => {
      throw error;
    });
    const transfer = g.switch();
    expect(() => transfer.value).toThrow(error);
    expect([ran, g.dead, gettrace()]).toEqual([false, true, null]);
  });

  it('sees the hub between scheduled greenlets', async () => {
    const a = spawn(() => {});
    const b = spawn(() => {});
    const names = new Map<greenlet, string>([
      [a, 'a'],
      [b, 'b'],
      [hub, 'hub'],
      [main, 'main'],
    ]);
    const events: string[] = [];
    settrace((event, origin, target) => {
      events.push(`${event} ${names.get(origin)}>${names.get(target)}`);
    });
    await pass();
    settrace(null);
    expect(events.slice(0, 5)).toEqual([
      'switch main>hub',
      'switch hub>a',
      'switch a>hub',
      'switch hub>b',
      'switch b>hub',
    ]);
  });

  it('names main as the origin of what main enters after turns of the hub', async () => {
    const g = new greenlet(() => {});
    const events: [string, greenlet, greenlet][] = [];
    settrace((...event) => {
      events.push(event);
    });
    await sleep(0);
    await spawn(() => {}).get();
    events.length = 0;
    g.switch();
    settrace(null);
    expect(events).toEqual([
      ['switch', main, g],
      ['switch', g, main],
    ]);
  });

  it('sees main again when the greenlets that main entered have parked', async () => {
    const g = new greenlet(function* () {
      yield* sleep(0);
    });
    const events = traced(new Map([[g, 'g']]), () => g.switch());
    expect(events).toEqual(['switch main>g', 'switch g>main']);
    await pass();
    expect(g.dead).toBe(true);
  });
});
