/**
 * What has been replaced, and how to put it back: every patch is the replacement of one property, noted here with the property that was there.
 *
 * `unpatchAll` goes backwards through the notes. A property that somebody else has replaced since is theirs and stays; the
 * function of ours that they may have kept calls the original from then on, as all of ours do (`inGreenlet`).
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { showValue } from '../../runtime/check.js';
import { engine } from '../../runtime/engine.js';
import { MAIN } from '../../runtime/waiter.js';

/** What can be patched, by the name of the module, or of the global. */
export const PATCHABLE = ['Promise', 'child_process', 'dns', 'fetch', 'fs', 'net', 'timers'] as const;

export type Patchable = (typeof PATCHABLE)[number];

interface Note {
  readonly patch: Patchable;
  readonly target: object;
  readonly key: PropertyKey;
  readonly before: PropertyDescriptor | undefined;
  readonly ours: PropertyDescriptor;
}

const notes: Note[] = [];
const patched = new Set<Patchable>();

/** Whether a greenlet runs, and its patched calls and promises are more than the host's. */
export function inGreenlet(): boolean {
  return engine.current._mode !== MAIN && patched.size > 0;
}

/** Applies one patch: does nothing when it is there already. True: it was not. */
export function apply(name: Patchable, patch: () => void): boolean {
  if (patched.has(name)) return false;
  patched.add(name);
  patch();
  syncBuiltinESMExports();
  return true;
}

/** Replaces `target[key]` until `unpatchAll`. */
export function replace(
  patch: Patchable,
  target: object,
  key: PropertyKey,
  descriptor: PropertyDescriptor,
): void {
  const before = Object.getOwnPropertyDescriptor(target, key);
  Object.defineProperty(target, key, descriptor);
  const ours = Object.getOwnPropertyDescriptor(target, key) as PropertyDescriptor;
  notes.push({ patch, target, key, before, ours });
}

/** Replaces the function `target[key]`, if it is one, by what `make` makes of it. Its descriptor stays. */
export function replaceFunction(
  patch: Patchable,
  target: object,
  key: string,
  make: (original: HostFunction) => HostFunction,
): void {
  const before = Object.getOwnPropertyDescriptor(target, key);
  if (typeof before?.value !== 'function' || before.configurable !== true) return;
  replace(patch, target, key, { ...before, value: make(before.value as HostFunction) });
}

// biome-ignore lint/suspicious/noExplicitAny: any function of the host
export type HostFunction = (this: any, ...args: any[]) => any;

function same(a: PropertyDescriptor | undefined, b: PropertyDescriptor): boolean {
  return a !== undefined && a.value === b.value && a.get === b.get && a.set === b.set;
}

/**
 * Puts back all that was replaced: functions and property descriptors are what they were, the names that modules have imported too.
 * What others have replaced on top since stays theirs. Greenlets that wait in a patched call go on waiting, and a kill still
 * aborts it. Never switches. gevent has no counterpart.
 */
export function unpatchAll(): void {
  for (const { target, key, before, ours } of notes.splice(0).reverse()) {
    if (!same(Object.getOwnPropertyDescriptor(target, key), ours)) continue;
    if (before === undefined) Reflect.deleteProperty(target, key);
    else Object.defineProperty(target, key, before);
  }
  patched.clear();
  syncBuiltinESMExports();
}

/** `node:fs/promises`, `fs.promises`, `fs` -> `fs`. */
function patchOf(name: string): string {
  const [base = ''] = name.replace(/^node:/, '').split(/[/.]/);
  if (base === 'stream' || base === 'events' || base === 'http') return 'net';
  return base === 'promise' || base === 'childProcess'
    ? { promise: 'Promise', childProcess: 'child_process' }[base]
    : base;
}

/**
 * Whether the patch of `name` is applied: `'fs'`, `'node:fs/promises'`, `'fetch'`, `'Promise'`, … Errors: `TypeError` for what no
 * patch has. Mirrors `gevent.monkey.is_module_patched`.
 */
export function isPatched(name: string): boolean {
  const patch = typeof name === 'string' ? patchOf(name) : undefined;
  if (patch === undefined || !(PATCHABLE as readonly string[]).includes(patch)) {
    throw new TypeError(`name must be one of ${PATCHABLE.join(', ')}, got ${showValue(name)}`);
  }
  return patched.has(patch as Patchable);
}

const load = createRequire(import.meta.url);

/** The object that has the names of a module, or the globals. */
function targetOf(module: string): object {
  if (module === 'globalThis' || module === 'global' || module === 'fetch') return globalThis;
  if (module === 'Promise') return Promise.prototype;
  return load(`node:${module.replace(/^node:/, '').replace('.', '/')}`) as object;
}

/**
 * What `module[name]` was before it was patched: what it is, if it is not. `module` is the name of a module of Node, `'globalThis'`, or an
 * object (a prototype). Mirrors `gevent.monkey.get_original`.
 *
 * @example const readFile = getOriginal('node:fs/promises', 'readFile');
 */
export function getOriginal(module: string | object, name: PropertyKey): unknown {
  const target = typeof module === 'string' ? targetOf(module) : module;
  if ((typeof target !== 'object' && typeof target !== 'function') || target === null) {
    throw new TypeError(`module must be the name of a module or an object, got ${showValue(module)}`);
  }
  const note = notes.find((each) => each.target === target && each.key === name);
  return note === undefined ? Reflect.get(target, name) : note.before?.value;
}
