/**
 * The state of the runtime: who runs, who is ready, and the timers. One object, read by the two doors (operation.ts, the way
 * down; resume.ts, the way up) and by nothing above the runtime floor.
 *
 * The ready list is a ring of numbers, first in, first out: a scheduled greenlet has a number as long as it lives, its place in
 * `slots`; any other waiter gets one (stored as its complement) while it is in the ring. Numbers, because this object is old
 * and greenlets are young: V8's write barrier makes storing a young object in an old one cost as much as a third of a switch,
 * and storing a small integer costs nothing. `current` is a number for the same reason.
 *
 * `fuel` counts the steps until the clock is looked at again; everything that is seldom wanted (async context, a seeded order)
 * hides behind its running out.
 */
import { type Clock, SystemClock } from './clock.js';
import { host } from './host.js';
import { TimerHeap } from './timers.js';
import type { Blocking, Timed, Waiter } from './waiter.js';

/** How many steps may pass between two looks at the clock. */
const QUANTUM = 64;
/** How many steps a turn may have that has not looked at all. */
const FEW = 8;
/** How many steps a turn has when it is measured by steps and not by time. */
const COUNTED_SLICE = 10_000;

/** `sliceEnd` of a turn that has not looked at the clock. */
export const UNTIMED = -1;

/** The place in `slots` of a current greenlet that has no number: a raw one. */
const UNNUMBERED = 0;
const FIRST_SIZE = 256;

class Engine {
  /** The number of the greenlet whose code is running. */
  at = UNNUMBERED;
  /** The scheduled greenlets that live, by their numbers; a free place holds the number of the next free one. */
  readonly slots: (Waiter | number | null)[] = [null];
  /** The first free place, -1 when there is none. */
  free = -1;
  /** The generator of the current greenlet is being resumed: the operation, when it is reached, hands over the value. */
  resuming = false;
  /** Who runs next, at once, because the current greenlet switched to it or entered a frame. */
  successor: Waiter | null = null;
  /** The numbers of the ready waiters, from `head` up to but not including `tail`; its length is a power of two. */
  ring = new Int32Array(FIRST_SIZE);
  head = 0;
  tail = 0;
  /** A turn of the hub is running or due: nobody needs to be told of a ready waiter. */
  awake = false;
  /** Inside a turn, which must hand back to the host when `sliceEnd` has passed. */
  sliced = false;
  sliceEnd = 0.5;
  fuel = QUANTUM;
  /** The time of this turn is up. */
  spent = false;
  quantum = QUANTUM;
  lastLook = 0.5;
  /** Turns end after a number of steps, so that tests see the same order every time. */
  countedSlices = false;
  /** How long a turn may last, in ms. */
  switchInterval = 5;
  /** Steps since the clock was looked at while something unusual is on. */
  looks = 0;
  /** In debug mode: told of every operation that a greenlet builds and runs. */
  watch: { built(operation: Blocking, by: Waiter): void; ran(operation: Blocking): void } | null = null;
  clock: Clock = new SystemClock();
  timers = new TimerHeap();
  /** Runs one turn of a waiter in an unusual way: in its async context. Null when nothing unusual is on. */
  unusual: ((waiter: Waiter) => void) | null = null;
  /** Each greenlet runs in a scope of its own: control that goes to another leaves the loop, with who is next in `relay`. */
  alone = false;
  relay: Waiter | null = null;
  /** Chooses who is next out of `count` ready ones. Null: the first. */
  choose: ((count: number) => number) | null = null;
  /** Told of every change of the current greenlet (`settrace`); with `throws` of one that nothing of the target's will show. */
  trace: ((target: Waiter | null, throws?: boolean) => void) | null = null;
  /** Who ran last when control left a drive that main had begun. */
  last: Waiter | null = null;
  /** Set by the hub: begin a turn soon. */
  awaken: () => void = () => {};
  /** Set by the hub: what the host must be told when timers changed outside a turn. */
  arm: () => void = () => {};

