/**
 * Values on their way to another process: what structured clone cannot do is refused before anything is sent, naming the path; handles of
 * shared objects and functions become marks, and are themselves again at the other end.
 *
 * What is packed is a copy: what the sender changes afterwards is not seen by anybody.
 */
import { types } from 'node:util';
import { showValue } from '../../runtime/check.js';
import { markedAs, Ref, referenceTo, resolveRef } from './references.js';
import { copyWhole, isWhole } from './whole.js';

/** What stands for a handle: by its kind the other end knows how to make it anew. */
export interface Mark {
  readonly kind: string;
  readonly data: unknown;
}

export const MARK = '\u0000greenlets';

/** Objects that are sent as marks have this method. */
export const SEND = Symbol.for('greenlets.send');

/** A value that is fit to be cloned; `marked` when there are marks in it. */
export interface Packed {
  readonly value: unknown;
  readonly marked: boolean;
}

/** Refuses what is not packed: a message may say anything. */
export function checkPacked(value: unknown): asserts value is Packed {
  if (typeof value === 'object' && value !== null && typeof (value as Packed).marked === 'boolean') return;
  throw new TypeError(`a value must be packed, got ${showValue(value)}`);
}

const revivers = new Map<string, (data: never) => unknown>();

/** Says how what was sent as a mark of `kind` is made anew. */
export function revives<D>(kind: string, make: (data: D) => unknown): void {
  revivers.set(kind, make as (data: never) => unknown);
}

revives('ref', (data: { url: string; name: string; text: string }) => {
  return new Ref(data.url, data.name, data.text);
});

/** What cannot be sent. */
export class DataCloneError extends TypeError {
  readonly code: string = 'DATA_CLONE';
}
Object.defineProperty(DataCloneError.prototype, 'name', { value: 'DataCloneError', configurable: true });

type Sendable = { [SEND]?: () => Mark };

/** An error that is sent as a mark, so that nothing of it is lost (failure.ts). */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its fields; what cannot be sent is told in words, since the error would be lost otherwise. */
  readonly own: Record<string, unknown>;
  readonly isDom: boolean;
}

export const ERROR = 'error';

export interface PackOptions {
  /** What is not copied: it is moved. */
  readonly transfer?: readonly unknown[] | undefined;
  /** It is sent at once: no bytes need be copied. */
  readonly atOnce?: boolean;
}

/**
 * Makes `value` fit to be sent: a copy of it, as it is now. Errors: `DataCloneError`, naming the path from `path` on. Never switches.
 */
export function pack(value: unknown, path: string, options?: PackOptions): Packed {
  if (typeof value !== 'object' || value === null) {
    if (typeof value !== 'function' && typeof value !== 'symbol') return { value, marked: false };
  }
  const walk = new Walk(options);
  const found = walk.copy(value, path);
  return { value: found, marked: walk.marked };
}

class Walk {
  marked = false;
  readonly #seen = new Map<object, unknown>();
  readonly #options: PackOptions | undefined;

  constructor(options: PackOptions | undefined) {
    this.#options = options;
  }

  /** A copy of `value`, with marks in it. */
  copy(value: unknown, path: string): unknown {
    if (typeof value === 'symbol') throw refused(`the symbol ${String(value)}`, path);
    if (typeof value === 'function') return this.#mark(functionMark(value, path));
    if (typeof value !== 'object' || value === null) return value;
    const send = (value as Sendable)[SEND];
    if (send !== undefined) return this.#mark(send.call(value));
    if (value instanceof Ref)
      return this.#mark({ kind: 'ref', data: { url: value.url, name: value.export, text: value._text } });
    const seen = this.#seen.get(value);
    if (seen !== undefined) return seen;
    if (Array.isArray(value)) return this.#array(value, path);
    if (value instanceof Map) return this.#map(value, path);
    if (value instanceof Set) return this.#set(value, path);
    if (this.#options?.transfer?.includes(value)) return value;
    if (value instanceof Error) return this.#error(value, path);
    if (isWhole(value)) return this.#whole(value, path);
    const never = NEVER.find(([is]) => is(value));
    if (never !== undefined) throw refused(never[1], path);
    return this.#object(value as Record<string, unknown>, path);
  }

  #mark(mark: Mark): unknown {
    this.marked = true;
    return { [MARK]: mark.kind, data: mark.data };
  }

