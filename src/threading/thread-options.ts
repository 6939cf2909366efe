/** What a thread is made of. Types, and their checks. */
import type { Fn } from '../runtime/body-types.js';
import { checkFn, checkOptions, showValue } from '../runtime/check.js';

interface Naming {
  /** `Thread-1 (target)` unless given. */
  readonly name?: string | undefined;
  /** What it waits for does not hold the process. As whoever creates it, unless given. */
  readonly daemon?: boolean | undefined;
}

/** They may be left out where the target takes none. */
type Arguments<A extends readonly unknown[]> = [] extends A
  ? { readonly args?: A | undefined }
  : { readonly args: A };

/** `target`, what `run` calls (a generator function, an async or a plain one), `args`, `name`, `daemon`. */
// biome-ignore lint/suspicious/noExplicitAny: for subclasses that hand on what they are given
export type ThreadOptions<A extends readonly unknown[] = any, R = any> = Naming &
  Arguments<A> & {
    readonly target?: Fn<A, R> | null | undefined;
    readonly kwargs?: undefined;
  };

/** The same with `kwargs`, Python's keyword arguments: one object, which `target` gets behind `args`. */
export type KeywordThreadOptions<A extends readonly unknown[], R, K extends object> = Naming &
  Arguments<A> & {
    readonly target: Fn<[...A, K], R>;
    readonly kwargs: K;
  };

const EXAMPLE = '{ target: worker, args: [1] }';

/** Errors: `TypeError`. */
export function checkThreadOptions(options: { readonly [Name in keyof ThreadOptions]: unknown }): void {
  checkOptions(options, 'Thread', EXAMPLE);
  const { target, args, kwargs, name, daemon } = options;
  if (target != null) checkFn(target, 'target', `; write new Thread(${EXAMPLE})`);
  if (args !== undefined) checkArgs(args);
  if (kwargs !== undefined) checkKwargs(kwargs);
  if (name !== undefined) checkName(name);
  if (daemon !== undefined) checkDaemon(daemon);
}

function checkKwargs(kwargs: unknown): void {
  if (typeof kwargs !== 'object' || kwargs === null)
    throw new TypeError(`kwargs must be an object such as { verbose: true }, got ${showValue(kwargs)}`);
}

export function checkArgs(args: unknown): asserts args is readonly unknown[] {
  if (!Array.isArray(args)) throw new TypeError(`args must be an array, got ${showValue(args)}`);
}

export function checkName(name: unknown): asserts name is string {
  if (typeof name !== 'string') throw new TypeError(`name must be a string, got ${showValue(name)}`);
}

export function checkDaemon(daemon: unknown): asserts daemon is boolean {
  if (typeof daemon !== 'boolean') throw new TypeError(`daemon must be a boolean, got ${showValue(daemon)}`);
}
