/** Errors on their way to another process: class, message, stack, code and cause are kept. */
import { Deadlock, GreenletError, GreenletExit, LoopExit, TimeoutError } from '../../runtime/errors.js';
import {
  BrokenBarrierError,
  ConcurrentUseError,
  Empty,
  Full,
  PoolFull,
  ShutDown,
} from '../../sync/errors.js';
import { DataCloneError, type Packed, pack, unpack } from './codec.js';

/** An error, or whatever else was thrown, fit to be cloned. */
export interface PackedFailure {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly own: Packed | undefined;
  readonly cause: PackedFailure | undefined;
  /** What was thrown, when it was no error. */
  readonly thrown: Packed | undefined;
}

type ErrorClass = new (message: string) => Error;

const classes = new Map<string, ErrorClass>();

/** Errors of these classes are of their class again at the other end. */
export function knowErrors(all: Readonly<Record<string, ErrorClass>>): void {
  for (const [name, type] of Object.entries(all)) classes.set(name, type);
}

knowErrors({
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  DataCloneError,
});
knowErrors({ Deadlock, GreenletError, GreenletExit, LoopExit, TimeoutError });
knowErrors({ BrokenBarrierError, ConcurrentUseError, Empty, Full, PoolFull, ShutDown });

export function packFailure(error: unknown): PackedFailure {
  if (!(error instanceof Error)) {
    return {
      name: '',
      message: '',
      stack: undefined,
      own: undefined,
      cause: undefined,
      thrown: packed(error),
    };
  }
  const own: Record<string, unknown> = {};
  for (const key of Object.keys(error)) {
    if (!key.startsWith('_') && key !== 'cause')
      own[key] = (error as unknown as Record<string, unknown>)[key];
  }
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    own: Object.keys(own).length === 0 ? undefined : packed(own),
    cause: error.cause === undefined ? undefined : packFailure(error.cause),
    thrown: undefined,
  };
}

/** What cannot be cloned is told in words. */
function packed(value: unknown): Packed {
  try {
    return pack(value, 'error');
  } catch {
    return { value: String(value), marked: false };
  }
}

export function unpackFailure(failure: PackedFailure): unknown {
  if (failure.thrown !== undefined) return unpack(failure.thrown);
  const type = classes.get(failure.name);
  const error = new (type ?? Error)(failure.message);
  if (type === undefined) {
    Object.defineProperty(error, 'name', { value: failure.name, configurable: true, writable: true });
  }
  if (failure.stack !== undefined) error.stack = failure.stack;
  if (failure.own !== undefined) Object.assign(error, unpack(failure.own));
  if (failure.cause !== undefined) error.cause = unpackFailure(failure.cause);
  return error;
}
