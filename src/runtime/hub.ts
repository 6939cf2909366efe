/**
 * The hub: the greenlet of the event loop, parent of every scheduled greenlet.
 *
 * An idle hub begins its turn in a promise job, or at the end of the callback of the host that has woken somebody. A turn runs
 * ready waiters for at most `switchInterval` ms and then hands back to the host, to go on in a macrotask after timers and IO. A
 * turn that a promise job begins anew within the same pass of the host's loop goes on with the old slice, so that promise jobs
 * that wake one another cannot starve the host either; a marker in the check phase tells where a pass ends.
 */
import { checkFn, checkMs, checkType } from './check.js';
import { countReady, engine, enroll, hasReady, refuel, UNTIMED } from './engine.js';
import type { Fiber } from './fiber.js';
import { greenlet, main } from './greenlet.js';
import { type HostTimer, host, macrotask, printError } from './host.js';
import { doors, run } from './resume.js';
import { MAIN } from './waiter.js';

/** What `hub.onWarning` gets. Each `code` is stable; docs/warnings.md lists them. */
export interface Warning {
  readonly code: string;
  readonly message: string;
  readonly greenlet: greenlet | null;
  /** A place in the user's program, '' when unknown. */
  readonly at: string;
  /** The error object of the warning, for those that have one (`DEADLOCK`, `LOOP_EXIT`). */
  readonly error?: Error | undefined;
}

export type ErrorHandler = (error: unknown, greenlet: greenlet | null) => unknown;
export type WarningHandler = (warning: Warning) => unknown;

/** Present counts; see `hub.stats()`. */
export interface HubStats {
  /** Greenlets that have been scheduled and have not ended. */
  readonly greenlets: number;
  /** Waiters in the ready list. */
  readonly ready: number;
  /** Pending timers. */
  readonly timers: number;
  /** Turns begun since the start. */
  readonly turns: number;
  /** Whether a turn is running or due. */
  readonly awake: boolean;
}

/** What other files have the hub do: they import the hub, not the other way round. */
export const hooks = {
  /** A turn has ended; `idle`: with nobody left ready. Whoever has something to do then is in here as long as that is so. */
  turnEnded: new Set<(idle: boolean) => void>(),
  /** The process ends: no promise job and no other pass of the host comes any more. */
  exiting: false,
  /** A signal has begun the end of the program. */
  ending: false,
  /** The host has its turn; `next` goes on with those that are ready, and holds the process as yet. */
  handedBack: (_next: HostTimer | undefined): void => {},
  /** An error is about to go to `onError`. */
  reported: (_error: unknown, _greenlet: Fiber | null): void => {},
  printable: (error: unknown, _greenlet: greenlet | null): string => String(error),
  countGreenlets: (): number => 0,
  setDebug: (_on: boolean): void => {},
  handleSignals: (): Disposable => ({ [Symbol.dispose]: () => {} }),
};

class Hub extends greenlet {
  #raiseOnDeadlock = false;
  #onError: ErrorHandler = defaultOnError;
  #onWarning: WarningHandler = defaultOnWarning;
  #debug = false;
  #killGrace = 1000;
  #exitGrace = 5000;

  /** ms from the first kill of a greenlet until it is closed, wherever it suspends. Default 1000. */
  get killGrace(): number {
    return this.#killGrace;
  }

  set killGrace(ms: number) {
    checkMs(ms, 'hub.killGrace');
    this.#killGrace = ms;
  }

  /** ms from the first SIGINT or SIGTERM until the survivors are named and the process exits. Default 5000. */
  get exitGrace(): number {
    return this.#exitGrace;
  }

  set exitGrace(ms: number) {
    checkMs(ms, 'hub.exitGrace');
    this.#exitGrace = ms;
  }

  /** An acquire that closes a cycle of owners throws the `Deadlock` instead of warning. Off by default. */
  get raiseOnDeadlock(): boolean {
    return this.#raiseOnDeadlock;
  }

