/**
 * Running a test in virtual time. Time jumps to the next timer only when no greenlet is ready, promise jobs have run, and
 * nobody waits for real IO; the order of ready greenlets is first in, first out, or drawn from a seed. Errors that nobody
 * observed and greenlets left over fail the run.
 */
import type { Fn, Returned } from '../runtime/body-types.js';
import { checkFn } from '../runtime/check.js';
import { listParked, loopExitMessage } from '../runtime/deadlock.js';
import { engine, wake } from '../runtime/engine.js';
import { GreenletError, LoopExit } from '../runtime/errors.js';
import { host } from '../runtime/host.js';
import { hub } from '../runtime/hub.js';
import { FAILED, observe } from '../runtime/observe.js';
import { registered } from '../runtime/registry.js';
import { doors } from '../runtime/resume.js';
import { Greenlet } from '../runtime/scheduled-greenlet.js';
import { TimerHeap } from '../runtime/timers.js';
import { outside } from '../runtime/until.js';
import { rejectVisits, visits } from '../runtime/visitor.js';
import { patchTime } from './patch-time.js';
import { quiet, waitersForQuiet } from './quiet.js';
import { randomFrom } from './random.js';
import { TestClock } from './test-clock.js';

export interface VirtualOptions {
  /** Draws the order of ready greenlets from this number; without it the order is first in, first out. */
  readonly seed?: number | undefined;
  /** 'auto' (default): time jumps when all are blocked. 'manual': only `clock.advance` and `clock.next` move it. */
  readonly clock?: 'auto' | 'manual' | undefined;
  /** `Date.now`, `performance.now` and the host's timers follow the virtual clock during the run. */
  readonly patch?: boolean | undefined;
}

/** Virtual runs change the one hub: they take turns. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Runs `fn(clock)` in a greenlet of its own in virtual time, and gives its value. The promise rejects with its error; with a
 * `LoopExit` when all are blocked for ever; with an error that lists them when errors were not observed or greenlets (other than
 * daemons) are left over. Runs that overlap take turns. Errors: `GreenletError` inside a greenlet.
 *
 * @example await runVirtual(function* (clock) { yield* sleep(60_000); expect(clock.now()).toBe(60_000); });
 */
export async function runVirtual<R>(
  fn: Fn<[TestClock], R>,
  options: VirtualOptions = {},
): Promise<Returned<R>> {
  checkFn(fn);
  if (engine.current !== doors.main) throw new GreenletError('runVirtual() cannot be used inside a greenlet');
  const run = turn.then(() => new VirtualRun(fn as Fn<[TestClock], unknown>, options).run());
  turn = run.catch(() => {});
  return (await run) as Returned<R>;
}

/** `runVirtual` as a test body: `it('waits', virtual(function* (clock) { … }))`. */
export function virtual<R>(fn: Fn<[TestClock], R>, options: VirtualOptions = {}): () => Promise<Returned<R>> {
  checkFn(fn);
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

  constructor(fn: Fn<[TestClock], unknown>, options: VirtualOptions, hooks: RunHooks = {}) {
    this.#options = options;
    this.#hooks = hooks;
    this.clock = new TestClock(options.seed);
    this.greenlet = new Greenlet(fn, this.clock);
    this.greenlet.name = 'test';
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
      after?.();
      restore();
    }
  }

  #verdict(leftOver: number, list: string): unknown {
    const { greenlet } = this;
    const failures = [...this.#errors];
    if ((greenlet._flags & FAILED) !== 0) {
      observe(greenlet);
      if (failures[0] !== greenlet._value) failures.unshift(greenlet._value);
    }
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
    engine.clock = this.clock;
    engine.timers = new TimerHeap();
    engine.countedSlices = true;
    hub.onError = (error) => this.#errors.push(error);
    const collect = hub.onError;
    if (this.#options.seed !== undefined) {
      const random = randomFrom(this.#options.seed);
      engine.choose = (count) => Math.floor(random() * count);
      engine.fuel = 0;
    }
    return () => {
      Object.assign(engine, { clock, timers, choose, countedSlices });
      if (hub.onError === collect) hub.onError = onError;
      unpatch();
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
      if (this.#waitsForHost()) {
        await new Promise<void>((resolve) => void host.setTimeout(resolve, 0));
        continue;
      }
      if (!this.#moveOn()) this.#stuck();
    }
  }

  /** Somebody waits for the world outside, and not for one who awaits us there. */
  #waitsForHost(): boolean {
    return outside.waits > 0 && [...visits].every((visit) => this.#awaited.has(visit));
  }

  /** Time moves on, or who moved it goes on. False: there is nothing that could happen. */
  #moveOn(): boolean {
    const { earliest } = engine.timers;
    const advance = this.clock._advances[0];
    if (advance !== undefined) {
      if (earliest <= advance.until) {
        this.clock._jump(earliest);
      } else {
        this.clock._jump(advance.until);
        this.clock._advances.shift();
        wake(advance.waiter, undefined);
      }
      return true;
    }
    const auto = this.#options.clock !== 'manual';
    if (earliest === Number.POSITIVE_INFINITY || !(auto || this.greenlet.dead)) return false;
    this.clock._jump(earliest);
    return true;
  }

  /** All are blocked for ever: whoever awaits outside is told, or else the test's own greenlet. */
  #stuck(): void {
    const message = loopExitMessage();
    if (rejectVisits(message)) return;
    if (this.greenlet.dead) return;
    this.greenlet._kill(new LoopExit(message));
  }
}