  /** The greenlet whose code is running; the main greenlet when none is. */
  get current(): Waiter {
    return this.slots[this.at] as Waiter;
  }

  set current(waiter: Waiter) {
    if (waiter._id >= 0) {
      this.at = waiter._id;
    } else {
      this.slots[UNNUMBERED] = waiter;
      this.at = UNNUMBERED;
    }
  }
}

/**
 * The same object under two names. V8 reads an exported or imported binding anew at every use; a constant of the module's own
 * it folds into the code. So the files on the hot paths give it a constant of theirs.
 */
const state = new Engine();
export const engine = state;

/** Waiters without a number, while they are in the ring. */
const loose: (Waiter | null)[] = [];
const freeLoose: number[] = [];

/** Gives `waiter` a number, until `dismiss`. */
export function enroll(waiter: Waiter): void {
  const { slots, free } = state;
  if (free === -1) {
    waiter._id = slots.length;
    slots.push(waiter);
  } else {
    waiter._id = free;
    state.free = slots[free] as number;
    slots[free] = waiter;
  }
}

/** Takes the number of `waiter` back; it must not be in the ring. */
export function dismiss(waiter: Waiter): void {
  state.slots[waiter._id] = state.free;
  state.free = waiter._id;
  waiter._id = -1;
}

function addLoose(waiter: Waiter): number {
  const index = freeLoose.pop() ?? loose.length;
  loose[index] = waiter;
  return ~index;
}

function takeLoose(number: number): Waiter {
  const waiter = loose[~number] as Waiter;
  loose[~number] = null;
  freeLoose.push(~number);
  return waiter;
}

function waiterOf(number: number): Waiter {
  return (number >= 0 ? state.slots[number] : loose[~number]) as Waiter;
}

/** Puts `waiter` at the end of the ready list. */
export function ready(waiter: Waiter): void {
  const { ring, tail } = state;
  ring[tail] = waiter._id >= 0 ? waiter._id : addLoose(waiter);
  state.tail = (tail + 1) & (ring.length - 1);
  if (state.tail === state.head) grow();
  else if (tail === state.head && !state.awake) state.awaken();
}

/** The ring is full: `head` and `tail` have met. */
function grow(): void {
  const { ring, head } = state;
  const size = ring.length;
  const larger = new Int32Array(size * 2);
  for (let i = 0; i < size; i++) larger[i] = ring[(head + i) & (size - 1)] as number;
  state.ring = larger;
  state.head = 0;
  state.tail = size;
}

/** Takes the first waiter off the ready list, which must not be empty. */
export function takeReady(): Waiter {
  const { ring, head } = state;
  const number = ring[head] as number;
  state.head = (head + 1) & (ring.length - 1);
  return number >= 0 ? (state.slots[number] as Waiter) : takeLoose(number);
}

export function hasReady(): boolean {
  return state.head !== state.tail;
}

export function countReady(): number {
  return (state.tail - state.head) & (state.ring.length - 1);
}

/** Whether all that are ready pass `test`. */
export function everyReady(test: (waiter: Waiter) => boolean): boolean {
  const { ring, head } = state;
  const mask = ring.length - 1;
  for (let i = countReady(); i-- > 0; ) if (!test(waiterOf(ring[(head + i) & mask] as number))) return false;
  return true;
}

/** Takes `waiter` out of the ready list, wherever it is: for the rare ones that run out of turn. O(ready). */
export function removeReady(waiter: Waiter): void {
  const { ring, head } = state;
  const mask = ring.length - 1;
  const count = countReady();
  for (let i = 0; i < count; i++) {
    const number = ring[(head + i) & mask] as number;
    if (waiterOf(number) !== waiter) continue;
    if (number < 0) takeLoose(number);
    for (let j = i; j < count - 1; j++) ring[(head + j) & mask] = ring[(head + j + 1) & mask] as number;
    state.tail = (state.tail - 1) & mask;
    return;
  }
}

