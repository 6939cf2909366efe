/** Values that every greenlet has for itself. Mirrors `gevent.local`. */
import { engine } from './engine.js';
import type { Fiber } from './fiber.js';

type Store = Record<PropertyKey, unknown>;

/** The greenlet for which a store is being filled, so that a subclass's constructor writes there. */
let filling: Store | null = null;

function storeOf(key: object, fill: () => Store): Store {
  if (filling !== null) return filling;
  const extra = (engine.current as Fiber)._more();
  extra.locals ??= new Map();
  let store = extra.locals.get(key) as Store | undefined;
  if (store === undefined) {
    store = fill();
    extra.locals.set(key, store);
  }
  return store;
}

/**
 * An object whose attributes are different ones in every greenlet; code outside of greenlets has the main greenlet's. A copy
 * of `initial` is what each greenlet begins with. A subclass's constructor runs anew in each greenlet that touches the object,
 * with the arguments that it gave to `super`. The attributes of a greenlet go when it ends.
 */
export class Local {
  // biome-ignore lint/suspicious/noExplicitAny: attributes of any type, as in Python
  [attribute: string]: any;

  constructor(...args: unknown[]) {
    if (filling !== null) return attributesOf(new.target.prototype, filling) as this;
    const type = new.target as unknown as new (...args: unknown[]) => Local;
    const key = {};
    const first: { store: Store | null } = { store: copyInitial(args[0]) };
    const fill = (): Store => {
      const store = first.store ?? copyInitial(args[0]);
      if (first.store === null && type !== (Local as unknown)) {
        filling = store;
        try {
          new type(...args);
        } finally {
          filling = null;
        }
      }
      first.store = null;
      return store;
    };
    // biome-ignore lint/correctness/noConstructorReturn: the attributes are those of the current greenlet
    return localOf(new.target.prototype, () => storeOf(key, fill)) as this;
  }
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

function copyInitial(initial: unknown): Store {
  return typeof initial === 'object' && initial !== null ? (copy(initial) as Store) : {};
}

/** Plain objects and arrays are copied all the way, so that greenlets share none; anything else is taken as it is. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, copy(each)]));
  if (value instanceof Set) return new Set([...value].map(copy));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copy(each)]));
}

/** A `Local` with typed attributes. */
export function local<T extends object>(initial: T): T;
export function local(): Local;
export function local(initial?: object): object {
  return initial === undefined ? new Local() : new Local(initial);
}
