import { greenlet } from 'greenlets';
import { describe, expect, it } from 'vitest';
import { fieldsOf, show } from '../../src/inspect/show.js';

describe('show()', () => {
  it.each([
    ['text', '"text"'],
    ['x'.repeat(100), `"${'x'.repeat(80)}…"`],
    [undefined, 'undefined'],
    [null, 'null'],
    [3n, '3n'],
    [Symbol('s'), 'Symbol(s)'],
    [Math.max, 'function max'],
    [new RangeError('too far'), 'RangeError: too far'],
    [[1, [2], { a: 1 }], '[1, […], {…}]'],
    [[1, 2, 3, 4, 5, 6, 7], '[1, 2, 3, 4, 5, … 2 more]'],
    [{ a: 'x', b: { c: 1 } }, '{ a: "x", b: {…} }'],
    [{}, '{}'],
    [new Map(), '<Map>'],
    [Object.create(null), '{}'],
  ])('%s is shown as %s', (value, text) => {
    expect(show(value)).toBe(text);
  });

  it('shows a greenlet by its own text', () => {
    const g = new greenlet(function work() {});
    g.name = 'w';
    expect(show(g)).toBe("<greenlet 'w': work pending>");
  });

  it('reads no getter and calls no toString of the program', () => {
    const value = {
      get secret(): never {
        throw new Error('read');
      },
      toString(): never {
        throw new Error('called');
      },
    };
    expect(fieldsOf(value)).toEqual([
      ['secret', '(getter)'],
      ['toString', 'function toString'],
    ]);
    expect(show(value)).toBe('{ secret: (getter), toString: function toString }');
    class Thing {
      toString(): never {
        throw new Error('called');
      }
    }
    expect(show(new Thing())).toBe('<Thing>');
  });
});
