/** Dicts, lists and namespaces that processes share. They live in the process that made the manager; every access is an operation. */
import { type Packed, pack, unpack } from '../io/workers/codec.js';
import { Call } from '../runtime/call.js';
import type { Operation } from '../runtime/operation.js';
import type { Green } from '../runtime/types.js';
import { Barrier, Condition, Event } from './events.js';
import { HomeDict, HomeList, type Key, packEach } from './home-store.js';
import { BoundedSemaphore, Lock, RLock, Semaphore } from './locks.js';
import { JoinableQueue, Queue } from './queues.js';
import { type Place, SharedObject, shares } from './shared-object.js';
import { SharedArray, Value } from './values.js';

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
  constructor(entries: Iterable<readonly [Key, V]> | Place = []) {
    super(entries, () => {
      const dict = new HomeDict();
      dict.update(packEntries(entries as Iterable<readonly [Key, V]>));
      return { target: dict, methods: DICT };
    });
  }

  #one(method: string, args: readonly unknown[]): Operation<V | undefined> {
    return new Call(one as never, [this._call(method, args)], `DictProxy.${method}`);
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
    return this.#one('pop', otherwise === undefined ? [key] : [key, pack(otherwise, 'otherwise')]);
  }

  setdefault(key: Key, value: V): Operation<V | undefined> {
    return this.#one('setdefault', [key, pack(value, 'value')]);
  }

  /** Sets all of a Map, of pairs, or of the keys of an object. */
  update(entries: Iterable<readonly [Key, V]> | Readonly<Record<string, V>>): Operation<void> {
    const pairs =
      Symbol.iterator in entries ? (entries as Iterable<readonly [Key, V]>) : Object.entries(entries);
    return this._call('update', [packEntries(pairs)]);
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

function packEntries(entries: Iterable<readonly [Key, unknown]>): [Key, Packed][] {
  return [...entries].map(([key, value]) => [key, pack(value, `get(${String(key)})`)]);
}

const LIST = new Set('at set push pop insert remove reverse sort slice indexOf length'.split(' '));

/** A list in another process. Mirrors `multiprocessing.managers.ListProxy`. */
export class ListProxy<T = unknown> extends SharedObject {
  /** @internal */
  constructor(items: Iterable<T> | Place = []) {
    super(items, () => ({ target: new HomeList(packEach(items as Iterable<T>, 'items')), methods: LIST }));
  }

  #one(method: string, args: readonly unknown[]): Operation<T | undefined> {
    return new Call(one as never, [this._call(method, args)], `ListProxy.${method}`);
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
    return this.#one('pop', [index]);
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
    return this._call('sort', [options.reverse === true]);
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

/** What a `Manager()` makes. Its objects live in this process, so there is no server to be started or waited for. */
export class SharedManager implements Disposable, AsyncDisposable {
  /** A dict of the entries of a Map, of pairs, or of the keys of an object. */
  dict<V = unknown>(entries: Iterable<readonly [Key, V]> | Readonly<Record<string, V>> = []): DictProxy<V> {
    const pairs =
      Symbol.iterator in entries ? (entries as Iterable<readonly [Key, V]>) : Object.entries(entries);
    return new DictProxy<V>(pairs);
  }

  list<T = unknown>(items: Iterable<T> = []): ListProxy<T> {
    return new ListProxy<T>(items);
  }

  Namespace(values: Readonly<Record<string, unknown>> = {}): NamespaceProxy {
    return new NamespaceProxy(Object.entries(values));
  }

  readonly Value = (...args: ConstructorParameters<typeof Value>): Value => new Value(...args);
  readonly Array = (...args: ConstructorParameters<typeof SharedArray>): SharedArray =>
    new SharedArray(...args);
  readonly Lock = (): Lock => new Lock();
  readonly RLock = (): RLock => new RLock();
  readonly Semaphore = (value?: number): Semaphore => new Semaphore(value);
  readonly BoundedSemaphore = (value?: number): BoundedSemaphore => new BoundedSemaphore(value);
  readonly Event = (): Event => new Event();
  readonly Condition = (lock?: Lock | RLock): Condition => new Condition(lock);
  readonly Barrier = (parties: number, action?: () => unknown): Barrier => new Barrier(parties, action);

  Queue<T = unknown>(maxsize = 0): Queue<T> {
    return new Queue<T>(maxsize);
  }

  JoinableQueue<T = unknown>(maxsize = 0): JoinableQueue<T> {
    return new JoinableQueue<T>(maxsize);
  }

  /** Nothing has to be let go of: the objects live as long as somebody has them. */
  shutdown(): void {}

  [Symbol.dispose](): void {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** What makes objects that processes share. Mirrors `multiprocessing.Manager`. Never switches. */
export function Manager(): SharedManager {
  return new SharedManager();
}
