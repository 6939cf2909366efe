/** What the fuzzers of both parsers are made of: bytes, and how they are cut; names, values and header lines. */
import fc from 'fast-check';

export function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** `whole` in pieces that end at the places of `at`. */
export function cut(whole: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((each) => each % (whole.length + 1)).sort((a, b) => a - b), whole.length];
  return places.slice(1).map((place, i) => whole.subarray(places[i], place));
}

export const token = fc.string({ unit: fc.constantFrom(...'abcXYZ09-_.!~'), minLength: 1, maxLength: 12 });
export const value = fc.string({ unit: fc.constantFrom(...'abc XYZ09\t;,="\\\u00e4\u00ff'), maxLength: 20 });
export const data = fc.string({ unit: fc.constantFrom(...'ab\r\n0:;\u0000\u00ff'), maxLength: 30 });

/** Header lines, none of a name that `framing` knows. */
export function headersBut(framing: RegExp): fc.Arbitrary<string> {
  return fc.array(fc.tuple(token, value), { maxLength: 4 }).map((list) =>
    list
      .filter(([name]) => !framing.test(name))
      .map(([name, text]) => `${name}:${text}\r\n`)
      .join(''),
  );
}
