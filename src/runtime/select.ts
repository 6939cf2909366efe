/** The first of several waits, by name. */
import { showValue, timeoutOf } from './check.js';
import { type Awaits, type Operand, refuseEmpty } from './combine.js';
import { engine as shared } from './engine.js';
import { checkWaitables, Gathering, isBody, isOperation, type Judge, told } from './gathering.js';
import { limitWait } from './holds.js';
import { toOperation } from './operand.js';
import { done, irregular, Operation, park, resumed } from './operation.js';
import { RUNNING, type Started, type Waiter } from './waiter.js';

const engine = shared;

export interface SelectOptions {
  /** ms after which `{ key: null }` is given; 0: only what is ready now. */
  readonly timeout?: number | undefined;
}

/** What `select` gives: whose turn it was, and what it gave. */
export type Selected<W> = {
  [K in keyof W & string]: { readonly key: K; readonly value: Awaits<W[K]> };
}[keyof W & string];

/** What `select` gives when its time is over. */
export interface NotSelected {
  readonly key: null;
  readonly value?: undefined;
}

const NONE: NotSelected = Object.freeze({ key: null });

/** One for all runs: it keeps nothing. */
const FIRST: Judge = {
  exclusive: true,
  keepsNothing: true,
  ended(key, value, failed, run) {
    run.decide(failed ? value : { key, value }, failed);
    return true;
  },
};

/** It keeps its operands as they were given, and makes nothing of them before they are begun: mostly the first is ready. */
class Select extends Operation<unknown> {
  readonly #operands: Record<string, unknown>;
  readonly #timeout: number;
  /** How many operands there are. @internal */
  readonly _count: number;

  constructor(waitables: Record<string, unknown>, timeout: number) {
    super();
    this.#operands = { ...waitables };
    this.#timeout = timeout;
    const operands = this.#operands;
    let count = 0;
    for (const key in operands) {
      const given = operands[key];
      count++;
      if (isOperation(given) || isBody(given)) continue;
      operands[key] = toOperation(given, key);
    }
    this._count = count;
  }

  get _name(): string {
    return 'select';
  }

  override get _object(): string {
    return Object.keys(this.#operands).join(', ');
  }

  /** @internal */
  override next(value: unknown): Started {
    if (engine.resuming) return resumed(value);
    const greenlet = engine.current;
    // biome-ignore lint/complexity/noArguments: see Operation.next
    const count = arguments.length;
    return greenlet._mode === RUNNING && count !== 0
      ? this._start(greenlet)
      : irregular(greenlet, this, count);
  }

  _start(waiter: Waiter): Started {
    const run = Gathering.take(waiter, FIRST);
    const operands = this.#operands;
    if (engine.watch !== null) for (const given of Object.values(operands)) told(given);
    // They are never all over: the first that is decides.
    run.remaining = -1;
    for (const key in operands) {
      const given = operands[key];
      if (run.begin(key, given, isBody(given) ? null : (given as Operation<unknown>))) break;
    }
    run.begun();
    if (!run.decided && this.#timeout === 0) run.end(NONE);
    if (run.over) {
      const { value, failed } = run;
      run.leave();
      if (failed) throw value;
      return done(waiter, value);
    }
    if (!run.decided) limitWait(waiter, this.#timeout);
    return park(waiter, this, run);
  }

  override _undo(waiter: Waiter): void {
    const run = waiter._slot as Gathering;
    run.cancel(false);
    run.leave();
  }

  _decided(waiter: Waiter): boolean {
    return (waiter._slot as Gathering).decided;
  }

  override _expire(waiter: Waiter): void {
    const run = waiter._slot as Gathering;
    if (!run.decided) run.end(NONE);
  }
}

/**
 * Waits for the first of several: gives `{ key, value }` of it, or throws its error; `{ key: null }` when `timeout` ms pass first.
 * Those that are ready are tried in the order in which they are written. The others are undone as if they had never begun;
 * bodies are killed, and dead before this gives its result. Operands may be operations (sends and receives on queues, `sleep`,
 * fetches), greenlets, bodies, promises, or sync objects, which are waited for until they are ready. Errors: `TypeError` /
 * `RangeError` at the call. As Go's `select`.
 *
 * @example const got = yield* select({ job: jobs.get(), stop: stopped.wait() }, { timeout: 1000 });
 */
export function select<const W extends Readonly<Record<string, Operand>>>(
  waitables: W,
  options: SelectOptions & { readonly timeout: number },
): Operation<Selected<W> | NotSelected>;
export function select<const W extends Readonly<Record<string, Operand>>>(
  waitables: W,
  options?: SelectOptions & { readonly timeout?: undefined },
): Operation<Selected<W>>;
export function select<const W extends Readonly<Record<string, Operand>>>(
  waitables: W,
  options?: SelectOptions,
): Operation<Selected<W> | NotSelected>;
export function select<const W extends Readonly<Record<string, Operand>>>(
  waitables: W,
  options?: SelectOptions,
): Operation<Selected<W> | NotSelected> {
  if (typeof waitables !== 'object' || waitables === null || Symbol.iterator in waitables) {
    throw new TypeError(`select() takes a record, such as { job: queue.get() }, got ${showValue(waitables)}`);
  }
  checkWaitables(waitables, 'select');
  const operation = new Select(waitables, timeoutOf(options, 'select'));
  if (options?.timeout === undefined) refuseEmpty(operation._count, 'select');
  return operation as Operation<unknown> as Operation<Selected<W>>;
}
