/** The types of `node:fs/promises` made green: every overload that gives a promise gives an operation. */
import type { Dir as HostDir } from 'node:fs';
import type { FileHandle as HostHandle } from 'node:fs/promises';
import type { Operation } from '../../runtime/operation.js';
import type { Dir } from './dir.js';
import type { FileHandle } from './file-handle.js';

/** A function of `node:fs/promises` as one that gives operations; it may have up to eight overloads. */
export type Green<F> = Both<Overloads<F>>;

/** The overloads of a function, in order. */
type Overloads<F> = F extends {
  (...args: infer A1): infer R1;
  (...args: infer A2): infer R2;
  (...args: infer A3): infer R3;
  (...args: infer A4): infer R4;
  (...args: infer A5): infer R5;
  (...args: infer A6): infer R6;
  (...args: infer A7): infer R7;
  (...args: infer A8): infer R8;
}
  ? [
      (...args: A1) => R1,
      (...args: A2) => R2,
      (...args: A3) => R3,
      (...args: A4) => R4,
      (...args: A5) => R5,
      (...args: A6) => R6,
      (...args: A7) => R7,
      (...args: A8) => R8,
    ]
  : never;

/**
 * One function with the overloads of all. Of a function with fewer than eight, the first one comes as often as there are places
 * left over (in older compilers one that says nothing): that is left out.
 */
type Both<L> = L extends [infer F, ...infer Rest]
  ? Rest extends [infer Next, ...unknown[]]
    ? Same<F, Next> extends true
      ? Both<Rest>
      : unknown extends ReturnOf<F>
        ? Both<Rest>
        : GreenOne<F> & Both<Rest>
    : GreenOne<F>
  : never;

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

type ReturnOf<F> = F extends (...args: never[]) => infer R ? R : never;

type GreenOne<F> = F extends (...args: infer A) => infer R
  ? (...args: GreenArguments<A>) => [R] extends [Promise<infer T>] ? Operation<GreenValue<T>> : R
  : never;

/** Where Node takes one of its file handles, a green one will do. */
type GreenArguments<A> = { [K in keyof A]: HostHandle extends A[K] ? A[K] | FileHandle : A[K] };

type GreenValue<T> = [T] extends [HostHandle] ? FileHandle : [T] extends [HostDir] ? Dir : T;