  set raiseOnDeadlock(on: boolean) {
    checkType(on, 'hub.raiseOnDeadlock', 'boolean');
    this.#raiseOnDeadlock = on;
  }

  /** How long, in ms, greenlets may run before the host has its turn. Default 5. */
  get switchInterval(): number {
    return engine.switchInterval;
  }

  set switchInterval(ms: number) {
    checkMs(ms, 'hub.switchInterval');
    engine.switchInterval = ms;
  }

  /** Gets every error that nobody observed by the end of its turn, once. Null restores the default, which prints it. */
  get onError(): ErrorHandler {
    return this.#onError;
  }

  set onError(handler: ErrorHandler | null) {
    if (handler !== null) checkFn(handler, 'hub.onError', '; null restores the default');
    this.#onError = handler ?? defaultOnError;
  }

  /**
   * Gets every warning; of the mistakes that stand in the program's text (`AWAITED_GREENLET`, `NEVER_RUN`) one for each place, until
   * another handler is set. Null restores the default, which prints it.
   */
  get onWarning(): WarningHandler {
    return this.#onWarning;
  }

  set onWarning(handler: WarningHandler | null) {
    if (handler !== null) checkFn(handler, 'hub.onWarning', '; null restores the default');
    told.clear();
    this.#onWarning = handler ?? defaultOnWarning;
  }

  /** Tells of operations that a greenlet built and never ran, and where each greenlet was spawned. Off by default: it costs a stack an operation. */
  get debug(): boolean {
    return this.#debug;
  }

  set debug(on: boolean) {
    checkType(on, 'hub.debug', 'boolean');
    this.#debug = on;
    hooks.setDebug(on);
  }

  /** Present counts. Never switches. */
  stats(): HubStats {
    return Object.freeze({
      greenlets: hooks.countGreenlets(),
      ready: countReady(),
      timers: engine.timers.size,
      turns,
      awake: engine.awake,
    });
  }

  /** SIGINT and SIGTERM end the program: see `main()`. Disposing restores the host's handling. */
  handleSignals(): Disposable {
    return hooks.handleSignals();
  }

  override _defaultName(): string {
    return 'hub';
  }

  override _stateText(): string {
    return engine.sliced ? 'current active started' : 'suspended active started';
  }
}

/** The one hub: parent of the scheduled greenlets, home of the settings and of `onError` / `onWarning`. Mirrors `gevent.get_hub()`. */
export const hub: Hub = new Hub(null, main);
hub._mode = MAIN;
doors.hub = hub;
enroll(hub);

export type { Hub };

function defaultOnError(error: unknown, from: greenlet | null): void {
  printError(hooks.printable(error, from));
}

function defaultOnWarning(warning: Warning): void {
  const at = warning.at === '' ? '' : `\n    at ${warning.at}`;
  printError(`greenlets: warning ${warning.code}: ${warning.message}${at}`);
}

/** Runs a callback of the user's in the hub: what it throws goes to `onError`, and an error in that to the host. */
export function inHub<T>(fn: () => T, from: greenlet | null = null): T | undefined {
  const current = engine.current;
  engine.current = hub;
  try {
    return fn();
  } catch (error) {
    report(error, from);
    return undefined;
  } finally {
    engine.current = current;
  }
}

/** Tells `hub.onError`. */
export function report(error: unknown, from: greenlet | null): void {
  hooks.reported(error, from);
  guarded(() => hub.onError(error, from));
}

doors.report = (error, from) => report(error, from as greenlet | null);

/** The mistakes that the present handler has been told of, by code and place. */
const told = new Set<string>();

/**
 * Tells `hub.onWarning`. `once` is for mistakes that stand in the program's text: they are told once for each place, as a loop makes
 * them again and again. All of those whose place is not known count as one.
 */
