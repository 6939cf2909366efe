/** The types of `node:fs/promises` made green: every overload that gives a promise gives an operation. */
import type { Dir as HostDir } from 'node:fs';
import type { FileHandle as HostHandle } from 'node:fs/promises';
import type { Operation } from '../../runtime/operation.js';
import type { Both, Overloads } from '../overloads.js';
import type { Dir } from './dir.js';
import type { FileHandle } from './file-handle.js';

/** A function of `node:fs/promises` as one that gives operations. */
export type Green<F> = Both<GreenEach<Overloads<F>>>;

type GreenEach<L> = { [I in keyof L]: GreenOne<L[I]> };

type GreenOne<F> = F extends (...args: infer A) => infer R
  ? (...args: GreenArguments<A>) => [R] extends [Promise<infer T>] ? Operation<GreenValue<T>> : R
  : never;

/** Where Node takes one of its file handles, a green one will do. */
type GreenArguments<A> = { [K in keyof A]: HostHandle extends A[K] ? A[K] | FileHandle : A[K] };

type GreenValue<T> = [T] extends [HostHandle] ? FileHandle : [T] extends [HostDir] ? Dir : T;
