/** The timers of a virtual run. Those that were set before it stand still meanwhile, in a heap of their own. */
import { TimerHeap } from '../runtime/timers.js';
import type { Timed } from '../runtime/waiter.js';

export class VirtualTimers extends TimerHeap {
  readonly #earlier: TimerHeap;
  /** Whose timers are here, and whether they hold the process. */
  readonly #holds = new Map<Timed, boolean>();

  constructor(earlier: TimerHeap) {
    super();
    this.#earlier = earlier;
  }

  override set(entry: Timed, deadline: number, hold: boolean, span?: number): void {
    this.#holds.set(entry, hold);
    super.set(entry, deadline, hold, span);
  }

  override hold(entry: Timed, hold: boolean): void {
    if (!this.#holds.has(entry)) {
      this.#earlier.hold(entry, hold);
      return;
    }
    this.#holds.set(entry, hold);
    super.hold(entry, hold);
  }

  /** Somebody who has waited since before the run may be woken in it. */
  override remove(entry: Timed): void {
    if (this.#holds.delete(entry)) super.remove(entry);
    else this.#earlier.remove(entry);
  }

  override deadlineOf(entry: Timed): number {
    return this.#holds.has(entry) ? super.deadlineOf(entry) : this.#earlier.deadlineOf(entry);
  }

  /** The run is over: what is pending `now`, and is not for it alone, goes on in the earlier time. */
  handOver(now: number, earlierNow: number, ofTheRun: (entry: Timed) => boolean): void {
    const holds = new Map(this.#holds);
    for (let at = this.earliest; at < Number.POSITIVE_INFINITY; at = this.earliest) {
      const entry = this.takeDue(at) as Timed;
      if (!ofTheRun(entry)) this.#earlier.set(entry, earlierNow + at - now, holds.get(entry) as boolean);
    }
  }
}