  #whole(value: object, path: string): unknown {
    if (this.#options !== undefined) {
      const { transfer, atOnce } = this.#options;
      if (atOnce === true) return value;
      if (ArrayBuffer.isView(value) && transfer?.includes(value.buffer)) return value;
    }
    let made: object;
    try {
      made = copyWhole(value);
    } catch {
      throw refused('memory that has been moved elsewhere', path);
    }
    this.#seen.set(value, made);
    return made;
  }

  #error(error: Error, path: string): unknown {
    const own: Record<string, unknown> = {};
    const data: ErrorData = {
      name: this.#text(() => error.name) ?? 'Error',
      message: this.#text(() => error.message) ?? '',
      stack: this.#text(() => error.stack),
      own,
      isDom: error instanceof DOMException,
    };
    const mark = { [MARK]: ERROR, data };
    this.marked = true;
    this.#seen.set(error, mark);
    const keys = new Set(Object.keys(error).filter((key) => !key.startsWith('_')));
    for (const key of ['cause', 'errors']) if (Object.hasOwn(error, key)) keys.add(key);
    for (const key of ['name', 'message', 'stack']) keys.delete(key);
    for (const key of keys) {
      put(
        own,
        key,
        this.#told(() => (error as unknown as Record<string, unknown>)[key], `${path}.${key}`),
      );
    }
    return mark;
  }

  /** A part of an error, or of its list of errors, in words where it cannot be sent. */
  #told(part: () => unknown, path: string): unknown {
    const known = this.#seen.size;
    try {
      const value = part();
      if (!path.endsWith('.errors') || !Array.isArray(value)) return this.copy(value, path);
      return value.map((each, index) => this.#told(() => each, `${path}[${index}]`));
    } catch {
      // What was begun is in parts.
      for (const each of [...this.#seen.keys()].slice(known)) this.#seen.delete(each);
      return inWords(part);
    }
  }

  #text(part: () => unknown): string | undefined {
    try {
      const value = part();
      return value === undefined || typeof value === 'string' ? value : String(value);
    } catch {
      return undefined;
    }
  }

  #array(value: readonly unknown[], path: string): unknown {
    const made: unknown[] = new Array(value.length);
    this.#seen.set(value, made);
    for (let index = 0; index < value.length; index++) {
      const each = value[index];
      made[index] =
        typeof each === 'number' || typeof each === 'string' ? each : this.copy(each, `${path}[${index}]`);
    }
    return made;
  }

  #map(value: ReadonlyMap<unknown, unknown>, path: string): unknown {
    const made = new Map();
    this.#seen.set(value, made);
    for (const [key, each] of value) {
      made.set(this.copy(key, `a key of ${path}`), this.copy(each, `${path}.get(${shown(key)})`));
    }
    return made;
  }

  #set(value: ReadonlySet<unknown>, path: string): unknown {
    const made = new Set();
    this.#seen.set(value, made);
    for (const each of value) made.add(this.copy(each, `an element of ${path}`));
    return made;
  }

  #object(value: Readonly<Record<string, unknown>>, path: string): unknown {
    const made: Record<string, unknown> = {};
    this.#seen.set(value, made);
    for (const key of Object.keys(value)) put(made, key, this.copy(value[key], `${path}.${key}`));
    return made;
  }
}

