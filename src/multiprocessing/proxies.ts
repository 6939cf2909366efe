/** Dicts, lists and namespaces that processes share. They live in one process; every access is an operation. */

import { type Packed, pack, unpack } from '../io/workers/codec.js';
import { Call } from '../runtime/call.js';
import { checkOptions, checkType } from '../runtime/check.js';
import type { Operation } from '../runtime/operation.js';
import type { Green } from '../runtime/types.js';
import { HomeDict, HomeList, type Key, packEach } from './home-store.js';
import { type Place, SharedObject, shares } from './shared-object.js';

const DICT = new Set([
  'get',
  'set',
  'has',
  'delete',
  'pop',
  'setdefault',
  'update',
  'entries',
  'size',
  'clear',
]);

/** What puts back what was taken out for somebody who did not wait any more. */
type TakeBack = (value: Packed | undefined) => readonly [string, readonly unknown[]] | null;

function* one(op: Operation<Packed | undefined>): Green<unknown> {
  const found = yield* op;
  return found === undefined ? undefined : unpack(found);
}

function* many(op: Operation<Packed[]>): Green<unknown[]> {
  return (yield* op).map((each) => unpack(each));
}

type Pick = 'keys' | 'values' | 'items' | 'copy';

function* all(op: Operation<[unknown, Packed][]>, pick: Pick): Green<unknown> {
  const items = (yield* op).map(([key, value]) => [key, unpack(value)] as const);
  if (pick === 'copy') return new Map(items);
  if (pick === 'items') return items;
  return items.map(([key, value]) => (pick === 'keys' ? key : value));
}

/** A dict in another process: keys are primitives of any type and keep it, values are copies. Mirrors `multiprocessing.managers.DictProxy`. */
export class DictProxy<V = unknown> extends SharedObject {
  /** @internal */
  constructor(entries: Iterable<readonly [Key, V]> | HomeDict | Place = []) {
    super(entries, () => {
      const dict =
        entries instanceof HomeDict
          ? entries
          : new HomeDict(packEntries(entries as Iterable<readonly [Key, V]>));
      return { target: dict, methods: DICT };
    });
  }

  #one(method: string, args: readonly unknown[], takeBack?: TakeBack): Operation<V | undefined> {
    return new Call(one as never, [this._call(method, args, { takeBack })], `DictProxy.${method}`);
  }

  #all(pick: Pick): Operation<unknown> {
    return new Call(all as never, [this._call('entries', []), pick], `DictProxy.${pick}`);
  }

  /** The value of `key`; `otherwise` when there is none. */
  get(key: Key, otherwise?: V): Operation<V | undefined> {
    return this.#one('get', otherwise === undefined ? [key] : [key, pack(otherwise, 'otherwise')]);
  }

  set(key: Key, value: V): Operation<void> {
    return this._call('set', [key, pack(value, 'value')]);
  }

  has(key: Key): Operation<boolean> {
    return this._call('has', [key]);
  }

  delete(key: Key): Operation<boolean> {
    return this._call('delete', [key]);
  }

  pop(key: Key, otherwise?: V): Operation<V | undefined> {
    if (otherwise !== undefined) return this.#one('pop', [key, pack(otherwise, 'otherwise')]);
    return this.#one('pop', [key], (value) => (value === undefined ? null : ['setdefault', [key, value]]));
  }

  setdefault(key: Key, value: V): Operation<V | undefined> {
    return this.#one('setdefault', [key, pack(value, 'value')]);
  }

  /** Sets all of a Map, of pairs, or of the keys of an object. */
  update(entries: Iterable<readonly [Key, V]> | Readonly<Record<string, V>>): Operation<void> {
    return this._call('update', [packEntries(pairsOf(entries))]);
  }

  keys(): Operation<Key[]> {
    return this.#all('keys') as Operation<Key[]>;
  }

  values(): Operation<V[]> {
    return this.#all('values') as Operation<V[]>;
  }

  items(): Operation<[Key, V][]> {
    return this.#all('items') as Operation<[Key, V][]>;
  }

  size(): Operation<number> {
    return this._call('size', []);
  }

  clear(): Operation<void> {
    return this._call('clear', []);
  }

  /** All of it as a Map. */
  copy(): Operation<Map<Key, V>> {
    return this.#all('copy') as Operation<Map<Key, V>>;
  }
}

/** A Map, pairs, or the keys of an object, as pairs. */
export function pairsOf<V>(
  entries: Iterable<readonly [Key, V]> | Readonly<Record<string, V>>,
): Iterable<readonly [Key, V]> {
  return Symbol.iterator in entries ? (entries as Iterable<readonly [Key, V]>) : Object.entries(entries);
}

export function packEntries(entries: Iterable<readonly [Key, unknown]>): [Key, Packed][] {
  return [...entries].map(([key, value]) => [key, pack(value, `get(${String(key)})`)]);
}

const LIST = new Set('at set push pop unpop insert remove reverse sort slice indexOf length'.split(' '));

/** A list in another process. Mirrors `multiprocessing.managers.ListProxy`. */
export class ListProxy<T = unknown> extends SharedObject {
  /** @internal */
  constructor(items: Iterable<T> | HomeList | Place = []) {
    super(items, () => {
      const list = items instanceof HomeList ? items : new HomeList(packEach(items as Iterable<T>, 'items'));
      return { target: list, methods: LIST };
    });
  }

  #one(method: string, args: readonly unknown[], takeBack?: TakeBack): Operation<T | undefined> {
    return new Call(one as never, [this._call(method, args, { takeBack })], `ListProxy.${method}`);
  }

  /** The item at `index`; negative ones count from the end. */
  at(index: number): Operation<T | undefined> {
    return this.#one('at', [index]);
  }

  set(index: number, value: T): Operation<void> {
    return this._call('set', [index, pack(value, 'value')]);
  }

  /** Appends; gives the new length. */
  push(...values: T[]): Operation<number> {
    return this._call('push', packEach(values, 'values'));
  }

  pop(index = -1): Operation<T | undefined> {
    return this.#one('pop', [index], (value) => (value === undefined ? null : ['unpop', [index, value]]));
  }

  insert(index: number, value: T): Operation<void> {
    return this._call('insert', [index, pack(value, 'value')]);
  }

  /** Removes the first that is equal to a primitive; whether there was one. */
  remove(value: T): Operation<boolean> {
    return this._call('remove', [value]);
  }

  reverse(): Operation<void> {
    return this._call('reverse', []);
  }

  /** Sorts numbers by value and text by its characters. */
  sort(options: { readonly reverse?: boolean | undefined } = {}): Operation<void> {
    checkOptions(options, 'ListProxy.sort', '{ reverse: true }');
    const { reverse = false } = options;
    checkType(reverse, 'reverse', 'boolean');
    return this._call('sort', [reverse]);
  }

  slice(start?: number, end?: number): Operation<T[]> {
    return new Call(many as never, [this._call('slice', [start, end])], 'ListProxy.slice');
  }

  indexOf(value: T): Operation<number> {
    return this._call('indexOf', [value]);
  }

  length(): Operation<number> {
    return this._call('length', []);
  }

  extend(values: Iterable<T>): Operation<number> {
    return this.push(...values);
  }

  /** All of it as an array. */
  copy(): Operation<T[]> {
    return this.slice();
  }
}

/** Named values: `get(name)`, `set(name, value)`. Mirrors `multiprocessing.managers.Namespace`. */
export class NamespaceProxy extends DictProxy {}

shares('dict', DictProxy);
shares('list', ListProxy);
shares('Namespace', NamespaceProxy);
