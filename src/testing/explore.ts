/** Running a test in many orders, or with a kill at each of its suspensions. */
import type { Fn } from '../runtime/body-types.js';
import { checkCount, checkFn, checkOptions } from '../runtime/check.js';
import { engine, lookSoon } from '../runtime/engine.js';
import { GreenletError } from '../runtime/errors.js';
import type { Fiber } from '../runtime/fiber.js';
import { describeWait } from '../runtime/operation.js';
import { formatFrame } from '../runtime/place.js';
import { run } from '../runtime/resume.js';
import type { Greenlet } from '../runtime/scheduled-greenlet.js';
import { readStack } from '../runtime/stack.js';
import { NEXT_PENDING, PARKED, SWITCHED, type Waiter } from '../runtime/waiter.js';
import {
  checkPlace,
  checkSeed,
  checkVirtual,
  inTurn,
  runVirtual,
  type VirtualOptions,
  VirtualRun,
} from './run-virtual.js';
import type { TestClock } from './test-clock.js';

export interface ExploreOptions {
  /** How many orders; 100 unless given. */
  readonly runs?: number | undefined;
  /** The first seed; the others follow it. 1 unless given. */
  readonly seed?: number | undefined;
}

/** Runs `fn` in many orders of its ready greenlets. The error of a failure names the seed that replays it. */
export async function explore<R>(fn: Fn<[TestClock], R>, options: ExploreOptions = {}): Promise<void> {
  checkFn(fn);
  checkOptions(options, 'explore', '{ runs: 1000 }');
  const { runs = 100, seed: first = 1 } = options;
  checkCount(runs, 'runs', 1);
  checkSeed(first);
  checkPlace('explore');
  for (let seed = first; seed < first + runs; seed++) {
    try {
      await runVirtual(fn, { seed });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw new Error(`failed with seed ${seed}: ${text}\nreplay it with runVirtual(fn, { seed: ${seed} })`, {
        cause: error,
      });
    }
  }
}

/**
 * Runs `fn` again and again, killing its greenlet at its first suspension, its second, … until a run ends before its kill. Fails
 * on any error but the kill itself, on errors that nobody observed, and on greenlets left over; the error names the
 * suspension. Gives how many kills there were.
 */
export async function sweepKills<R>(fn: Fn<[TestClock], R>, options: VirtualOptions = {}): Promise<number> {
  checkFn(fn);
  checkVirtual(options, 'sweepKills');
  return inTurn('sweepKills', () => sweepAll(fn as Fn<[TestClock], unknown>, options));
}

async function sweepAll(fn: Fn<[TestClock], unknown>, options: VirtualOptions): Promise<number> {
  for (let kills = 0; ; kills++) {
    const sweep = new Sweep(kills);
    const virtualRun = new VirtualRun(fn, options, {
      before: (g) => sweep.watch(g),
    });
    try {
      await virtualRun.run();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const where =
        sweep.at === null
          ? 'in the run without a kill'
          : `after a kill at suspension ${kills + 1}, ${sweep.at}`;
      throw new GreenletError(`${where}: ${text}`, { cause: error });
    }
    if (sweep.displaced) kills--;
    else if (sweep.at === null) return kills;
  }
}

/** Kills one greenlet at its suspension number `which`, counted from 0. */
class Sweep {
  /** Where the kill came; null while it has not. */
  at: string | null = null;
  /** The first use of an async store in the program put itself in its place: the run says nothing. */
  displaced = false;
  readonly #which: number;
  #seen = 0;

  constructor(which: number) {
    this.#which = which;
  }

  watch(greenlet: Greenlet<unknown>): () => void {
    const { unusual } = engine;
    const watching = (waiter: Waiter) => {
      if (unusual === null) run(waiter as Fiber);
      else unusual(waiter);
      if (waiter === greenlet) this.#suspended(greenlet);
    };
    engine.unusual = watching;
    lookSoon();
    return () => {
      this.displaced = engine.unusual !== watching;
      if (!this.displaced) engine.unusual = unusual;
    };
  }

  #suspended(greenlet: Greenlet<unknown>): void {
    const mode = greenlet._mode;
    if (mode !== PARKED && mode !== SWITCHED && mode > NEXT_PENDING) return;
    if (this.#seen++ !== this.#which) return;
    const frame = readStack(greenlet)[0];
    const operation = describeWait(greenlet);
    this.at = `in ${operation}${frame === undefined ? '' : ` at ${formatFrame(frame)}`}`;
    greenlet._kill(undefined);
  }
}
