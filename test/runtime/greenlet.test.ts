import {
  type Green,
  GreenletError,
  GreenletExit,
  getcurrent,
  greenlet,
  hub,
  RawGreenlet,
  sleep,
  spawn,
} from 'greenlets';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';

watchHub();

const main = getcurrent();
const up = (...values: unknown[]) => (getcurrent().parent as greenlet).switch(...values);

describe('a raw greenlet', () => {
  it('does not run when it is created', () => {
    let ran = false;
    const g = new greenlet(() => {
      ran = true;
    });
    expect(ran).toBe(false);
    expect(g.started).toBe(false);
    expect(g.dead).toBe(false);
  });

  it('runs seed G1 in the order 11, 33, 22, 44 and gives control back to main', () => {
    const order: unknown[] = [];
    function* test1() {
      order.push(11);
      yield* gr2.switch();
      order.push(22);
      yield* gr2.switch();
    }
    function* test2() {
      order.push(33);
      yield* gr1.switch();
      order.push(44);
    }
    const gr1: greenlet = new greenlet(test1);
    const gr2: greenlet = new greenlet(test2);
    gr1.switch();
    order.push('main');
    expect(order).toEqual([11, 33, 22, 44, 'main']);
    expect(gr2.dead).toBe(true);
    expect(gr1.dead).toBe(false);
  });

  it('goes on where it stopped when it is entered again', () => {
    const order: number[] = [];
    const g = new greenlet(function* () {
      order.push(1);
      yield* up();
      order.push(3);
    });
    order.push(0);
    g.switch();
    order.push(2);
    g.switch();
    order.push(4);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  it('interleaves with a sibling, and each dies only when its own body has ended', () => {
    const order: string[] = [];
    const body = (name: string) =>
      function* () {
        order.push(`${name}1`);
        yield* up();
        order.push(`${name}2`);
      };
    const a = new greenlet(body('a'));
    const b = new greenlet(body('b'));
    a.switch();
    b.switch();
    a.switch();
    expect([a.dead, b.dead]).toEqual([true, false]);
    b.switch();
    expect([a.dead, b.dead]).toEqual([true, true]);
    expect(order).toEqual(['a1', 'b1', 'a2', 'b2']);
  });

  it('enters a grandchild, whose switch to its parent comes back into the child', () => {
    const order: string[] = [];
    const child = new greenlet(function* () {
      order.push('a');
      const grandchild = new greenlet(function* () {
        order.push('b');
        yield* up();
      });
      expect(grandchild.parent).toBe(getcurrent());
      yield* grandchild.switch();
      order.push('c');
    });
    child.switch();
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('may be a plain function, whose value comes back', () => {
    expect(new greenlet((a: number, b: number) => a + b).switch(20, 22).value).toBe(42);
  });

  it('runs an operation that a plain function returns', () => {
    const outer = new greenlet((): unknown => up('sent'));
    expect(outer.switch().value).toBe('sent');
    expect(outer.dead).toBe(false);
    expect(outer.switch('end').value).toBe('end');
    expect(outer.dead).toBe(true);
  });

  it('gives run the arguments of the first switch, an array unspread', () => {
    let got: unknown[] = [];
    const make = () =>
      new greenlet((...args: unknown[]) => {
        got = args;
      });
    make().switch(1, undefined, [2, 3]);
    expect(got).toEqual([1, undefined, [2, 3]]);
    make().switch();
    expect(got).toEqual([]);
  });

  it('calls the run of a subclass with this and the arguments', () => {
    class Adder extends greenlet {
      base = 40;
      override *run(n: number): Green<number> {
        return this.base + n;
      }
    }
    expect(new Adder().switch(2).value).toBe(42);
  });

  it('receives undefined for none, the argument for one, and an array for several', () => {
    const got: unknown[] = [];
    const g = new greenlet(function* () {
      for (;;) got.push(yield* up());
    });
    g.switch();
    g.switch();
    g.switch(undefined);
    g.switch(1);
    g.switch(1, 2);
    g.switch([1]);
    g.switch([]);
    expect(got).toEqual([undefined, undefined, 1, [1, 2], [1], []]);
  });

  it('gives back the arguments when it switches to itself, by the same table', () => {
    const g = new greenlet(function* () {
      const self = getcurrent();
      return [yield* self.switch(), yield* self.switch(1), yield* self.switch(1, 2)];
    });
    expect(g.switch().value).toEqual([undefined, 1, [1, 2]]);
  });

  it('throws there when it throws at itself, also a GreenletExit', () => {
    const caught: unknown[] = [];
    const error = new Error('mine');
    new greenlet(function* () {
      for (const thrown of [error, undefined]) {
        try {
          yield* getcurrent().throw(thrown);
        } catch (e) {
          caught.push(e);
        }
      }
    }).switch();
    expect(caught[0]).toBe(error);
    expect(caught[1]).toBeInstanceOf(GreenletExit);
  });

  it('hands values through a long ring of greenlets', () => {
    const n = 1000;
    const ring: greenlet[] = [];
    for (let i = 0; i < n; i++) {
      ring.push(
        new greenlet(function* (value: number): Green<unknown> {
          return yield* i + 1 < n ? (ring[i + 1] as greenlet).switch(value + 1) : main.switch(value + 1);
        }),
      );
    }
    expect((ring[0] as greenlet).switch(0).value).toBe(n);
  });

  it('switches a million times without growing the stack', () => {
    const other = new greenlet(function* () {
      for (;;) yield* up();
    });
    const g = new greenlet(function* () {
      other.parent = getcurrent();
      for (let i = 0; i < 1_000_000; i++) yield* other.switch();
      return 'done';
    });
    expect(g.switch().value).toBe('done');
  });

  it('lets code outside of generators be told where a lazy switch was never run', () => {
    const g = new greenlet(function* () {
      const inner = new greenlet(() => 'entered');
      expect(() => inner.switch().value).toThrow(GreenletError);
      expect(() => inner.switch().value).toThrow(/yield\*/);
      expect(inner.started || inner.dead).toBe(false);
    });
    expect(g.switch().value).toBe(undefined);
    expect(g.dead).toBe(true);
  });
});

describe('the state of a raw greenlet', () => {
  it('is pending, started from the first switch to the end, then dead', () => {
    const g: greenlet = new greenlet(function* () {
      seen.push([g.started, g.dead]);
      yield* up();
    });
    const seen: [boolean, boolean][] = [[g.started, g.dead]];
    g.switch();
    seen.push([g.started, g.dead]);
    g.switch();
    seen.push([g.started, g.dead]);
    expect(seen).toEqual([
      [false, false],
      [true, false],
      [true, false],
      [false, true],
    ]);
  });

  it('is in its text', () => {
    const texts: string[] = [];
    const g: greenlet = new greenlet(function* body() {
      texts.push(String(g), String(main));
      yield* up();
    });
    texts.push(String(g), String(main));
    g.switch();
    texts.push(String(g));
    g.switch();
    texts.push(String(g));
    expect(texts.map((text) => text.replace(/^.*'(: body)? /, ''))).toEqual([
      'pending>',
      'current active started main>',
      'current active started>',
      'suspended active started main>',
      'suspended active started>',
      'dead>',
    ]);
    expect(texts[0]).toContain(g.name);
  });

  it('has an ident of its own and a name that can be set', () => {
    const a = new greenlet(() => {});
    const b = new greenlet(() => {});
    expect(a.ident).not.toBe(b.ident);
    expect(a.name).not.toBe(b.name);
    a.name = 'Anna';
    expect(a.name).toBe('Anna');
    expect(String(a)).toContain("'Anna'");
    expect(() => Object.assign(a, { name: 5 })).toThrow(TypeError);
  });

  it('is known to getcurrent, which outside of greenlets gives the main greenlet', () => {
    const seen: unknown[] = [];
    const g: greenlet = new greenlet(() => seen.push(getcurrent()));
    g.switch();
    seen.push(getcurrent());
    expect(seen).toEqual([g, main]);
    expect(main).toBeInstanceOf(greenlet);
    expect(main.parent).toBe(null);
    expect(main.started).toBe(true);
    expect(main.dead).toBe(false);
  });

  it('is exported under both names', () => {
    expect(RawGreenlet).toBe(greenlet);
  });
});

describe('parents', () => {
  it('are the current greenlet unless given, also when null is given', () => {
    const parents: unknown[] = [];
    const g = new greenlet(() => {
      parents.push(new greenlet(() => {}).parent, new greenlet(() => {}, null as never).parent);
    });
    g.switch();
    expect(parents).toEqual([g, g]);
    expect(g.parent).toBe(main);
    expect(new greenlet(() => {}, g).parent).toBe(g);
  });

  it('must be greenlets', () => {
    for (const wrong of [1, {}, '42', () => {}]) {
      expect(() => new greenlet(() => {}, wrong as never)).toThrow(TypeError);
      const g = new greenlet(function* () {
        yield* up();
      });
      expect(() => {
        g.parent = wrong as never;
      }).toThrow(TypeError);
      g.switch();
      expect(() => {
        g.parent = wrong as never;
      }).toThrow(TypeError);
    }
    expect(() => {
      new greenlet(() => {}).parent = null;
    }).toThrow(TypeError);
  });

  it('cannot form a cycle', () => {
    const g1 = new greenlet(() => {});
    const g2 = new greenlet(() => {}, g1);
    const g3 = new greenlet(() => {}, g2);
    expect(() => {
      g1.parent = g3;
    }).toThrow(GreenletError);
    expect(() => {
      g1.parent = g1;
    }).toThrow(/cycl/);
    expect(g1.parent).toBe(main);
  });

  it('cannot be set for the main greenlet', () => {
    expect(() => {
      main.parent = new greenlet(() => {});
    }).toThrow(/cannot set the parent of a main greenlet/);
    expect(main.parent).toBe(null);
  });

  it('get the value of a greenlet that ends, wherever it was switched to from', () => {
    const log: unknown[] = [];
    const child = new greenlet(() => 'value');
    const parent = new greenlet(function* () {
      log.push(['parent got', yield* up('parked')]);
      return 'parent done';
    });
    child.parent = parent;
    expect(parent.switch().value).toBe('parked');
    const other = new greenlet(function* () {
      log.push(['other got', yield* child.switch()]);
    });
    expect(other.switch().value).toBe('parent done');
    expect(log).toEqual([['parent got', 'value']]);
    expect(other.dead).toBe(false);
  });

  it('get the error of a greenlet that fails, and in turn hand on what they do not catch', () => {
    const error = new Error('down');
    const log: unknown[] = [];
    const g1 = new greenlet(function* () {
      try {
        yield* up('ready');
      } catch (e) {
        log.push(e);
        throw e;
      }
    });
    const g2 = new greenlet(() => {
      throw error;
    });
    g1.switch();
    g2.parent = g1;
    const transfer = g2.switch();
    expect(() => transfer.value).toThrow(error);
    expect(log).toEqual([error]);
    expect([g1.dead, g2.dead]).toEqual([true, true]);
    expect(g2.switch().value).toBe(undefined);
    expect(g2.switch(25).value).toBe(25);
  });

  it('are started with the value when they have not begun', () => {
    let got: unknown[] = [];
    const parent = new greenlet((...args: unknown[]) => {
      got = args;
      return 'from the parent';
    });
    const child = new greenlet(() => [1, 2], parent);
    expect(child.switch().value).toBe('from the parent');
    expect(got).toEqual([[1, 2]]);
    expect(parent.dead).toBe(true);
  });

  it('die unrun of an error when they have not begun, and it goes on upwards', () => {
    const error = new Error('up');
    let ran = false;
    const parent = new greenlet(() => {
      ran = true;
    });
    const child = new greenlet(() => {
      throw error;
    }, parent);
    const transfer = child.switch();
    expect(() => transfer.value).toThrow(error);
    expect([ran, parent.dead]).toEqual([false, true]);
  });

  it('that are dead stand for their nearest live ancestor', () => {
    const log: unknown[] = [];
    const grandparent = new greenlet(function* () {
      log.push(yield* up());
      return 'grandparent done';
    });
    const parent = new greenlet(() => {}, grandparent);
    const child = new greenlet(() => 'outcome', parent);
    grandparent.switch();
    parent.throw();
    expect(log).toEqual([expect.any(GreenletExit)]);
    expect(parent.dead).toBe(true);
    expect(child.switch().value).toBe('outcome');
  });

  it('may be changed for a dead greenlet, and switches to it then go there', () => {
    const dead = new greenlet(() => {});
    dead.switch();
    let runs = 0;
    const parent = new greenlet((value: unknown) => {
      runs++;
      return ['started by', value];
    });
    dead.parent = parent;
    expect(dead.switch(7).value).toEqual(['started by', 7]);
    expect(runs).toBe(1);
    expect(dead.switch(8).value).toBe(8);
  });
});

describe('throw', () => {
  it('is caught at the pending switch, and the next value that comes up is what it gives', () => {
    const error = new Error('in');
    const g = new greenlet(function* () {
      try {
        yield* up('ok');
      } catch (e) {
        yield* up(e);
      }
    });
    expect(g.switch().value).toBe('ok');
    expect(g.throw(error).value).toBe(error);
    expect(g.dead).toBe(false);
  });

  it('makes an instance of an error class', () => {
    class Mine extends Error {}
    const g = new greenlet(function* () {
      try {
        yield* up();
      } catch (e) {
        return e;
      }
      return undefined;
    });
    g.switch();
    expect(g.throw(Mine).value).toBeInstanceOf(Mine);
  });

  it('without an error kills: a GreenletExit comes back as a value, again for the dead', () => {
    const log: string[] = [];
    const g = new greenlet(function* () {
      try {
        yield* up();
      } finally {
        log.push('finally');
      }
    });
    g.switch();
    const exit = g.throw().value;
    expect(exit).toBeInstanceOf(GreenletExit);
    expect(g.dead).toBe(true);
    expect(log).toEqual(['finally']);
    expect(g.throw().value).toBeInstanceOf(GreenletExit);
  });

  it('into one that has not begun: it dies unrun, a GreenletExit is the value, an error comes up', () => {
    let ran = false;
    const make = () =>
      new greenlet(() => {
        ran = true;
      });
    const first = make();
    expect(first.throw().value).toBeInstanceOf(GreenletExit);
    expect(first.dead).toBe(true);
    const error = new Error('unrun');
    const second = make();
    const transfer = second.throw(error);
    expect(() => transfer.value).toThrow(error);
    expect(second.dead).toBe(true);
    expect(ran).toBe(false);
  });

  it('of a GreenletExit into the dead hands that on as a value inside greenlets, too', () => {
    const log: unknown[] = [];
    const outer = new greenlet(function* () {
      const g = new greenlet(() => {});
      yield* g.switch();
      log.push(yield* g.throw());
      g.parent = new greenlet(function* (value: unknown): Green<unknown> {
        log.push(value);
        return 'begun with it';
      });
      log.push(yield* g.throw());
    });
    outer.switch();
    expect(log).toEqual([expect.any(GreenletExit), expect.any(GreenletExit), 'begun with it']);
  });

  it('into the dead: an error is thrown at the nearest live ancestor', () => {
    const error = new Error('late');
    const g = new greenlet(() => {});
    g.switch();
    const transfer = g.throw(error);
    expect(() => transfer.value).toThrow(error);

    const caught: unknown[] = [];
    const parent = new greenlet(function* () {
      try {
        yield* up();
      } catch (e) {
        caught.push(e);
      }
    });
    parent.switch();
    g.parent = parent;
    g.throw(error);
    expect(caught).toEqual([error]);
  });

  it('goes to the parent of the target and not to the caller', () => {
    const error = new Error('for the parent');
    const log: unknown[] = [];
    const g1 = new greenlet(function* () {
      try {
        yield* g2.switch();
      } catch (e) {
        log.push(['g1 caught', e]);
      }
      return 'from g1';
    });
    const g2: greenlet = new greenlet(function* () {
      yield* main.switch('parked');
    }, g1);
    expect(g1.switch().value).toBe('parked');
    expect(g2.throw(error).value).toBe('from g1');
    expect(log).toEqual([['g1 caught', error]]);
    expect([g1.dead, g2.dead]).toEqual([true, true]);
  });

  it('runs finally blocks, which may switch and go on', () => {
    const log: string[] = [];
    const g = new greenlet(function* () {
      try {
        yield* up();
      } finally {
        log.push('before');
        yield* up('in finally');
        log.push('after');
      }
    });
    g.switch();
    expect(g.throw().value).toBe('in finally');
    expect(g.dead).toBe(false);
    expect(g.switch().value).toBeInstanceOf(GreenletExit);
    expect(log).toEqual(['before', 'after']);
  });

  it('may throw any value', () => {
    const g = new greenlet(function* () {
      try {
        yield* up();
      } catch (e) {
        return ['caught', e];
      }
      return undefined;
    });
    g.switch();
    expect(g.throw('text').value).toEqual(['caught', 'text']);
  });
});

describe('GreenletExit', () => {
  it('raised by the body is its value, the same object, also of a subclass', () => {
    class Leave extends GreenletExit {}
    const exit = new Leave('bye');
    const g = new greenlet(() => {
      throw exit;
    });
    expect(g.switch().value).toBe(exit);
    expect(g.dead).toBe(true);
  });
});

describe('mistakes', () => {
  it('a run that is no function is refused at once', () => {
    expect(() => new greenlet(1 as never)).toThrow(TypeError);
  });

  it('a greenlet without a run raises at whoever switches or throws to it, and names run', () => {
    const caught: unknown[] = [];
    const bare = new greenlet();
    const caller = new greenlet(function* () {
      for (const enter of [() => bare.switch(), () => bare.throw(new Error('other'))]) {
        try {
          yield* enter();
        } catch (e) {
          caught.push((e as Error).message);
        }
      }
    });
    caller.switch();
    expect(caught).toEqual([expect.stringMatching(/\brun\b/), expect.stringMatching(/\brun\b/)]);
  });

  it('a child that ends into a parent without a run raises that same error in the caller', () => {
    const child = new greenlet(() => 'value', new greenlet());
    let caught: unknown;
    try {
      child.switch().value;
    } catch (e) {
      caught = e;
    }
    expect(String(caught)).toMatch(/\brun\b/);
  });

  it('a run that raises when called gives its error to the parent, and does so once', () => {
    let runs = 0;
    const parent = new greenlet(() => {
      runs++;
      throw new Error('no');
    });
    const child = new greenlet(() => 'value', parent);
    const transfer = child.switch();
    expect(() => transfer.value).toThrow('no');
    expect(child.switch(1).value).toBe(1);
    expect(runs).toBe(1);
  });

  it('switching from inside a callback of the hub is refused', async () => {
    const target = new greenlet(() => {});
    const errors: unknown[] = [];
    const g = spawn(() => {});
    g.rawlink(() => {
      try {
        target.switch();
      } catch (e) {
        errors.push(e);
      }
    });
    await g.join();
    await sleep(0);
    expect(errors).toEqual([expect.any(GreenletError)]);
    expect(String(errors[0])).toMatch(/callback/);
    expect(target.started).toBe(false);
  });

  it('a generator driven by a frame that is none is named', () => {
    function* inner(): Green<void> {
      yield* up('switched');
    }
    function plainFrame() {
      for (const _ of inner());
    }
    const g = new greenlet(function* () {
      plainFrame();
    });
    let caught: unknown;
    try {
      g.switch().value;
    } catch (e) {
      caught = e;
    }
    expect(caught).toBeInstanceOf(GreenletError);
    expect(String(caught)).toContain('plainFrame');
  });

  it('the hub cannot be given a parent', () => {
    expect(() => {
      hub.parent = new greenlet(() => {});
    }).toThrow(GreenletError);
  });
});
