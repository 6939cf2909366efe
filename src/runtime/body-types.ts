/** The types of everything that takes a function or something to wait for. Types only, no code. */
import type { Operation } from './operation.js';
import type { Green, Suspend } from './types.js';

/** What any function given to the runtime may return. */
export type Body<T> = Green<T> | Operation<T> | PromiseLike<T> | T;

/** The one signature wherever a function is taken: generator, plain, async and generic functions; a bare `yield 5` is refused. */
export type Fn<A extends readonly unknown[], R> = (...args: A) => R &
  // biome-ignore lint/suspicious/noExplicitAny: the result and the sent type of a foreign iterator do not matter here
  (R extends Iterator<infer Y, any, any> ? ([Y] extends [Suspend] ? unknown : never) : unknown);

/** What the runtime makes of a function's result: generators are run, operations and promises waited for. */
export type Returned<R> =
  // biome-ignore lint/suspicious/noExplicitAny: what is sent into a generator does not matter here
  R extends Generator<infer Y, infer T, any>
    ? [Y] extends [Suspend]
      ? T
      : never
    : R extends Operation<infer T>
      ? T
      : R extends PromiseLike<unknown>
        ? Awaited<R>
        : R;
