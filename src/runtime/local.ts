/** Values that every greenlet has for itself. Mirrors `gevent.local`. */
import { isPlain, isRecord, mismatch } from './check.js';
import { engine } from './engine.js';
import type { Fiber } from './fiber.js';

type Store = Record<PropertyKey, unknown>;

/** Set while a subclass's constructor runs anew for a greenlet: the object of that type is to have this store. */
let filling: { readonly type: unknown; readonly store: Store } | null = null;

function storeOf(key: object, initial: () => Store, construct: (store: Store) => void): Store {
  const extra = (engine.current as Fiber)._more();
  extra.locals ??= new Map();
  const known = extra.locals.get(key) as Store | undefined;
  if (known !== undefined) return known;
  const store = initial();
  extra.locals.set(key, store);
  construct(store);
  return store;
}

/**
 * An object whose attributes are different ones in every greenlet; code outside of greenlets has the main greenlet's. A copy
 * of `initial` is what each greenlet begins with; of an instance of a class, its fields, and the methods are there too. A subclass's
 * constructor runs anew in each greenlet that touches the object, with the arguments that it gave to `super`; its private `#fields` are
 * the object's own, shared by all greenlets. The attributes of a greenlet go when it ends.
 */
export class Local {
  // biome-ignore lint/suspicious/noExplicitAny: attributes of any type, as in Python
  [attribute: string]: any;

  constructor(...args: unknown[]) {
    const type = new.target as unknown as new (...args: unknown[]) => Local;
    if (filling !== null && filling.type === type) {
      const { store } = filling;
      filling = null;
      // biome-ignore lint/correctness/noConstructorReturn: see below
      return attributesOf(new.target.prototype, store) as this;
    }
    if (type === (Local as unknown)) checkInitial(args[0]);
    const key = {};
    let first = true;
    const construct = (store: Store): void => {
      // Where the object is made, its constructor is running already.
      if (first || type === (Local as unknown)) return;
      const before = filling;
      filling = { type, store };
      try {
        new type(...args);
      } finally {
        filling = before;
      }
    };
    const store = () => storeOf(key, () => copyInitial(args[0]), construct);
    store();
    first = false;
    // biome-ignore lint/correctness/noConstructorReturn: the attributes are those of the current greenlet
    return localOf(type === (Local as unknown) ? methodsFor(args[0]) : type.prototype, store) as this;
  }
}

/** The prototype of a `Local` that begins with `initial`. */
function methodsFor(initial: unknown): object {
  return initial === undefined || isPlain(initial)
    ? Local.prototype
    : (Object.getPrototypeOf(initial) ?? Local.prototype);
}

/** An object with the attributes of one store. */
function attributesOf(prototype: object, store: Store): object {
  return localOf(prototype, () => store);
}

function localOf(prototype: object, store: () => Store): object {
  return new Proxy(Object.create(prototype) as object, {
    get: (target, name, receiver) => {
      const attributes = store();
      return Object.hasOwn(attributes, name) ? attributes[name] : Reflect.get(target, name, receiver);
    },
    set: (target, name, value, receiver) => {
      const setter = findSetter(target, name);
      if (setter !== undefined) setter.call(receiver, value);
      else store()[name] = value;
      return true;
    },
    has: (target, name) => Object.hasOwn(store(), name) || Reflect.has(target, name),
    deleteProperty: (_target, name) => delete store()[name],
    ownKeys: () => Reflect.ownKeys(store()),
    defineProperty: (_target, name, descriptor) =>
      Reflect.defineProperty(store(), name, { ...descriptor, configurable: true }),
    getOwnPropertyDescriptor: (_target, name) => {
      const descriptor = Reflect.getOwnPropertyDescriptor(store(), name);
      return descriptor && { ...descriptor, configurable: true };
    },
  });
}

function findSetter(target: object, name: PropertyKey): ((value: unknown) => void) | undefined {
  for (let each: object | null = target; each !== null; each = Object.getPrototypeOf(each)) {
    const descriptor = Object.getOwnPropertyDescriptor(each, name);
    if (descriptor !== undefined) return descriptor.set;
  }
  return undefined;
}

/** What a subclass is given is its own affair. */
function checkInitial(initial: unknown): void {
  if (initial !== undefined && !isRecord(initial))
    throw mismatch('initial', 'an object such as { count: 0 }', initial);
}

/** The fields of `initial` itself are copied whatever it is an instance of: a store belongs to one greenlet. */
function copyInitial(initial: unknown): Store {
  const store: Store = {};
  if (isRecord(initial)) copyFields(initial, store, new Map<object, object>([[initial, store]]));
  return store;
}

function copyFields(from: object, to: Store, copies: Map<object, object>): void {
  for (const key of Reflect.ownKeys(from)) {
    if (Object.prototype.propertyIsEnumerable.call(from, key)) to[key] = copy(Reflect.get(from, key), copies);
  }
}

/** Plain objects and collections are copied all the way, so that greenlets share none; anything else is taken as it is. */
function copy(value: unknown, copies: Map<object, object>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const made: unknown[] = [];
    copies.set(value, made);
    for (const each of value) made.push(copy(each, copies));
    return made;
  }
  if (value instanceof Map) {
    const made = new Map();
    copies.set(value, made);
    for (const [key, each] of value) made.set(key, copy(each, copies));
    return made;
  }
  if (value instanceof Set) {
    const made = new Set();
    copies.set(value, made);
    for (const each of value) made.add(copy(each, copies));
    return made;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const made: Store = {};
  copies.set(value, made);
  copyFields(value, made, copies);
  return made;
}

/** A `Local` with typed attributes. */
export function local<T extends object>(initial: T): T;
export function local(): Local;
export function local(initial?: object): object {
  return initial === undefined ? new Local() : new Local(initial);
}
