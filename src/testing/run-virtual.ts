/**
 * Running a test in virtual time. Time jumps to the next timer only when no greenlet is ready, promise jobs have run, and
 * nobody waits for real IO; the order of ready greenlets is first in, first out, or drawn from a seed. Errors that nobody
 * observed and greenlets left over fail the run.
 */
import type { Fn, Returned } from '../runtime/body-types.js';
import { checkFn, checkNumber, checkOptions, checkType, mismatch } from '../runtime/check.js';
import { type OwnStorage, ownStorage } from '../runtime/context.js';
import { listParked, loopExitMessage } from '../runtime/deadlock.js';
import { countSlices, engine, wake } from '../runtime/engine.js';
import { GreenletError, LoopExit } from '../runtime/errors.js';
import { host } from '../runtime/host.js';
import { hub } from '../runtime/hub.js';
import { FAILED, observe } from '../runtime/observe.js';
import { registered } from '../runtime/registry.js';
import { doors } from '../runtime/resume.js';
import { Greenlet } from '../runtime/scheduled-greenlet.js';
import { outside } from '../runtime/until.js';
import { visits } from '../runtime/visitor.js';
import { hostWork, isBusierThan } from './host-work.js';
import { patchTime, VirtualTimer } from './patch-time.js';
import { quiet, waitersForQuiet } from './quiet.js';
import { randomFrom } from './random.js';
import { TestClock } from './test-clock.js';
import { VirtualTimers } from './virtual-timers.js';

export interface VirtualOptions {
  /** Draws the order of ready greenlets from this number; without it the order is first in, first out. */
  readonly seed?: number | undefined;
  /** 'auto' (default): time jumps when all are blocked. 'manual': only `clock.advance` and `clock.next` move it. */
  readonly clock?: 'auto' | 'manual' | undefined;
  /**
   * `Date`, `performance.now` and the host's timers follow the virtual clock during the run. Time then passes for a promise too
   * that one of those timers may end: unless the host is busy with something real.
   */
  readonly patch?: boolean | undefined;
}

/** Virtual runs change the one hub: they take turns. */
let turn: Promise<unknown> = Promise.resolve();

/** The run that an async function is the body of, also after its first `await`; made for the first that is none of generators. */
let bodies: OwnStorage<VirtualRun> | undefined;

/** How often somebody may be told that nothing will ever happen before the run is given up. */
const MOST_LOOP_EXITS = 100;
/** How often in a row time may jump for the timers of daemons alone, while a test waits: one that ticks for ever will not end its wait. */
const MOST_DAEMON_JUMPS = 10_000;
/** ms of a test that is told so, whatever `hub.killGrace` is. */
const DEFAULT_GRACE = 1000;

/** As it was before anybody patched it. */
const { setTimeout: hostTimeout } = host;

/** The host has looked at its timers and at io. */
const hostPass = () => new Promise<void>((resolve) => void hostTimeout(resolve, 0));

/**
 * Runs `fn(clock)` in a greenlet of its own in virtual time, and gives its value. The promise rejects with its error; with a
 * `LoopExit` when all are blocked for ever, also if only daemons go on ticking, 10,000 times; with an error that lists them when errors
 * were not observed or greenlets (other than daemons) are left over. Runs that overlap take turns. Errors: `GreenletError` inside a
 * greenlet, and in an async `fn` of another run.
 *
 * @example await runVirtual(function* (clock) { yield* sleep(60_000); expect(clock.now()).toBe(60_000); });
 */
export async function runVirtual<R>(
  fn: Fn<[TestClock], R>,
  options: VirtualOptions = {},
): Promise<Returned<R>> {
  checkFn(fn);
  checkVirtual(options, 'runVirtual');
  const run = () => new VirtualRun(fn as Fn<[TestClock], unknown>, options).run();
  return (await inTurn('runVirtual', run)) as Returned<R>;
}

