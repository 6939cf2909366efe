/** What a manager makes: in this process, or in that of a manager far away. */
import type { Packed } from '../io/workers/codec.js';
import { checkFn, showValue } from '../runtime/check.js';
import { Barrier, Condition, Event } from './events.js';
import { HomeDict, HomeList, type Key, packEach } from './home-store.js';
import { BoundedSemaphore, Lock, RLock, Semaphore } from './locks.js';
import { DictProxy, ListProxy, NamespaceProxy, packEntries, pairsOf } from './proxies.js';
import { JoinableQueue, Queue } from './queues.js';
import type { SharedObject } from './shared-object.js';
import type { Item, Typecode } from './typecodes.js';
import type { SharedArray, Value } from './values.js';

export interface Kinds {
  dict: DictProxy;
  list: ListProxy;
  Namespace: NamespaceProxy;
  Lock: Lock;
  RLock: RLock;
  Semaphore: Semaphore;
  BoundedSemaphore: BoundedSemaphore;
  Event: Event;
  Condition: Condition;
  Barrier: Barrier;
  Queue: Queue;
  JoinableQueue: JoinableQueue;
}

export type Kind = keyof Kinds;

/** Makes each kind of object here, of arguments that may have come from far away. */
export const MAKERS: Readonly<Record<Kind, (...args: never[]) => SharedObject>> = {
  dict: (entries: [Key, Packed][]) => new DictProxy(new HomeDict(entries)),
  list: (items: Packed[]) => new ListProxy(new HomeList(items)),
  Namespace: (entries: [Key, Packed][]) => new NamespaceProxy(new HomeDict(entries)),
  Lock: () => new Lock(),
  RLock: () => new RLock(),
  Semaphore: (value?: number) => new Semaphore(value),
  BoundedSemaphore: (value?: number) => new BoundedSemaphore(value),
  Event: () => new Event(),
  Condition: (lock?: Lock | RLock) => new Condition(lock),
  Barrier: (parties: number, action?: () => unknown) => new Barrier(parties, action),
  Queue: (maxsize: number) => new Queue(maxsize),
  JoinableQueue: (maxsize: number) => new JoinableQueue(maxsize),
};

export const CLASSES = {
  dict: DictProxy,
  list: ListProxy,
  Namespace: NamespaceProxy,
  Lock,
  RLock,
  Semaphore,
  BoundedSemaphore,
  Event,
  Condition,
  Barrier,
  Queue,
  JoinableQueue,
} as const;

type Entries<V> = Iterable<readonly [Key, V]> | Readonly<Record<string, V>>;

/** The methods of a manager that make objects. None of them switches. */
export abstract class Maker {
  /** @internal */
  protected abstract _make<K extends Kind>(kind: K, args: readonly unknown[]): Kinds[K];

  /** One number, or character: see `Value`. */
  abstract Value(typecode: Typecode, init?: Item): Value;

  /** Several: see `SharedArray`. */
  abstract Array(typecode: Typecode, init?: number | Iterable<Item>): SharedArray;

  /** A dict of the entries of a Map, of pairs, or of the keys of an object. Errors: `DataCloneError`. */
  dict<V = unknown>(entries: Entries<V> = []): DictProxy<V> {
    return this._make('dict', [packEntries(pairsOf(entries))]) as DictProxy<V>;
  }

  list<T = unknown>(items: Iterable<T> = []): ListProxy<T> {
    return this._make('list', [packEach(items, 'items')]) as ListProxy<T>;
  }

  Namespace(values: Readonly<Record<string, unknown>> = {}): NamespaceProxy {
    return this._make('Namespace', [packEntries(Object.entries(values))]);
  }

  Lock(): Lock {
    return this._make('Lock', []);
  }

  RLock(): RLock {
    return this._make('RLock', []);
  }

  Semaphore(value = 1): Semaphore {
    return this._make('Semaphore', [value]);
  }

  BoundedSemaphore(value = 1): BoundedSemaphore {
    return this._make('BoundedSemaphore', [value]);
  }

  Event(): Event {
    return this._make('Event', []);
  }

  /** On `lock`, which lives where this makes things; an `RLock` of its own unless given. */
  Condition(lock?: Lock | RLock): Condition {
    return this._make('Condition', lock === undefined ? [] : [lock]);
  }

  /** `action` is called in this process before all go on; a manager that is far away takes none. */
  Barrier(parties: number, action?: () => unknown): Barrier {
    if (action !== undefined) checkFn(action, 'action');
    return this._make('Barrier', action === undefined ? [parties] : [parties, action]);
  }

  Queue<T = unknown>(maxsize = 0): Queue<T> {
    return this._make('Queue', [maxsize]) as Queue<T>;
  }

  JoinableQueue<T = unknown>(maxsize = 0): JoinableQueue<T> {
    return this._make('JoinableQueue', [maxsize]) as JoinableQueue<T>;
  }
}

/** Makes an object of the kind that is asked for. Errors: `TypeError` for a kind that there is none of. */
export function makeKind(kind: unknown, args: unknown): SharedObject {
  if (typeof kind !== 'string' || !Object.hasOwn(MAKERS, kind))
    throw new TypeError(`there is nothing of the kind ${showValue(kind)}`);
  if (!Array.isArray(args)) throw new TypeError(`args must be an array, got ${showValue(args)}`);
  return MAKERS[kind as Kind](...(args as never[]));
}
