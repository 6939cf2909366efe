import { describe, expect, it } from 'vitest';
import { type Packed, pack, unpack } from '../../src/io/workers/codec.js';
import { packFailure, unpackFailure } from '../../src/io/workers/failure.js';

/** What arrives of it at the other end. */
function sent<T>(value: T): T {
  return unpack(structuredClone(pack(value, 'value'))) as T;
}

function failed(error: unknown): any {
  return unpackFailure(structuredClone(packFailure(error)));
}

describe('what is packed', () => {
  it('is a copy: what becomes of bytes and dates afterwards is not seen', () => {
    const bytes = Buffer.from([1, 2, 3]);
    const view = new DataView(new ArrayBuffer(8), 2, 2);
    const numbers = new Float64Array([1, 2]).subarray(1);
    const date = new Date(5);
    const whole = new Uint8Array([7]).buffer;
    const packed = pack({ bytes, view, numbers, date, whole }, 'value');
    bytes[0] = view.buffer.byteLength;
    view.setInt16(0, 9);
    numbers[0] = 9;
    date.setTime(9);
    new Uint8Array(whole)[0] = 9;
    const found = unpack(packed) as Record<string, any>;
    expect(Buffer.isBuffer(found['bytes'])).toBe(true);
    expect([...found['bytes']]).toEqual([1, 2, 3]);
    expect([found['view'].getInt16(0), found['view'].byteLength]).toEqual([0, 2]);
    expect(found['numbers']).toEqual(new Float64Array([2]));
    expect(found['date'].getTime()).toBe(5);
    expect([...new Uint8Array(found['whole'])]).toEqual([7]);
  });

  it('is not copied where it is moved, and shared memory stays shared', () => {
    const moved = new ArrayBuffer(4);
    const view = new Uint8Array(moved);
    const shared = new Int32Array(new SharedArrayBuffer(4));
    const { port1: port } = new MessageChannel();
    const { value } = pack([moved, view, shared, port], 'args', { transfer: [moved, port] });
    port.close();
    expect((value as unknown[])[3]).toBe(port);
    expect(() => pack({ port }, 'args')).toThrow(/^args\.port is a MessagePort/);
    expect((value as unknown[])[0]).toBe(moved);
    expect((value as unknown[])[1]).toBe(view);
    expect((value as unknown[])[2]).toBe(shared);
  });

  it('is one thing at both ends where it is one here', () => {
    const bytes = new Uint8Array([1]);
    const error = new Error('once');
    const [first, second, third, fourth] = sent([bytes, bytes, error, error]);
    expect(first).toBe(second);
    expect(third).toBe(fourth);
  });

  it('is refused with its path where it cannot be cloned', () => {
    const gone = new ArrayBuffer(1);
    structuredClone(gone, { transfer: [gone] });
    expect(() => pack({ a: [gone] }, 'args')).toThrow(/^args\.a\[0\] is memory that has been moved/);
    expect(() => pack([Object(Symbol('s'))], 'args')).toThrow(/^args\[0\] is a symbol/);
  });
});

describe('an error on its way', () => {
  it('keeps its class, stack, fields and cause, also inside of other values', () => {
    const cause = Object.assign(new TypeError('why'), { code: 'ENOENT', at: new Date(3) });
    const error = new RangeError('what', { cause });
    const [found] = [...sent(new Map([[1, { error }]])).values()].map((each) => each.error);
    expect(found).toBeInstanceOf(RangeError);
    expect(found?.stack).toBe(error.stack);
    expect(found?.cause).toBeInstanceOf(TypeError);
    expect(found?.cause).toMatchObject({ message: 'why', code: 'ENOENT', at: new Date(3) });
    expect(Object.keys(found as object)).toEqual([]);
  });

  it('is an AggregateError with its errors, or a DOMException with its code', () => {
    const list = failed(new AggregateError([new RangeError('a'), () => 1], 'all'));
    expect(list).toBeInstanceOf(AggregateError);
    expect(list.errors).toEqual([expect.any(RangeError), '() => 1']);
    expect(failed(new DOMException('stop', 'AbortError'))).toMatchObject({ name: 'AbortError', code: 20 });
    expect(failed(new DOMException('stop', 'AbortError'))).toBeInstanceOf(DOMException);
  });

  it('may lead to itself', () => {
    const error: Error & { all?: unknown[] } = new Error('round');
    error.cause = error;
    error.all = [error, { error }];
    const found = failed(error);
    expect(found.cause).toBe(found);
    expect(found.all[1].error).toBe(found);
  });

  it('is told in words where it cannot be sent, whatever was thrown', () => {
    const half = { list: [1, Symbol('s')] };
    const error = Object.assign(new Error('odd'), { half, again: half, fn: () => 1, fine: 1 });
    expect(failed(error)).toMatchObject({ half: String(half), again: String(half), fn: '() => 1', fine: 1 });
    const trap = () => {
      throw new Error('trap');
    };
    const getter = Object.defineProperty(new Error('odd'), 'bad', { enumerable: true, get: trap });
    expect(failed(getter)).toMatchObject({ message: 'odd', bad: 'something that cannot be shown' });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const each of [proxy, new Proxy({}, { get: trap, ownKeys: trap }), { toString: trap, fn() {} }]) {
      expect(failed(each)).toBe('something that cannot be shown');
    }
    const shapeless = Object.assign(new Error('odd'), { stack: { f: trap }, message: Symbol('m') });
    expect(failed(shapeless)).toMatchObject({ message: 'Symbol(m)', stack: '[object Object]' });
    for (const each of [null, undefined, 0, 'text', 1n]) expect(failed(each)).toBe(each);
  });

  it('is an error whatever comes from the other end', () => {
    const forged = (own: unknown, name: unknown = 'Error'): Packed => ({
      value: { '\u0000greenlets': 'error', data: { name, message: {}, stack: 1, own } },
      marked: true,
    });
    expect(unpackFailure(forged(undefined, 'toString'))).toBeInstanceOf(Error);
    const found = unpackFailure(forged(JSON.parse('{"__proto__": {"polluted": 1}}')));
    expect(found).toBeInstanceOf(Error);
    expect(Object.getPrototypeOf(found)).toBe(Error.prototype);
  });
});