/** A number by which seeds can be counted on. */
export function checkSeed(seed: unknown): void {
  checkNumber(seed, 'seed', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}

/** Refuses wrong options of `where`. */
export function checkVirtual(options: VirtualOptions, where: string): void {
  checkOptions(options, where, '{ seed: 1 }');
  const { seed, clock, patch = false } = options;
  if (seed !== undefined) checkSeed(seed);
  checkType(patch, 'patch', 'boolean');
  if (clock !== undefined && clock !== 'auto' && clock !== 'manual')
    throw mismatch('clock', "'auto' or 'manual'", clock);
}

/** Refuses to wait for a turn that will not come. */
export function checkPlace(name: string): void {
  if (engine.current !== doors.main) throw new GreenletError(`${name}() cannot be used inside a greenlet`);
  if (bodies?.getStore()?.isOver === false) {
    throw new GreenletError(
      `${name}() cannot be used inside the function of another run: each would wait for the other; await one after the other, ` +
        'or call what is to be tested in the run there is',
    );
  }
}

/** Has `work`, which runs virtually, wait until the runs before it are over. */
export function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  checkPlace(name);
  const result = turn.then(work);
  turn = result.catch(() => {});
  return result;
}

/** `runVirtual` as a test body: `it('waits', virtual(function* (clock) { … }))`. */
export function virtual<R>(fn: Fn<[TestClock], R>, options: VirtualOptions = {}): () => Promise<Returned<R>> {
  checkFn(fn);
  checkVirtual(options, 'virtual');
  return () => runVirtual(fn, options);
}

/** What `sweepKills` does with the greenlet of a run before it starts. */
export interface RunHooks {
  readonly before?: ((greenlet: Greenlet<unknown>) => () => void) | undefined;
}

export class VirtualRun {
  readonly clock: TestClock;
  readonly greenlet: Greenlet<unknown>;
  readonly #options: VirtualOptions;
  readonly #hooks: RunHooks;
  readonly #errors: unknown[] = [];
  readonly #earlier = new Set(registered());
  readonly #awaited = new Set(visits);
  readonly #waitsBefore = outside.waits;
  readonly #workBefore = hostWork();
  #loopExits = 0;
  #daemonJumps = 0;
  #isOver = false;

  constructor(fn: Fn<[TestClock], unknown>, options: VirtualOptions, hooks: RunHooks = {}) {
    this.#options = options;
    this.#hooks = hooks;
    this.clock = new TestClock(options.seed);
    this.greenlet = new Greenlet(this.#bodyOf(fn), this.clock);
    this.greenlet.name = 'test';
    // Its error is what the run rejects with.
    this.greenlet._link({ _waiter: null, _died: observe });
  }

  /** Nothing but a generator can go on elsewhere than in its greenlet. */
  #bodyOf(fn: Fn<[TestClock], unknown>): Fn<[TestClock], unknown> {
    if (fn.constructor.name === 'GeneratorFunction') return fn;
    bodies ??= ownStorage<VirtualRun>();
    return (clock) => (bodies === undefined ? fn(clock) : bodies.run(this, () => fn(clock)));
  }

  /** It has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  async run(): Promise<unknown> {
    const restore = this.#install();
    const after = this.#hooks.before?.(this.greenlet);
    try {
      this.greenlet.start();
      await this.#drive(() => this.greenlet.dead);
      const leftOver = this.#leftOver();
      const list = listParked(leftOver);
      for (const each of this.#all()) each._kill(undefined);
      await this.#drive(() => this.#all().length === 0);
      await quiet();
      return this.#verdict(leftOver.length, list);
    } finally {
      for (const each of this.#all()) each._kill(undefined);
      after?.();
      restore();
      this.#isOver = true;
    }
  }

  #verdict(leftOver: number, list: string): unknown {
    const { greenlet } = this;
    const failures = [...this.#errors];
    if ((greenlet._flags & FAILED) !== 0) failures.unshift(greenlet._value);
    if (leftOver > 0) failures.push(new GreenletError(`${leftOver} greenlets were left over:\n${list}`));
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, failures.map(String).join('\n'));
    return greenlet._value;
  }

  /** Has the hub live in virtual time; gives how to put everything back. */
  #install(): () => void {
    const { clock, timers, choose, countedSlices } = engine;
    const { onError } = hub;
    const unpatch = this.#options.patch ? patchTime(this.clock) : () => {};
    const virtualTimers = new VirtualTimers(timers);
    engine.clock = this.clock;
    engine.timers = virtualTimers;
    countSlices();
    hub.onError = (error) => this.#errors.push(error);
    const collect = hub.onError;
    if (this.#options.seed !== undefined) {
      const random = randomFrom(this.#options.seed);
      engine.choose = (count) => Math.floor(random() * count);
    }
    return () => {
      Object.assign(engine, { clock, timers, choose, countedSlices });
      if (hub.onError === collect) hub.onError = onError;
      unpatch();
      virtualTimers.handOver(this.clock.now(), clock.now(), (entry) => entry instanceof VirtualTimer);
      engine.arm();
    };
  }

