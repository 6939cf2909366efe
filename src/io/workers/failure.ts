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
import {
  DataCloneError,
  ERROR,
  type ErrorData,
  inWords,
  type Packed,
  pack,
  revives,
  unpack,
} from './codec.js';

/** An error, or whatever else was thrown, fit to be cloned. */
export type PackedFailure = Packed;

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

revives<ErrorData>(ERROR, ({ name, message, stack, isDom }) => {
  const [called, text] = [String(name), String(message)];
  const error = isDom === true ? new DOMException(text, called) : made(called, text);
  if (stack !== undefined) error.stack = String(stack);
  return error;
});

function made(name: string, message: string): Error {
  if (name === 'AggregateError') return new AggregateError([], message);
  const type = classes.get(name);
  if (type !== undefined) return new type(message);
  return Object.defineProperty(new Error(message), 'name', {
    value: name,
    configurable: true,
    writable: true,
  });
}

/** Whatever was thrown; what cannot be cloned is told in words. Never throws. */
export function packFailure(error: unknown): PackedFailure {
  try {
    return pack(error, 'error');
  } catch {
    return { value: inWords(() => error), marked: false };
  }
}

export function unpackFailure(failure: PackedFailure): unknown {
  return unpack(failure);
}
