/**
 * Errors that nobody observes. An error is observed when it is delivered, a link is called with it, or it is read. If it is
 * not by the end of the turn in which it happened (if somebody waits without taking it: of the turn in which the waiter
 * resumes), `hub.onError` gets it, once.
 */
import { engine, ready } from './engine.js';
import type { greenlet } from './greenlet.js';
import { hostProcess } from './host.js';
import { hooks, report } from './hub.js';
import { type Collecting, type Link, LinkList } from './links.js';
import { PARKED, TURN, Waiter } from './waiter.js';

/** Bits of `Greenlet._flags`. */
export const FAILED = 1;
export const KILLED = 2;
export const OBSERVED = 4;
const REPORTED = 8;

/** How many promise jobs an outside waiter has to read the error after its wait. */
const JOBS = 4;
/** And one whose wait had not begun when the turn ended: `await` subscribes in a promise job of its own. */
const LATE_JOBS = 3;

interface Failing extends greenlet {
  _flags: number;
}

let due: Failing[] = [];
/** Reported, printed, and not observed since. */
let unobserved = 0;

/** The error of `greenlet` has reached somebody. */
export function observe(greenlet: object): void {
  const failing = greenlet as Failing;
  if ((failing._flags & FAILED) === 0 || (failing._flags & OBSERVED) !== 0) return;
  failing._flags |= OBSERVED;
  if ((failing._flags & REPORTED) !== 0) unobserved--;
}

/** Its turn comes when everyone who waited for the greenlet has been resumed. */
class Resumed extends Waiter {
  readonly #greenlet: Failing;
  readonly #outside: boolean;

  constructor(greenlet: Failing, outside: boolean) {
    super(TURN);
    this.#greenlet = greenlet;
    this.#outside = outside;
  }

  get _self(): Waiter {
    return this;
  }

  _woken(): void {}

  _turn(): void {
    if (this.#outside) afterJobs(this.#greenlet, JOBS);
    else tellLater(this.#greenlet);
  }
}

function afterJobs(greenlet: Failing, jobs: number): void {
  if (jobs === 0 || hooks.exiting) tell(greenlet);
  else void Promise.resolve().then(() => afterJobs(greenlet, jobs - 1));
}

/** A wait for several things that has not ended with this one: its failures are told when it has. */
interface Hold {
  readonly over: () => boolean;
  readonly outside: boolean;
  readonly failed: Failing[];
}

/** By what stands for the wait. */
const holds = new Map<unknown, Hold>();

/** `greenlet` has failed, and its links have been told. */
export function noteFailure(greenlet: object, links: Link | null): void {
  const failing = greenlet as Failing;
  if (links === null) {
    tellLater(failing);
    if (!engine.awake) engine.awaken();
    return;
  }
  const all = links instanceof LinkList ? [...links] : [links];
  const holding = all.filter((link) => holdBy(link, failing));
  if (holding.length === 0) ready(new Resumed(failing, all.some(isOutside)));
}

function isOutside(link: Link): boolean {
  return link._waiter !== null && link._waiter._self !== link._waiter;
}

/** The first wait that goes on in spite of the death keeps the failure until its own end. */
function holdBy(link: Link, failing: Failing): boolean {
  const waiter = link._waiter as (Waiter & { readonly _collecting?: Collecting }) | null;
  const collecting = link._collecting ?? waiter?._collecting;
  if (collecting !== undefined) return hold(collecting, () => collecting.over, isOutside(link), failing);
  if (waiter === null || waiter._mode !== PARKED) return false;
  const run = waiter._slot;
  const over = () => waiter._slot !== run || waiter._mode !== PARKED;
  return hold(run ?? waiter, over, isOutside(link), failing);
}

function hold(key: unknown, over: () => boolean, outside: boolean, failing: Failing): boolean {
  const known = holds.get(key);
  if (known === undefined) {
    holds.set(key, { over, outside, failed: [failing] });
    hooks.turnEnded.add(endHolds);
  } else known.failed.push(failing);
  return true;
}

function endHolds(idle: boolean): void {
  for (const [key, { over, outside, failed }] of holds) {
    if (!over()) continue;
    holds.delete(key);
    for (const greenlet of failed) {
      // Who waited may not have been resumed yet when the turn was cut short.
      if (!idle) ready(new Resumed(greenlet, outside));
      else if (outside) afterJobs(greenlet, JOBS);
      else tellLater(greenlet);
    }
  }
  if (holds.size === 0) hooks.turnEnded.delete(endHolds);
}

function tell(greenlet: Failing): void {
  if ((greenlet._flags & (OBSERVED | REPORTED)) !== 0) return;
  greenlet._flags |= REPORTED;
  unobserved++;
  report(greenlet._value, greenlet);
}

/** At the end of the turn. */
function tellLater(greenlet: Failing): void {
  due.push(greenlet);
  hooks.turnEnded.add(tellDue);
}

function tellDue(): void {
  hooks.turnEnded.delete(tellDue);
  const failed = due;
  due = [];
  for (const greenlet of failed) afterJobs(greenlet, LATE_JOBS);
}

let watching = false;

/** The default `onError` has printed: the exit code becomes 1 unless all is observed before the exit. */
export function failExit(): void {
  const process = hostProcess();
  if (watching || process === undefined) return;
  watching = true;
  process.on('exit', () => {
    if (unobserved > 0 && !process.exitCode) process.exitCode = 1;
  });
}