  #all(): Greenlet<unknown>[] {
    return (registered() as Greenlet<unknown>[]).filter((each) => !this.#earlier.has(each));
  }

  #leftOver(): Greenlet<unknown>[] {
    return this.#all().filter((each) => !each._extra?.unreferenced);
  }

  /** Moves time on, whenever all is quiet, until `over`. */
  async #drive(over: () => boolean): Promise<void> {
    for (;;) {
      await quiet();
      if (over()) return;
      if (waitersForQuiet() > 0) continue;
      if (this.#waitsForHost()) await hostPass();
      else if (!this.#moveOn() && !this.#stuck()) return;
    }
  }

  /**
   * Somebody in the run waits for the world outside: more waits than there are operations awaited by promises that the run made,
   * for an async function is such a wait itself, and may await us in its turn.
   */
  #waitsForHost(): boolean {
    if (outside.waits - this.#waitsBefore <= this.#ownVisits().length) return false;
    const patched = this.#options.patch && [...engine.timers].some((each) => each instanceof VirtualTimer);
    return !patched || isBusierThan(this.#workBefore);
  }

  /** Operations that have come to be awaited outside of greenlets since the beginning. */
  #ownVisits(): { interrupt(error: unknown): boolean }[] {
    return [...visits].filter((visit) => !this.#awaited.has(visit));
  }

  /** Time moves on, or who moved it goes on. False: there is nothing that could happen. */
  #moveOn(): boolean {
    const { earliest } = engine.timers;
    const pending = earliest < Number.POSITIVE_INFINITY;
    const advance = this.clock._advances[0];
    if (advance !== undefined) {
      advance.until ??= pending ? earliest : this.clock.now();
      if (pending && earliest <= advance.until) {
        this.clock._jump(earliest);
      } else {
        if (advance.until < Number.POSITIVE_INFINITY) this.clock._jump(advance.until);
        this.clock._advances.shift();
        wake(advance.waiter, undefined);
      }
      return true;
    }
    // A test that was told, and is stuck again, gets its grace also by a clock that nobody moves.
    const auto = this.#options.clock !== 'manual' || this.#loopExits > 1;
    if (!pending || !(auto || this.greenlet.dead)) return false;
    if (engine.timers.held > 0) this.#daemonJumps = 0;
    else if (++this.#daemonJumps > MOST_DAEMON_JUMPS) {
      this.#daemonJumps = 0;
      return false;
    }
    this.clock._jump(earliest);
    return true;
  }

  /** All are blocked for ever: whoever awaits outside is told, or else the test's own greenlet. False: telling is no use. */
  #stuck(): boolean {
    const message = loopExitMessage();
    if (++this.#loopExits > MOST_LOOP_EXITS) {
      if (this.greenlet.dead) return false;
      throw new LoopExit(`${message}\nthis was thrown ${MOST_LOOP_EXITS} times, and the test did not end`);
    }
    const visiting = this.#ownVisits();
    for (const visit of visiting) visit.interrupt(new LoopExit(message));
    if (visiting.length > 0) return true;
    if (this.greenlet.dead) return false;
    this.greenlet._kill(new LoopExit(message), DEFAULT_GRACE);
    return true;
  }
}
