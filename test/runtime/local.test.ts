import { type Green, getcurrent, Local, local, sleep, spawn } from 'greenlets';
import { virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';

describe('Local', () => {
  it(
    'has attributes of its own in every greenlet, which stay over suspensions',
    virtual(function* () {
      const l = new Local();
      l.x = 'test';
      function* other(n: number): Green<unknown[]> {
        const before = l.x;
        l.x = n;
        yield* sleep(10);
        return [before, l.x];
      }
      const [a, b] = [spawn(other, 1), spawn(other, 2)];
      expect(yield* a.get()).toEqual([undefined, 1]);
      expect(yield* b.get()).toEqual([undefined, 2]);
      expect(l.x).toBe('test');
    }),
  );

  it('outside of greenlets is the main greenlet`s', async () => {
    const l = new Local();
    l.x = 'main';
    expect(await spawn(() => l.x).get()).toBeUndefined();
    expect(l.x).toBe('main');
  });

  it(
    'answers in, delete, keys and entries for the current greenlet',
    virtual(function* () {
      const l = new Local();
      l.a = 1;
      l['b'] = 2;
      expect('a' in l).toBe(true);
      expect(Object.keys(l)).toEqual(['a', 'b']);
      expect({ ...l }).toEqual({ a: 1, b: 2 });
      delete l.a;
      expect('a' in l).toBe(false);
      expect(l.a).toBeUndefined();
      expect(yield* spawn(() => Object.keys(l)).get()).toEqual([]);
      Object.defineProperty(l, 'c', { value: 3, enumerable: true });
      expect(Object.entries(l)).toEqual([
        ['b', 2],
        ['c', 3],
      ]);
      expect(yield* spawn(() => l['c']).get()).toBeUndefined();
    }),
  );

  it(
    'two of them are independent',
    virtual(function* () {
      const [a, b] = [new Local(), new Local()];
      a.x = 1;
      expect(b.x).toBeUndefined();
    }),
  );

  it(
    'begins with a copy of initial in each greenlet, deep for plain values',
    virtual(function* () {
      const initial = { list: [1], map: new Map([['k', { n: 1 }]]), set: new Set([1]), nested: { n: 1 } };
      const l = local(initial);
      l.list.push(2);
      l.nested.n = 2;
      l.map.get('k')!.n = 2;
      expect(initial).toEqual({
        list: [1],
        map: new Map([['k', { n: 1 }]]),
        set: new Set([1]),
        nested: { n: 1 },
      });
      const seen = yield* spawn(() => {
        l.set.add(5);
        return [l.list, l.nested.n, l.map.get('k')?.n];
      }).get();
      expect(seen).toEqual([[1], 1, 1]);
      expect([...l.set]).toEqual([1]);
    }),
  );

  it(
    'takes what is no plain object as it is, and an initial value that holds itself',
    virtual(function* () {
      const date = new Date();
      const initial: Record<string, unknown> = { date };
      initial['self'] = initial;
      const l = local(initial);
      expect(l['date']).toBe(date);
      expect((l['self'] as typeof initial)['date']).toBe(date);
      expect(l['self']).not.toBe(initial);
    }),
  );

  it(
    'begins with the fields of an instance in each greenlet, and has its methods',
    virtual(function* () {
      const mark = Symbol('mark');
      class Settings {
        depth = 1;
        tags = ['a'];
        [mark] = 'marked';
        get double(): number {
          return this.depth * 2;
        }
        deepen(): number {
          return ++this.depth;
        }
      }
      const initial = new Settings();
      const l = local(initial);
      expect([l.deepen(), l.double, l[mark]]).toEqual([2, 4, 'marked']);
      l.tags.push('b');
      const seen = yield* spawn(() => {
        const before = [l.depth, l.tags];
        l.depth = 10;
        return [...before, l.deepen(), Object.keys(l)];
      }).get();
      expect(seen).toEqual([1, ['a'], 11, ['depth', 'tags']]);
      expect([l.depth, initial.depth, initial.tags]).toEqual([2, 1, ['a']]);
      expect(l).toBeInstanceOf(Settings);
    }),
  );

  it('refuses a list, a collection or an error as initial', () => {
    for (const bad of [[1], new Map(), new Set(), new Error('x'), 5, null]) {
      expect(() => local(bad as object)).toThrow('initial must be an object such as { count: 0 }, got');
    }
  });

  it(
    'of a subclass: the constructor runs anew, with the same arguments, in each greenlet that touches it',
    virtual(function* () {
      const made: unknown[] = [];
      class Connection extends Local {
        declare log: string[];
        readonly kind = 'connection';
        constructor(host: string) {
          super(host);
          made.push([host, getcurrent().name]);
          this.log = [host];
        }
        add(line: string): number {
          return this.log.push(line);
        }
        get last(): string | undefined {
          return this.log.at(-1);
        }
        set last(line: string) {
          this.log.push(line);
        }
      }
      const c = new Connection('h');
      expect(c).toBeInstanceOf(Connection);
      c.add('test');
      c.last = 'set';
      expect(Object.keys(c).sort()).toEqual(['kind', 'log']);
      const other = spawn({ name: 'other' }, function* (): Green<unknown> {
        c.add('other');
        yield* sleep(1);
        return [c.log, c.last, c.kind];
      });
      expect(yield* other.get()).toEqual([['h', 'other'], 'other', 'connection']);
      expect(c.log).toEqual(['h', 'test', 'set']);
      expect(made).toEqual([
        ['h', 'test'],
        ['h', 'other'],
      ]);
    }),
  );

  it(
    'of a subclass whose constructor makes and touches other Locals keeps them apart',
    virtual(function* () {
      const shared = new Local();
      class Outer extends Local {
        declare inner: Local;
        constructor() {
          super();
          shared.count = (shared.count ?? 0) + 1;
          this.inner = new Local();
          this.inner.x = 'inner';
          this.own = 'outer';
        }
      }
      const outer = new Outer();
      const seen = yield* spawn(() => [
        outer.own,
        outer.x,
        outer.inner.x,
        outer.inner.own,
        shared.count,
      ]).get();
      expect(seen).toEqual(['outer', undefined, 'inner', undefined, 1]);
      expect(Object.keys(outer).sort()).toEqual(['inner', 'own']);
    }),
  );

  it(
    'of a subclass whose constructor throws in another greenlet throws there',
    virtual(function* () {
      let fail = false;
      class Picky extends Local {
        constructor() {
          super();
          if (fail) throw new Error('not here');
        }
      }
      const p = new Picky();
      fail = true;
      const g = spawn(() => p.x);
      yield* g.join();
      expect(g.error).toMatchObject({ message: 'not here' });
    }),
  );

  it(
    'lets go of the attributes of a greenlet that has ended',
    virtual(function* () {
      const l = new Local();
      const g = spawn(() => {
        l.big = {};
      });
      yield* g.get();
      expect(g._extra?.locals).toBeUndefined();
    }),
  );
});
