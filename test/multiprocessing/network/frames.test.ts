import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader, frame } from '../../../src/multiprocessing/network/frames.js';

function readAll(reader: FrameReader): Buffer[] {
  const messages: Buffer[] = [];
  for (let next = reader.next(); next !== null; next = reader.next()) messages.push(next);
  return messages;
}

describe('messages', () => {
  it('are read as they were sent, however the bytes are cut', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(frame));
        const reader = new FrameReader(300);
        const read: Buffer[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const end = at + (cuts[turn % cuts.length] as number);
          reader.push(bytes.subarray(at, end));
          read.push(...readAll(reader));
          at = end;
        }
        expect(read.map((each) => [...each])).toEqual(sent.map((each) => [...each]));
      }),
    );
  });

  it('that are too long are refused as soon as their length is known', () => {
    const reader = new FrameReader(10);
    reader.push(frame(Buffer.alloc(10)));
    expect(reader.next()).toHaveLength(10);
    reader.push(Buffer.from([0, 0, 0, 11]));
    expect(() => reader.next()).toThrow('a message of 11 bytes came, and 10 are allowed');
    expect(() => new FrameReader(2 ** 31).next()).not.toThrow();
  });

  it('have memory of their own', () => {
    const reader = new FrameReader(10);
    const bytes = frame(Buffer.from('abc'));
    reader.push(bytes);
    const message = reader.next() as Buffer;
    bytes.fill(0);
    expect(message.toString()).toBe('abc');
    expect(message.buffer.byteLength).toBe(3);
  });
});