/** Moves the waiter at `index` of the ready list to its front. */
export function bringForward(index: number): void {
  const { ring, head } = state;
  const mask = ring.length - 1;
  const number = ring[(head + index) & mask] as number;
  for (let i = index; i > 0; i--) ring[(head + i) & mask] = ring[(head + i - 1) & mask] as number;
  ring[head] = number;
}

/**
 * The fuel is used up: look at the clock and refill. True when the slice is over and the turn must end.
 * Slow steps make the next look come sooner, so that the slice is kept whatever greenlets do.
 */
export function outOfFuel(): boolean {
  if (state.spent || looksOver()) {
    // Whoever asked gives way; the loop asks again, at once, and ends the turn.
    state.spent = state.sliced;
    state.fuel = 0;
    return state.sliced;
  }
  return false;
}

function looksOver(): boolean {
  if (state.countedSlices) {
    state.fuel = state.choose !== null || state.unusual !== null ? 0 : QUANTUM;
    state.looks += state.fuel + 1;
    if (state.looks < COUNTED_SLICE) return false;
    state.looks = 0;
    return state.sliced;
  }
  if (state.unusual !== null || state.choose !== null) {
    state.fuel = 0;
    if (++state.looks < QUANTUM) return false;
    state.looks = 0;
    return state.sliced && isSliceOver(host.performance.now());
  }
  const now = host.performance.now();
  const elapsed = now - state.lastLook;
  state.lastLook = now;
  if (state.sliced && state.sliceEnd === UNTIMED) {
    state.fuel = Math.min(state.quantum, FEW);
    return isSliceOver(now);
  }
  if (elapsed > 1) state.quantum = (state.quantum + 1) >> 1;
  else if (state.quantum < QUANTUM) state.quantum *= 2;
  state.fuel = state.quantum;
  return state.sliced && isSliceOver(now);
}

function isSliceOver(now: number): boolean {
  if (state.sliceEnd === UNTIMED) state.sliceEnd = now + state.switchInterval;
  return now >= state.sliceEnd;
}

/** A turn begins; `few`: its first look at the clock comes after a few steps. Steps that are counted are not counted anew. */
export function refuel(few = false): void {
  state.spent = false;
  if (state.unusual !== null || state.choose !== null) state.fuel = 0;
  else if (!state.countedSlices) state.fuel = few ? Math.min(state.quantum, FEW) : state.quantum;
}

/** From now on turns end after so many steps, counted from here: the same program does the same. */
export function countSlices(): void {
  state.countedSlices = true;
  state.looks = 0;
  state.fuel = 0;
}

/** Something unusual was turned on: have the very next step look for it. */
export function lookSoon(): void {
  state.fuel = 0;
}

/** The operation of `waiter` is over: it is resumed with `value`, or by throwing it, when its turn comes. */
export function wake(waiter: Waiter, value: unknown, failed = false): void {
  waiter._op = null;
  waiter._slot = undefined;
  if (waiter._timer !== -1) state.timers.remove(waiter);
  waiter._woken(value, failed);
}

/** Takes back what `waiter` is parked in, if it is: the operation has not happened for it. What it does next is the caller's. */
export function takeBack(waiter: Waiter): void {
  const operation = waiter._op;
  if (operation === null) return;
  waiter._op = null;
  clearTimer(waiter);
  operation._undo(waiter);
  waiter._slot = undefined;
}

/** Has `entry` expire `ms` from now. `Infinity`: never. */
export function setTimer(entry: Timed, ms: number, hold: boolean): void {
  if (ms === Number.POSITIVE_INFINITY) return;
  state.timers.set(entry, state.clock.now() + ms, hold, ms);
  if (!state.sliced) state.arm();
}

export function clearTimer(entry: Timed): void {
  if (entry._timer !== -1) state.timers.remove(entry);
}
