/** The typecodes of Python's `array` and `multiprocessing.Value`. */
import { showValue } from '../runtime/check.js';

type Numbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

export type Typecode = 'c' | 'u' | 'b' | 'B' | 'h' | 'H' | 'i' | 'I' | 'l' | 'L' | 'q' | 'Q' | 'f' | 'd';
export type Item = number | bigint | string;

interface Type {
  readonly bytes: number;
  readonly says: string;
  readonly view: (buffer: ArrayBufferLike) => Numbers;
}

const TYPES: Readonly<Record<Typecode, Type>> = {
  c: { bytes: 1, says: 'char (a string of one character)', view: (b) => new Uint8Array(b) },
  u: { bytes: 2, says: 'wchar (a string of one character)', view: (b) => new Uint16Array(b) },
  b: { bytes: 1, says: 'signed char', view: (b) => new Int8Array(b) },
  B: { bytes: 1, says: 'unsigned char', view: (b) => new Uint8Array(b) },
  h: { bytes: 2, says: 'short', view: (b) => new Int16Array(b) },
  H: { bytes: 2, says: 'unsigned short', view: (b) => new Uint16Array(b) },
  i: { bytes: 4, says: 'int', view: (b) => new Int32Array(b) },
  I: { bytes: 4, says: 'unsigned int', view: (b) => new Uint32Array(b) },
  l: { bytes: 4, says: 'long (32 bits)', view: (b) => new Int32Array(b) },
  L: { bytes: 4, says: 'unsigned long (32 bits)', view: (b) => new Uint32Array(b) },
  q: { bytes: 8, says: 'long long (bigint)', view: (b) => new BigInt64Array(b) },
  Q: { bytes: 8, says: 'unsigned long long (bigint)', view: (b) => new BigUint64Array(b) },
  f: { bytes: 4, says: 'float', view: (b) => new Float32Array(b) },
  d: { bytes: 8, says: 'double', view: (b) => new Float64Array(b) },
};

/** Items of one type in a buffer. */
export class Cells {
  readonly code: Typecode;
  readonly buffer: ArrayBufferLike;
  readonly #view: Numbers;

  constructor(code: Typecode, buffer: ArrayBufferLike) {
    this.code = code;
    this.buffer = buffer;
    this.#view = TYPES[code].view(buffer);
  }

  get length(): number {
    return this.#view.length;
  }

  get(index: number): Item {
    const value = this.#view[index] as number | bigint;
    return this.code === 'c' || this.code === 'u' ? String.fromCharCode(Number(value)) : value;
  }

  set(index: number, item: Item): void {
    const text = typeof item === 'string' ? item.charCodeAt(0) : item;
    const value = typeof this.#view[index] === 'bigint' ? BigInt(text) : Number(text);
    (this.#view as { [index: number]: number | bigint })[index] = value;
  }
}

/** Refuses what is no typecode, with the table of those that are. */
export function checkTypecode(code: unknown): asserts code is Typecode {
  if (typeof code === 'string' && Object.hasOwn(TYPES, code)) return;
  const table = Object.entries(TYPES).map(([each, { says }]) => `  '${each}'  ${says}`);
  throw new TypeError(`typecode must be one of these, got ${showValue(code)}:\n${table.join('\n')}`);
}

export function makeCells(code: Typecode, length: number, shared: boolean): Cells {
  const bytes = TYPES[code].bytes * length;
  return new Cells(code, shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
}
