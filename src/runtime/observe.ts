/**
 * Errors that nobody observes. An error is observed when it is delivered, a link is called with it, or it is read. If it is
 * not by the end of the turn in which it happened (if somebody waits without taking it: of the turn in which the waiter
 * resumes), `hub.onError` gets it, once.
 */
import { engine, ready } from './engine.js';
import type { greenlet } from './greenlet.js';
import { hostProcess } from './host.js';
import { hooks, report } from './hub.js';
import { type Link, LinkList } from './links.js';
import { TURN, Waiter } from './waiter.js';

/** Bits of `Greenlet._flags`. */
export const FAILED = 1;
export const KILLED = 2;
export const OBSERVED = 4;
const REPORTED = 8;

/** How many promise jobs an outside waiter has to read the error after its wait. */
const JOBS = 4;

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
    else due.push(this.#greenlet);
  }
}

function afterJobs(greenlet: Failing, jobs: number): void {
  if (jobs === 0) tell(greenlet);
  else void Promise.resolve().then(() => afterJobs(greenlet, jobs - 1));
}

/** `greenlet` has failed, and its links have been told. */
export function noteFailure(greenlet: object, links: Link | null): void {
  const failing = greenlet as Failing;
  if (links === null) {
    due.push(failing);
    if (!engine.awake) engine.awaken();
    return;
  }
  ready(new Resumed(failing, hasOutside(links)));
}

function hasOutside(link: Link): boolean {
  if (link instanceof LinkList) return true;
  return link._waiter !== null && link._waiter._self !== link._waiter;
}

function tell(greenlet: Failing): void {
  if ((greenlet._flags & OBSERVED) !== 0) return;
  greenlet._flags |= REPORTED;
  unobserved++;
  report(greenlet._value, greenlet);
}

hooks.turnEnded.push(() => {
  if (due.length === 0) return;
  const failed = due;
  due = [];
  for (const greenlet of failed) tell(greenlet);
});

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