/** Sets a field of its own, whatever it is called. */
export function put(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

function shown(key: unknown): string {
  return typeof key === 'string' ? JSON.stringify(key) : String(key);
}

function functionMark(fn: unknown, path: string): Mark {
  const { url, export: name, _text: text } = referenceTo(fn, path);
  return { kind: 'ref', data: { url, name, text } };
}

function refused(what: string, path: string): DataCloneError {
  return new DataCloneError(
    `${path} is ${what}, which cannot be sent to another process: send the data that it stands for`,
  );
}

/** What cannot be sent, as far as it can be told. */
export function inWords(part: () => unknown): string {
  try {
    return String(part());
  } catch {
    return 'something that cannot be shown';
  }
}

const NEVER: readonly (readonly [(value: object) => boolean, string])[] = [
  [types.isPromise, 'a promise'],
  [types.isWeakMap, 'a WeakMap'],
  [types.isWeakSet, 'a WeakSet'],
  [types.isGeneratorObject, 'a generator'],
  [types.isProxy, 'a Proxy'],
  [types.isSymbolObject, 'a symbol'],
  [(value) => value instanceof MessagePort, 'a MessagePort'],
  [(value) => value instanceof WeakRef, 'a WeakRef'],
  [(value) => '_start' in value && '_undo' in value, 'an operation'],
  [(value) => '_mode' in value && '_self' in value, 'a greenlet'],
];

/** The value again, with handles and functions in the places of their marks: operation-free unless a module is to be loaded. */
export function unpack(packed: Packed): unknown {
  return packed.marked ? new Unwalk().restore(packed.value) : packed.value;
}

/** The same, with functions where there were functions: their modules are loaded. */
export async function unpackAll(packed: Packed): Promise<unknown> {
  if (!packed.marked) return packed.value;
  const walk = new Unwalk();
  walk.restore(packed.value);
  await Promise.all([...walk.refs].map(async (each) => walk.functions.set(each, await resolveRef(each))));
  return walk.again(packed.value);
}

class Unwalk {
  readonly refs = new Set<Ref>();
  readonly functions = new Map<Ref, unknown>();
  readonly #made = new Map<object, unknown>();
  readonly #seen = new Set<object>();

  /** A second time, with the functions known. */
  again(value: unknown): unknown {
    this.#seen.clear();
    return this.restore(value);
  }

  restore(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Ref) return this.functions.get(value) ?? value;
    const kind = (value as Record<string, unknown>)[MARK];
    if (typeof kind === 'string') return this.#revive(value as Record<string, unknown>, kind);
    if (this.#seen.has(value)) return value;
    this.#seen.add(value);
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) value[index] = this.restore(value[index]);
    } else if (value instanceof Map) {
      const entries = [...value].map(([key, each]) => [this.restore(key), this.restore(each)] as const);
      value.clear();
      for (const [key, each] of entries) value.set(key, each);
    } else if (value instanceof Set) {
      const all = [...value].map((each) => this.restore(each));
      value.clear();
      for (const each of all) value.add(each);
    } else if (Object.getPrototypeOf(value) === Object.prototype) {
      const object = value as Record<string, unknown>;
      for (const key of Object.keys(object)) object[key] = this.restore(object[key]);
    }
    return value;
  }

  /** The fields of an error are made when it is known itself, which they may lead to. */
  #complete(error: Error, { own }: ErrorData): void {
    this.restore(own);
    for (const [key, value] of Object.entries(own ?? {})) {
      const enumerable = key !== 'cause' && key !== 'errors';
      Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
    }
  }

  #revive(value: Record<string, unknown>, kind: string): unknown {
    let made = this.#made.get(value);
    if (made === undefined) {
      const revive = revivers.get(kind);
      if (revive === undefined) throw new TypeError(`nothing is known here of ${showValue(kind)}`);
      made = revive(value['data'] as never);
      if (made instanceof Ref) made = markedAs(made) ?? made;
      this.#made.set(value, made);
      if (made instanceof Ref) this.refs.add(made);
    }
    if (kind === ERROR && !this.#seen.has(value)) {
      this.#seen.add(value);
      this.#complete(made as Error, value['data'] as ErrorData);
    }
    return made instanceof Ref ? (this.functions.get(made) ?? made) : made;
  }
}
