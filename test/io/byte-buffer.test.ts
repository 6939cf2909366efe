import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteBuffer } from '../../src/io/net/byte-buffer.js';

/** The same search every time; another seed is another search. */
fc.configureGlobal({ seed: 1 });

/** The same in the simplest way. */
class Model {
  bytes = Buffer.alloc(0);
}

interface Step {
  readonly name: string;
  run(buffer: ByteBuffer, model: Model): void;
}

/** Few letters, so that delimiters are found, also across chunks and half. */
const bytes = (maxLength: number) =>
  fc
    .array(fc.constantFrom('a', 'b', '\n'), { maxLength, size: 'max' })
    .map((letters) => Buffer.from(letters.join('')));
const step = (name: string, run: Step['run']): Step => ({ name, run });

const push = bytes(12).map((chunk) =>
  step(`push ${JSON.stringify(chunk.toString())}`, (buffer, model) => {
    buffer.push(Buffer.from(chunk));
    model.bytes = Buffer.concat([model.bytes, chunk]);
  }),
);
const take = fc.nat(20).map((wanted) =>
  step(`take ${wanted}`, (buffer, model) => {
    const count = Math.min(wanted, model.bytes.length);
    expect(buffer.take(count).toString()).toBe(model.bytes.subarray(0, count).toString());
    model.bytes = model.bytes.subarray(count);
  }),
);
const takeSome = fc.integer({ min: 1, max: 20 }).map((max) =>
  step(`takeSome ${max}`, (buffer, model) => {
    if (model.bytes.length === 0) return;
    const part = buffer.takeSome(max);
    expect(part.length).toBeGreaterThan(0);
    expect(part.length).toBeLessThanOrEqual(max);
    expect(part.toString()).toBe(model.bytes.subarray(0, part.length).toString());
    model.bytes = model.bytes.subarray(part.length);
  }),
);
const unshift = bytes(6).map((front) =>
  step(`unshift ${JSON.stringify(front.toString())}`, (buffer, model) => {
    buffer.unshift(Buffer.from(front));
    model.bytes = Buffer.concat([front, model.bytes]);
  }),
);
const indexOf = fc.constantFrom('\n', 'ab', 'aab', 'abab', '\n\n', 'aaaaab').map((delimiter) =>
  step(`indexOf ${JSON.stringify(delimiter)}`, (buffer, model) => {
    expect(buffer.indexOf(Buffer.from(delimiter))).toBe(model.bytes.indexOf(delimiter));
  }),
);
const at = fc.nat(20).map((index) =>
  step(`at ${index}`, (buffer, model) => {
    expect(buffer.at(index)).toBe(model.bytes[index]);
  }),
);

const steps = fc.array(
  fc.oneof({ arbitrary: push, weight: 4 }, take, takeSome, unshift, { arbitrary: indexOf, weight: 3 }, at),
  { maxLength: 60, size: 'max' },
);

describe('ByteBuffer', () => {
  it('is at any sequence of pushes, searches and reads what one long buffer would be', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const buffer = new ByteBuffer();
        const model = new Model();
        for (const each of sequence) {
          each.run(buffer, model);
          expect(buffer.length).toBe(model.bytes.length);
        }
        expect(buffer.take(buffer.length).toString()).toBe(model.bytes.toString());
      }),
      { numRuns: 1000 },
    );
  });

  it('gives any text back, however it was split', () => {
    fc.assert(
      fc.property(
        bytes(300),
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 30, size: 'max' }),
        (text, cuts) => {
          const buffer = new ByteBuffer();
          let from = 0;
          for (const cut of [...cuts, text.length]) {
            buffer.push(text.subarray(from, from + cut));
            from += cut;
          }
          const lines: string[] = [];
          for (
            let end = buffer.indexOf(Buffer.from('\n'));
            end !== -1;
            end = buffer.indexOf(Buffer.from('\n'))
          )
            lines.push(buffer.take(end + 1).toString());
          expect(lines.join('') + buffer.take(buffer.length)).toBe(text.toString());
        },
      ),
    );
  });

  it('keeps many single bytes in little more room than they need', () => {
    const buffer = new ByteBuffer();
    const count = 100_000;
    for (let i = 0; i < count; i++) buffer.push(Buffer.from([i % 251]));
    let chunks = 0;
    for (; buffer.length > 0; chunks++) buffer.takeSome(count);
    expect(chunks).toBeLessThan(count / 100);
  });

  it('never changes what it has given out', () => {
    const buffer = new ByteBuffer();
    const given: [Buffer, string][] = [];
    for (let i = 0; i < 2000; i++) {
      buffer.push(Buffer.from(String.fromCharCode(97 + (i % 26))));
      if (i % 7 !== 6) continue;
      const part = buffer.take(3);
      given.push([part, part.toString()]);
    }
    for (const [part, text] of given) expect(part.toString()).toBe(text);
  });

  it('searches each byte once: a hundred megabytes without a newline, sought at each of 500,000 arrivals, are no matter', () => {
    const buffer = new ByteBuffer();
    const newline = Buffer.from('\n');
    const chunk = Buffer.alloc(200, 'x');
    // Searched anew each time it would be 25 terabytes, and no timeout of a test would be enough.
    for (let i = 0; i < 500_000; i++) {
      buffer.push(chunk);
      if (buffer.indexOf(newline) !== -1) throw new Error('found what is not there');
    }
    buffer.push(newline);
    expect(buffer.indexOf(newline)).toBe(100_000_000);
  });
});
