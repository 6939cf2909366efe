/**
 * The state of the runtime: who runs, who is ready, and the timers. One object, read by the two doors (operation.ts, the way
 * down; resume.ts, the way up) and by nothing above the runtime floor.
 *
 * Ready waiters form a list through `_next`, first in, first out. `fuel` counts the steps until the clock is looked at again;
 * everything that is seldom wanted (tracing, async context, a seeded order) hides behind its running out.
 */
import { type Clock, SystemClock } from './clock.js';
import { host } from './host.js';
import { TimerHeap } from './timers.js';
import type { Blocking, Timed, Waiter } from './waiter.js';

/** How many steps may pass between two looks at the clock. */
const QUANTUM = 32;
/** How many steps a turn has when it is measured by steps and not by time. */
const COUNTED_SLICE = 10_000;

interface Engine {
  /** The greenlet whose code is running; the main greenlet when none is. */
  current: Waiter;
  /** An operation whose iterator was asked for, about to be started. */
  pending: Blocking | null;
  /** Who runs next, at once, because the current greenlet switched to it or entered a frame. */
  successor: Waiter | null;
  head: Waiter | null;
  tail: Waiter | null;
  /** A turn of the hub is running or due: nobody needs to be told of a ready waiter. */
  awake: boolean;
  /** Inside a turn, which must hand back to the host when `sliceEnd` has passed. */
  sliced: boolean;
  sliceEnd: number;
  fuel: number;
  quantum: number;
  lastLook: number;
  /** Turns end after a number of steps, so that tests see the same order every time. */
  countedSlices: boolean;
  /** How long a turn may last, in ms. */
  switchInterval: number;
  /** Steps since the clock was looked at while something unusual is on. */
  looks: number;
  /** In debug mode: told of every operation that a greenlet builds and runs. */
  watch: { built(operation: Blocking, by: Waiter): void; ran(operation: Blocking): void } | null;
  clock: Clock;
  timers: TimerHeap;
  /** Runs one turn of a waiter in an unusual way: traced, or in its async context. Null when nothing unusual is on. */
  unusual: ((waiter: Waiter) => void) | null;
  /** Chooses who is next out of `count` ready ones. Null: the first. */
  choose: ((count: number) => number) | null;
  /** Told of every change of the current greenlet (`settrace`). */
  trace: ((target: Waiter | null) => void) | null;
  /** Who ran last when control left a drive that main had begun. */
  last: Waiter | null;
  /** Set by the hub: begin a turn soon. */
  awaken: () => void;
  /** Set by the hub: what the host must be told when timers changed outside a turn. */
  arm: () => void;
}

export const engine: Engine = {
  current: null as unknown as Waiter,
  pending: null,
  successor: null,
  head: null,
  tail: null,
  awake: false,
  sliced: false,
  sliceEnd: 0,
  fuel: QUANTUM,
  quantum: QUANTUM,
  lastLook: 0,
  countedSlices: false,
  switchInterval: 5,
  looks: 0,
  watch: null,
  clock: new SystemClock(),
  timers: new TimerHeap(),
  unusual: null,
  choose: null,
  trace: null,
  last: null,
  awaken: () => {},
  arm: () => {},
};

/** Puts `waiter` at the end of the ready list. */
export function ready(waiter: Waiter): void {
  const tail = engine.tail;
  engine.tail = waiter;
  if (tail !== null) {
    tail._next = waiter;
    return;
  }
  engine.head = waiter;
  if (!engine.awake) engine.awaken();
}

/** Takes the first waiter off the ready list, which must not be empty. */
export function takeReady(): Waiter {
  const waiter = engine.head as Waiter;
  const next = waiter._next;
  engine.head = next;
  if (next === null) engine.tail = null;
  else waiter._next = null;
  return waiter;
}

/** Takes `waiter` out of the ready list, wherever it is: for the rare ones that run out of turn. O(ready). */
export function removeReady(waiter: Waiter): void {
  let before: Waiter | null = null;
  for (let each = engine.head; each !== null; before = each, each = each._next) {
    if (each !== waiter) continue;
    if (before === null) engine.head = each._next;
    else before._next = each._next;
    if (engine.tail === each) engine.tail = before;
    each._next = null;
    return;
  }
}

/** Every ready waiter, in order. */
export function* eachReady(): Generator<Waiter, void, undefined> {
  for (let waiter = engine.head; waiter !== null; waiter = waiter._next) yield waiter;
}

/** Moves the waiter at `index` of the ready list to its front. */
export function bringForward(index: number): void {
  let waiter = engine.head as Waiter;
  for (let i = 0; i < index; i++) waiter = waiter._next as Waiter;
  if (waiter === engine.head) return;
  removeReady(waiter);
  waiter._next = engine.head;
  engine.head = waiter;
}

/**
 * The fuel is used up: look at the clock and refill. True when the slice is over and the turn must end.
 * Slow steps make the next look come sooner, so that the slice is kept whatever greenlets do.
 */
export function outOfFuel(): boolean {
  if (engine.countedSlices) {
    engine.fuel = engine.choose !== null || engine.unusual !== null ? 0 : QUANTUM;
    engine.looks += engine.fuel + 1;
    if (engine.looks < COUNTED_SLICE) return false;
    engine.looks = 0;
    return engine.sliced;
  }
  if (engine.unusual !== null || engine.choose !== null) {
    engine.fuel = 0;
    if (++engine.looks < QUANTUM) return false;
    engine.looks = 0;
    return engine.sliced && host.performance.now() >= engine.sliceEnd;
  }
  const now = host.performance.now();
  const elapsed = now - engine.lastLook;
  engine.lastLook = now;
  if (elapsed > 1) engine.quantum = (engine.quantum + 1) >> 1;
  else if (engine.quantum < QUANTUM) engine.quantum *= 2;
  engine.fuel = engine.quantum;
  return engine.sliced && now >= engine.sliceEnd;
}

/** Something unusual was turned on: have the very next step look for it. */
export function lookSoon(): void {
  engine.fuel = 0;
}

/** The operation of `waiter` is over: it is resumed with `value`, or by throwing it, when its turn comes. */
export function wake(waiter: Waiter, value: unknown, failed = false): void {
  waiter._op = null;
  waiter._slot = undefined;
  if (waiter._timer !== -1) engine.timers.remove(waiter);
  waiter._woken(value, failed);
}

/** Has `entry` expire `ms` from now. `Infinity`: never. */
export function setTimer(entry: Timed, ms: number, hold: boolean): void {
  if (ms === Number.POSITIVE_INFINITY) return;
  engine.timers.set(entry, engine.clock.now() + ms, hold);
  if (!engine.sliced) engine.arm();
}

export function clearTimer(entry: Timed): void {
  if (entry._timer !== -1) engine.timers.remove(entry);
}