export function warn({
  once = false,
  ...warning
}: {
  code: string;
  message: string;
  greenlet?: greenlet | null;
  at?: string;
  error?: Error;
  once?: boolean;
}): void {
  if (once) {
    const key = `${warning.code} ${warning.at}`;
    if (told.has(key)) return;
    told.add(key);
  }
  guarded(() => hub.onWarning({ greenlet: null, at: '', ...warning }));
}

/** A handler that fails must not harm the loop. */
function guarded(fn: () => unknown): void {
  const current = engine.current;
  engine.current = hub;
  try {
    const result = fn();
    if (result instanceof Promise)
      result.catch((error: unknown) => printError(`greenlets: a handler failed: ${error}`));
  } catch (error) {
    printError(`greenlets: a handler failed: ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    engine.current = current;
  }
}

/** One in so many turns looks at once. */
const MASK = 15;

let turns = 0;
let marked = false;
const job = Promise.resolve();

function unmark(): void {
  marked = false;
}

function mark(): void {
  marked = true;
  const timer: HostTimer | undefined = macrotask(unmark);
  if (timer !== undefined && typeof timer !== 'number') timer.unref?.();
}

engine.awaken = () => {
  engine.awake = true;
  void job.then(runTurnInJob);
};

engine.arm = () => armTimers();

function turn(): void {
  const now = host.performance.now();
  if (!marked) {
    mark();
    slice(now, now + engine.switchInterval);
  } else if (now < engine.sliceEnd) slice(now, engine.sliceEnd);
  else handBack();
}

/** The host has its turn, and then the ready ones go on. */
function handBack(): void {
  hooks.handedBack(macrotask(nextSlice));
}

function nextSlice(): void {
  const now = host.performance.now();
  slice(now, now + engine.switchInterval);
}

/**
 * A callback of the host that is a macrotask of its own (something has arrived, a call is over), or a promise job, is about to wake
 * somebody. True: `runTurn`, or `runTurnInJob`, must be called at its end, and runs whom it woke at once; a promise job for that
 * would cost as much as the rest of the turn. False: a turn is on or due, or it was a greenlet that called the callback.
 */
export function openTurn(): boolean {
  if (engine.awake || engine.current !== main) return false;
  engine.awake = true;
  return true;
}

/** See `openTurn`. Most such turns have a step or two, so the clock is not looked at before there were more. Never throws. */
export function runTurn(): void {
  if (!hasReady()) engine.awake = false;
  else if ((turns & MASK) === 0) nextSlice();
  else {
    refuel(true);
    engine.sliceEnd = UNTIMED;
    runReady();
  }
}

/**
 * The same at the end of a promise job, which the host calls when nothing else is on the stack. It goes on with the slice of this
 * pass of the host's loop; without a look at the clock, which the steps see to.
 */
export function runTurnInJob(): void {
  if (marked && !engine.spent) runReady();
  else turn();
}

function slice(now: number, end: number): void {
  refuel();
  engine.sliceEnd = end;
  engine.lastLook = now;
  fireTimers();
  runReady();
}

function runReady(): void {
  turns++;
  engine.sliced = true;
  const more = run(null);
  engine.sliced = false;
  armTimers();
  if (hooks.turnEnded.size > 0) for (const ended of hooks.turnEnded) ended(!more);
  if (more || hasReady()) handBack();
  else engine.awake = false;
}

function fireTimers(): void {
  const { timers, clock } = engine;
  if (timers.size === 0) return;
  const now = clock.now();
  for (let due = timers.takeDue(now); due !== null; due = timers.takeDue(now)) due._expired();
}

function armTimers(): void {
  const { timers, clock } = engine;
  clock.set(timers.earliest, onHostTimer);
  clock.hold(timers.held > 0);
}

/** A timer of the host has fired: this is a macrotask, so the turn may begin at once. */
export function onHostTimer(): void {
  if (engine.awake) {
    fireTimers();
    armTimers();
    return;
  }
  engine.awake = true;
  nextSlice();
}
