/**
 * Functions by reference: a child finds a function by the URL of a module and a name in it.
 *
 * A function is known that was marked by `sendable`, or that the program's module exports under its own name. What is exported is
 * read off the text of the module, because the module itself may still be running, and is checked again in the child by the text
 * of the function.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { showValue } from '../../runtime/check.js';
import { SHOWN } from '../../runtime/shown.js';
import { mainUrl } from './child-state.js';
import { loadModule } from './load.js';

// biome-ignore lint/suspicious/noExplicitAny: any function or class can be referred to
export type AnyFunction = ((...args: any[]) => any) | (abstract new (...args: any[]) => any);

/** Where a function is found. */
export class Ref {
  readonly url: string;
  readonly export: string;
  /** The text of the function that is meant; '' when any will do. @internal */
  readonly _text: string;
  /** By which pools know it; 0: none yet. @internal */
  _number = 0;

  constructor(url: string, name: string, text = '') {
    this.url = url;
    this.export = name;
    this._text = text;
  }

  toString(): string {
    return `<Ref ${this.export} of ${this.url}>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }
}

const marked = new WeakMap<object, Ref>();
const named = new Map<string, AnyFunction>();

/**
 * Marks functions and classes of a module, exported or not, so that they can be sent to children: `sendable(import.meta, { f })` at its top
 * level. Gives them back. Never switches. Python pickles what stands at the top level of a module; a module cannot be asked for that here.
 */
export function sendable<T extends Readonly<Record<string, AnyFunction>>>(
  meta: { readonly url: string },
  functions: T,
): T {
  if (typeof meta?.url !== 'string') throw new TypeError(`meta must be import.meta, got ${showValue(meta)}`);
  for (const [name, fn] of Object.entries(functions)) {
    if (typeof fn !== 'function') throw new TypeError(`${name} must be a function, got ${showValue(fn)}`);
    marked.set(fn, new Ref(meta.url, name));
    named.set(`${meta.url} ${name}`, fn);
  }
  return functions;
}

/** The export `name` of the module at `url` (a URL, or the name of a module of Node), which this process need not load. */
export function ref(url: string | URL, name: string): Ref {
  const text = String(url);
  if (!/^(file|data|node|https?):/.test(text)) {
    throw new TypeError(
      `url must be an absolute URL such as import.meta.resolve('./work.js'), got ${showValue(text)}`,
    );
  }
  if (typeof name !== 'string') throw new TypeError(`name must be a string, got ${showValue(name)}`);
  return new Ref(text, name);
}

let exported: { url: string; names: Map<string, string> } | null = null;

/** What the program's module exports: local names, and the names by which others know them. */
function exportsOfMain(url: string): Map<string, string> {
  if (exported?.url === url) return exported.names;
  let text = '';
  try {
    text = readFileSync(fileURLToPath(url), 'utf8');
  } catch {
    // It is no file.
  }
  exported = { url, names: exportsOf(text) };
  return exported.names;
}

/** What a module of that text exports: local names, and the names by which others know them. Each begins a line or follows a statement. */
export function exportsOf(text: string): Map<string, string> {
  const names = new Map<string, string>();
  const declared =
    /(?:^|[;}])[ \t]*export\s+(?:async\s+)?(?:abstract\s+)?(?:function\s*\*?|class|const|let|var)\s*([\w$]+)/gm;
  for (const [, name = ''] of text.matchAll(declared)) names.set(name, name);
  const standard = /(?:^|[;}])[ \t]*export\s+default\s+(?:async\s+)?(?:function\s*\*?|class)\s*([\w$]+)/gm;
  for (const [, name = ''] of text.matchAll(standard)) names.set(name, 'default');
  for (const [, list = ''] of text.matchAll(/(?:^|[;}])[ \t]*export\s*\{([^}]*)\}(?!\s*from\b)/gm)) {
    for (const each of list.split(',')) {
      const [, local, other] = /^\s*([\w$]+)(?:\s+as\s+([\w$]+))?\s*$/.exec(each) ?? [];
      if (local !== undefined) names.set(local, other ?? local);
    }
  }
  return commonExports(text, names);
}

/** The same of a CommonJS module: `exports.f = f`, `exports.f = function f() {…}`, `module.exports = { f, g: h }`. */
function commonExports(text: string, names: Map<string, string>): Map<string, string> {
  const single =
    /(?:^|[;}])[ \t]*(?:module\.)?exports\.([\w$]+)\s*=\s*(?:(?:async\s+)?(?:function\s*\*?|class)\s*)?([\w$]+)/gm;
  for (const [, other = '', local = ''] of text.matchAll(single)) names.set(local, other);
  for (const [, list = ''] of text.matchAll(/(?:^|[;}])[ \t]*module\.exports\s*=\s*\{([^}]*)\}/gm)) {
    for (const each of list.split(',')) {
      const [, other, local] = /^\s*([\w$]+)(?:\s*:\s*([\w$]+))?\s*$/.exec(each) ?? [];
      if (other !== undefined) names.set(local ?? other, other);
    }
  }
  return names;
}

/** Where a child finds `fn`. Errors: `TypeError` for a closure and whatever else no child can find. */
export function referenceTo(fn: unknown, what = 'fn'): Ref {
  if (fn instanceof Ref) return fn;
  if (typeof fn !== 'function') throw new TypeError(`${what} must be a function, got ${showValue(fn)}`);
  const known = marked.get(fn);
  if (known !== undefined) return known;
  const url = mainUrl();
  const name = url === null ? undefined : exportsOfMain(url).get(fn.name);
  if (url === null || name === undefined) throw closure(fn.name, what);
  const found = new Ref(url, name, String(fn));
  marked.set(fn, found);
  return found;
}

function closure(name: string, what: string): TypeError {
  const shown = name === '' ? 'f' : name;
  return new TypeError(
    `${what} (${name === '' ? 'a function without a name' : name}) cannot be sent to another process: a child finds a function by module ` +
      `and name, and a closure has neither. Declare it at the top level of a module, and export it from the program's main module, or mark it ` +
      `there with sendable(import.meta, { ${shown} }), or pass ref(url, '${shown}')`,
  );
}

/** The function that `ref` means, in this process. Errors: `TypeError` when there is none. */
export async function resolveRef(ref: Ref): Promise<AnyFunction> {
  const module = await loadModule(ref.url);
  const fn = named.get(`${ref.url} ${ref.export}`) ?? module[ref.export];
  if (typeof fn !== 'function')
    throw new TypeError(`${ref.url} has no function ${ref.export}: export it, or mark it with sendable()`);
  if (ref._text !== '' && String(fn) !== ref._text) throw closure(fn.name, `what ${ref.export} stands for`);
  return fn as AnyFunction;
}

/** The same, when its module has been loaded already; undefined otherwise. */
export function markedAs(ref: Ref): AnyFunction | undefined {
  return named.get(`${ref.url} ${ref.export}`);
}
