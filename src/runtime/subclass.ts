/** The class that `Greenlet.spawn` is called on. Types only, no code. */
import type { Body } from './body-types.js';
import type { Operation } from './operation.js';
import type { Greenlet } from './scheduled-greenlet.js';

// biome-ignore lint/suspicious/noExplicitAny: each class has its own parameters
export type Class = new (...args: any[]) => Greenlet;

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** A class that extends `Greenlet`: `Greenlet` itself takes a function, which is checked. */
export type Derived<C> = C & (Same<C, typeof Greenlet> extends true ? never : unknown);

/** What `new Greenlet` infers its result from. */
// biome-ignore lint/suspicious/noExplicitAny: each function has its own parameters
export type Work<T> = ((...args: any[]) => Body<T>) | Operation<T>;

/** `unknown`, which would swallow the rest of a union: where `run` is overridden the first argument may be of any type. */
// biome-ignore lint/complexity/noBannedTypes: anything but null and undefined is meant
export type Anything = {} | null | undefined;
