/** What this process asks of objects that live in others. */
import { endWait, IoOperation } from '../io/io-wait.js';
import type { Channel } from '../io/workers/channel.js';
import { type Packed, pack, unpack } from '../io/workers/codec.js';
import { EOFError, WorkerDied } from '../io/workers/errors.js';
import { type PackedFailure, unpackFailure } from '../io/workers/failure.js';
import { engine } from '../runtime/engine.js';
import type { greenlet } from '../runtime/greenlet.js';
import { report } from '../runtime/hub.js';
import type { Operation } from '../runtime/operation.js';
import type { Started, Waiter } from '../runtime/waiter.js';
import { AsyncResult } from '../sync/async-result.js';
import {
  type Envelope,
  farRoot,
  here,
  isWithin,
  onGone,
  parentChannel,
  reaches,
  receives,
  send,
  wayTo,
} from './router.js';

/** Where a shared object lives. */
export interface Address {
  readonly home: string;
  readonly id: number;
}

interface Outcome {
  readonly value: unknown;
  readonly failed: boolean;
}

interface Pending {
  readonly home: string;
  readonly settle: (outcome: Outcome) => void;
  /** The connection of the network that holds this process until the answer is there. */
  readonly far: Channel | null;
}

const MOST_NAMES = 1000;

const pending = new Map<number, Pending>();
let asked = 0;

interface ReplyMessage extends Envelope {
  readonly id: number;
  readonly value?: Packed;
  readonly failure?: PackedFailure;
  readonly lost?: string;
}

receives<ReplyMessage>('reply', (reply) => {
  const { id, from } = reply;
  const far = farRoot(from);
  // Whoever is far away answers only what it was asked itself.
  if (far !== null && farRoot(pending.get(id)?.home ?? '') !== far) return;
  let outcome: Outcome;
  try {
    outcome = outcomeOf(reply);
  } catch (error) {
    outcome = { value: error, failed: true };
  }
  finish(id, outcome);
});

function outcomeOf({ value, failure, lost, from }: ReplyMessage): Outcome {
  if (lost !== undefined) return { value: died(from, `process ${lost}`), failed: true };
  if (failure !== undefined) return { value: unpackFailure(failure), failed: true };
  return { value: value === undefined ? undefined : unpack(value), failed: false };
}

function finish(id: number, outcome: Outcome): void {
  const entry = pending.get(id);
  if (entry === undefined) return;
  forget(id, entry);
  entry.settle(outcome);
}

function forget(id: number, { far }: Pending): void {
  pending.delete(id);
  far?.hold(false);
  if (pending.size === 0) parentChannel()?.hold(false);
}

/** The home of an object is out of reach for good. */
function died(home: string, name: string): Error {
  if (farRoot(home) !== null) return new EOFError(`the connection to ${name} has ended`);
  return new WorkerDied(`${name}, where the object lives, has ended`);
}

/** What those were called that are gone and were far away, the last ones. */
const farNames = new Map<string, string>();

function rememberFar(home: string, name: string): void {
  farNames.set(home, name);
  for (const oldest of farNames.keys()) {
    if (farNames.size <= MOST_NAMES) return;
    farNames.delete(oldest);
  }
}

onGone((home, name) => {
  if (farRoot(home) === home) rememberFar(home, name);
  for (const [id, entry] of pending) {
    if (isWithin(entry.home, home)) finish(id, { value: died(home, name), failed: true });
  }
});

/** Asks for `method`; `settle` gets the outcome. Gives the number of the request. */
function ask(
  address: Address,
  actor: greenlet,
  method: string,
  args: Packed,
  settle: (outcome: Outcome) => void,
): number {
  const id = ++asked;
  const { home } = address;
  if (pending.size === 0) parentChannel()?.hold(true);
  const far = farRoot(home) === null ? null : wayTo(home);
  const entry = { home, settle, far };
  pending.set(id, entry);
  far?.hold(true);
  if (!reaches(home)) {
    const name = farNames.get(farRoot(home) ?? '') ?? `process ${home}`;
    queueMicrotask(() => finish(id, { value: died(home, name), failed: true }));
    return id;
  }
  const { ident, name } = actor;
  try {
    send('call', home, { id, actor: ident, actorName: name, object: address.id, method, args });
  } catch (error) {
    forget(id, entry);
    throw error;
  }
  return id;
}

