/** Numbers that processes share. */
import { type Mark, revives, SEND } from '../io/workers/codec.js';
import type { Fn, Returned } from '../runtime/body-types.js';
import { Call } from '../runtime/call.js';
import { checkCount, showValue } from '../runtime/check.js';
import type { Operation } from '../runtime/operation.js';
import { SHOWN } from '../runtime/shown.js';
import type { Green } from '../runtime/types.js';
import { RLock } from './locks.js';
import { here } from './router.js';
import { currentReceiver } from './sending.js';
import { knownMemory, Memory, newMemory, settle } from './shared-cells.js';
import { Cells, checkTypecode, type Item, type Typecode } from './typecodes.js';

/** What a `Value` or a `SharedArray` is made of. */
export interface Parts {
  readonly memory: Memory;
  readonly lock: RLock;
}

/** A `Value` or a `SharedArray`, as it is sent. */
export interface SentCells {
  readonly key: string;
  readonly home: string;
  readonly code: Typecode;
  readonly buffer: ArrayBufferLike;
  /** The home knows already who gets it. */
  readonly isReader: boolean;
  readonly lock: { readonly home: string; readonly id: number };
}

function* reading(shared: Shared, index: number): Green<Item> {
  return yield* shared.with(() => shared._memory.cells.get(index));
}

function* writing(shared: Shared, index: number, item: Item): Green<void> {
  yield* shared.with(() => shared._memory.write(index, item));
}

abstract class Shared {
  /** @internal */
  readonly _memory: Memory;
  readonly #lock: RLock;

  constructor({ memory, lock }: Parts) {
    this._memory = memory;
    this.#lock = lock;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }

  /** The lock of its `get`, `set` and `with`. */
  getLock(): RLock {
    return this.#lock;
  }

  /** Runs `fn` with the lock held. Gives `fn`'s value. */
  with<R>(fn: Fn<[], R>): Operation<Returned<R>> {
    return this.#lock.with(fn);
  }

  protected _get(index: number): Operation<Item> {
    return new Call(reading as never, [this, index], `${this.constructor.name}.get`);
  }

  protected _set(index: number, item: Item): Operation<void> {
    return new Call(writing as never, [this, index, item], `${this.constructor.name}.set`);
  }

  /** @internal */
  [SEND](): Mark {
    const { key, home, cells } = this._memory;
    const receiver = currentReceiver();
    const isReader = receiver !== null && home === here;
    if (isReader) this._memory.expect(receiver);
    // Those that have a copy know what was written before this is sent.
    settle();
    const { code, buffer } = cells;
    const data: SentCells = { key, home, code, buffer, isReader, lock: this.#lock._address };
    return { kind: `mp.${this._kind}`, data };
  }

  protected abstract get _kind(): string;
}

/** The memory and lock that were sent. */
function partsOf({ key, home, code, buffer, isReader, lock }: SentCells): Parts {
  const memory = knownMemory(key) ?? new Memory(key, home, new Cells(code, buffer), isReader);
  return { memory, lock: RLock._at(lock) };
}

export class Value extends Shared {
  /**
   * One number, or character, of the type `typecode` ('d', 'i', …). Errors: `TypeError`, with the table, for an unknown typecode. Mirrors
   * `multiprocessing.Value`.
   *
   * `get` and `set` are operations that take its lock. `value` is read and written at once: under 'worker' that is shared memory; under 'process' it is a copy,
   * which is made to agree with the others at `acquire`, `release`, `join` and whenever the process suspends.
   */
  constructor(typecode: Typecode | Parts, init: Item = 0) {
    if (typeof typecode === 'object' && typecode !== null) super(typecode);
    else {
      checkTypecode(typecode);
      super({ memory: newMemory(typecode, [init]), lock: new RLock() });
    }
  }

  protected override get _kind(): string {
    return 'ValueCell';
  }

  get value(): Item {
    return this._memory.cells.get(0);
  }

  set value(item: Item) {
    this._memory.write(0, item);
  }

  get(): Operation<Item> {
    return this._get(0);
  }

  set(item: Item): Operation<void> {
    return this._set(0, item);
  }

  override toString(): string {
    return `<Value ${this.value}>`;
  }
}

export class SharedArray extends Shared {
  [index: number]: Item;

  /**
   * Items of the type `typecode`: as many zeros as a number says, or those of an iterable. Mirrors `multiprocessing.Array`; coherent as a `Value`
   * is. `array[i]` is read and written at once, `get(i)` and `set(i, item)` are operations that take its lock.
   */
  constructor(typecode: Typecode | Parts, init: number | Iterable<Item> = 0) {
    if (typeof typecode === 'object' && typecode !== null) super(typecode);
    else {
      checkTypecode(typecode);
      super({ memory: newMemory(typecode, itemsOf(init)), lock: new RLock() });
    }
    // biome-ignore lint/correctness/noConstructorReturn: indexes are read and written through it
    return new Proxy(this, INDEXED);
  }

  protected override get _kind(): string {
    return 'SharedArray';
  }

  get length(): number {
    return this._memory.cells.length;
  }

  get(index: number): Operation<Item> {
    return this._get(checkIndex(this, index));
  }

  set(index: number, item: Item): Operation<void> {
    return this._set(checkIndex(this, index), item);
  }

  /** The items from `start` to `end`, at once: `arr[:]` of Python. */
  slice(start?: number, end?: number): Item[] {
    return [...this].slice(start, end);
  }

  *[Symbol.iterator](): Generator<Item, void, undefined> {
    for (let index = 0; index < this.length; index++) yield this._memory.cells.get(index);
  }

  override toString(): string {
    return `<SharedArray ${[...this].join(', ')}>`;
  }
}

export function itemsOf(init: number | Iterable<Item>): Item[] {
  if (typeof init !== 'number') return [...init];
  checkCount(init, 'init');
  return new Array<Item>(init).fill(0);
}

function checkIndex(array: SharedArray, index: number): number {
  if (Number.isInteger(index) && index >= 0 && index < array.length) return index;
  throw new RangeError(`index must be from 0 to ${array.length - 1}, got ${showValue(index)}`);
}

const INDEXED: ProxyHandler<SharedArray> = {
  get(array, key) {
    if (typeof key === 'string' && /^\d+$/.test(key)) return array._memory.cells.get(Number(key));
    const value: unknown = Reflect.get(array, key, array);
    return typeof value === 'function' && key !== 'constructor' ? value.bind(array) : value;
  },
  set(array, key, item: Item) {
    if (typeof key !== 'string' || !/^\d+$/.test(key)) return Reflect.set(array, key, item);
    array._memory.write(checkIndex(array, Number(key)), item);
    return true;
  },
};

revives<SentCells>('mp.ValueCell', (sent) => new Value(partsOf(sent)));
revives<SentCells>('mp.SharedArray', (sent) => new SharedArray(partsOf(sent)));
