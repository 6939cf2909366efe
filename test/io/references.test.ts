import { describe, expect, it } from 'vitest';
import { exportsOf } from '../../src/io/workers/references.js';

const found = (text: string) => Object.fromEntries(exportsOf(text));

describe('what a module exports', () => {
  it('is found line by line, and behind other statements', () => {
    expect(found('export function a() {}\n  export async function* b() {}\nexport class C {}')).toEqual({
      a: 'a',
      b: 'b',
      C: 'C',
    });
    expect(found('export function a() {} export const b = () => 1; export async function c() {}')).toEqual({
      a: 'a',
      b: 'b',
      c: 'c',
    });
  });

  it('has the names of lists, whatever comes behind them, and none of other modules', () => {
    expect(found('function a() {}\nexport { a, b as c }')).toEqual({ a: 'a', b: 'c' });
    expect(found('export { a } // of them\nexport { b };export default function d() {}')).toEqual({
      a: 'a',
      b: 'b',
      d: 'default',
    });
    expect(found("export { a } from './a.js';\nexport { b }\n  from './b.js'")).toEqual({});
  });

  it('has the names of a CommonJS module', () => {
    expect(
      found(
        'exports.a = a;\nmodule.exports.b = c\nexports.d = async function d() {}; exports.E = class E {}',
      ),
    ).toEqual({
      a: 'a',
      c: 'b',
      d: 'd',
      E: 'E',
    });
    expect(found('module.exports = { a, b: c,\n  d: () => 1 };')).toEqual({ a: 'a', c: 'b' });
    expect(found('// exports.a = a\nconst text = "exports.b = b";')).toEqual({});
  });

  it('is nothing that is only spoken of', () => {
    expect(found('// export function a() {}\nconst text = "export function b() {}";')).toEqual({});
  });
});