export interface RemoteShape {
  /** The call, as reports show it. */
  readonly name: string;
  readonly of: object;
  /** Makes of what has come what is given. */
  readonly map?: ((value: never) => unknown) | undefined;
  /** The request that takes back what came for somebody who did not wait any more. */
  readonly takeBack?:
    | ((value: never) => readonly [method: string, args: readonly unknown[]] | null)
    | undefined;
  /** It ends only when the other end has answered, also when it is interrupted: `Condition.wait`. */
  readonly finishes?: boolean | undefined;
}

interface Run {
  id: number;
  error: { readonly error: unknown } | null;
}

/** A call of a method of an object in another process. Interrupted, it has not happened. */
export class RemoteCall<T> extends IoOperation<T> {
  readonly #address: Address;
  readonly #method: string;
  readonly #args: Packed;
  readonly #shape: RemoteShape;

  constructor(address: Address, method: string, args: readonly unknown[], shape: RemoteShape) {
    super(Number.POSITIVE_INFINITY);
    this.#address = address;
    this.#method = method;
    this.#args = pack(args, 'args');
    this.#shape = shape;
  }

  get _name(): string {
    return this.#shape.name;
  }

  override get _object(): unknown {
    return this.#shape.of;
  }

  _start(waiter: Waiter): Started {
    const run: Run = { id: 0, error: null };
    const actor = waiter._self as unknown as greenlet;
    run.id = ask(this.#address, actor, this.#method, this.#args, (outcome) => {
      this.#arrived(waiter, run, actor, outcome);
    });
    return this._wait(waiter, run);
  }

  #arrived(waiter: Waiter, run: Run, actor: greenlet, { value, failed }: Outcome): void {
    if (waiter._slot !== run) {
      if (!failed) this.#takeBack(actor, value);
      return;
    }
    if (run.error !== null) endWait(waiter, run.error.error, true);
    else if (failed) endWait(waiter, value, true);
    else {
      const { map } = this.#shape;
      endWait(waiter, map === undefined ? value : map(value as never));
    }
  }

  #takeBack(actor: greenlet, value: unknown): void {
    const undo = this.#shape.takeBack?.(value as never);
    if (undo == null) return;
    ask(this.#address, actor, undo[0], pack(undo[1], 'args'), () => {});
  }

  protected _forget(waiter: Waiter): void {
    this.#cancel(waiter._slot as Run);
  }

  #cancel({ id }: Run): void {
    if (pending.has(id)) send('cancel', this.#address.home, { id });
  }

  _defers(waiter: Waiter, error: unknown): boolean {
    if (this.#shape.finishes !== true) return false;
    const run = waiter._slot as Run;
    run.error ??= { error };
    this.#cancel(run);
    return true;
  }
}

/**
 * Asks for `method` now; the operation waits for the outcome. An error that nobody waits for goes to `hub.onError`; not so, if `isMoot`, when
 * the connection was lost, and with it all that it was about.
 */
export function request(
  address: Address,
  method: string,
  args: readonly unknown[],
  isMoot = method === 'release',
): Operation<void> {
  const result = new AsyncResult<void>();
  const actor = engine.current._self as unknown as greenlet;
  ask(address, actor, method, pack(args, 'args'), ({ value, failed }) => {
    if (!failed) {
      result.set(undefined);
      return;
    }
    const observed = result.statistics().waiters > 0;
    result.setException(value);
    if (!observed && !(isMoot && value instanceof EOFError)) report(value, null);
  });
  return result.get();
}

/** Asks for `method` now; `settle` gets what it gives, and nobody hears of an error. */
export function tell(
  address: Address,
  method: string,
  args: readonly unknown[],
  settle: (value: unknown) => void,
): void {
  const actor = engine.current._self as unknown as greenlet;
  ask(address, actor, method, pack(args, 'args'), ({ value, failed }) => {
    if (!failed) settle(value);
  });
}

/** Whether `address` is of this process. */
export function isHere(address: Address): boolean {
  return address.home === here;
}
