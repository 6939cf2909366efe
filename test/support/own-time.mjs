/**
 * Preloaded (`node --import`): the process gets a time of its own, so that how fast the machine is does not matter.
 *
 * `setTimeout`, `setInterval`, their clearing, `setTimeout` of `node:timers/promises`, `performance.now` and `Date.now` follow a virtual
 * time, which jumps to the next timer when the event loop has gone round a few times and nothing else is left to do. While real things
 * hold the process (sockets, children, timers of `node:timers` itself), time goes on as it really does; for work on files, which ends by
 * itself, it stands still. `setImmediate`, promises and IO are the host's own; timers that are pending hold the process as the host's
 * would, and no longer.
 */
import { AsyncResource } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import promises from 'node:timers/promises';

/** How many passes of the loop in a row must bring nothing new. */
const PASSES = 3;
/** Every look at the clock takes a moment, so that whoever waits for the time to pass in a loop gets there. */
const LOOK = 0.001;
const LONGEST = 2 ** 31 - 1;
/** The names of active resources that are work on files. */
const ON_FILES = /^(FSReq|CloseReq|FileHandle)/;

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
  performanceNow: performance.now.bind(performance),
};
const start = { date: Date.now(), now: real.performanceNow() };

/** Virtual milliseconds since the start. */
let time = 0;
/** The real time of the last look, while real things hold the process. */
let lookedAt = null;
let quiet = 0;
/** The pending timers, by their numbers, in the order in which they were set. */
const timers = new Map();
let numbers = 0;
/** The next look: an immediate, or a real timer while real things hold the process. */
let look = null;

class Timer {
  #callback;
  #args;
  #resource = new AsyncResource('Timeout', { requireManualDestroy: true });
  #delay;
  #again;
  #ref = true;
  at = 0;

  constructor(callback, delay, args, again) {
    if (typeof callback !== 'function') {
      const error = new TypeError('The "callback" argument must be of type function.');
      throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
    }
    this.number = ++numbers;
    this.#callback = callback;
    this.#args = args;
    this.#delay = delay >= 1 && delay <= LONGEST ? Math.trunc(delay) : 1;
    this.#again = again;
    this.refresh();
  }

  fire() {
    if (this.#again) this.refresh();
    else this.close();
    this.#resource.runInAsyncScope(this.#callback, this, ...this.#args);
  }

  ref() {
    this.#ref = true;
    arm();
    return this;
  }

  unref() {
    this.#ref = false;
    arm();
    return this;
  }

  hasRef() {
    return this.#ref;
  }

  refresh() {
    timers.delete(this.number);
    this.at = time + this.#delay;
    timers.set(this.number, this);
    quiet = 0;
    arm();
    return this;
  }

  close() {
    timers.delete(this.number);
    arm();
    return this;
  }

  [Symbol.toPrimitive]() {
    return this.number;
  }

  [Symbol.dispose ?? Symbol.for('dispose')]() {
    this.close();
  }
}

/** Has the loop looked at the timers as long as there are any; those that hold the process hold it by that. */
function arm() {
  if (timers.size === 0) {
    look?.cancel();
    look = null;
    lookedAt = null;
    return;
  }
  look ??= soon();
  if ([...timers.values()].some((timer) => timer.hasRef())) look.handle.ref();
  else look.handle.unref();
}

function soon() {
  const handle = real.setImmediate(onLook);
  return { handle, cancel: () => real.clearImmediate(handle) };
}

/** After a moment of real time, and then behind the timers and the IO of that pass. */
function inAMoment() {
  const next = { handle: null, cancel: null };
  next.handle = real.setTimeout(() => {
    Object.assign(next, soon());
    arm();
  }, 1);
  next.cancel = () => real.clearTimeout(next.handle);
  return next;
}

/** The active resources that hold the process, but for what it prints into: that is there for its whole life, and nothing comes of it. */
function activeThings() {
  const things = process.getActiveResourcesInfo().filter((name) => name !== 'TTYWrap');
  for (const stream of [process.stdout, process.stderr]) {
    const at = stream instanceof Socket ? things.indexOf('PipeWrap') : -1;
    if (at !== -1) things.splice(at, 1);
  }
  return things;
}

function onLook() {
  look = null;
  const things = activeThings();
  const busy = things.includes('Immediate');
  const onFiles = things.some((name) => ON_FILES.test(name));
  const others = things.filter((name) => name !== 'Immediate' && !ON_FILES.test(name));
  const due = earliest();
  if (others.length > 0) {
    const now = real.performanceNow();
    time = Math.min(time + now - (lookedAt ?? now), Math.max(time, due.at));
    lookedAt = now;
    quiet = 0;
    look = inAMoment();
  } else {
    lookedAt = null;
    quiet = busy || onFiles ? 0 : quiet + 1;
    if (onFiles) look = inAMoment();
    if (quiet > PASSES) time = Math.max(time, due.at);
  }
  arm();
  if (due.at > time) return;
  quiet = 0;
  due.fire();
}

/** Of equal ones the one that was set first. */
function earliest() {
  let first = null;
  for (const timer of timers.values()) if (first === null || timer.at < first.at) first = timer;
  return first;
}

function clear(timer) {
  if (timer instanceof Timer) timer.close();
  else if (timers.has(Number(timer))) timers.get(Number(timer)).close();
  else real.clearTimeout(timer);
}

function now() {
  time += LOOK;
  return time;
}

function later(delay, value, { signal, ref = true } = {}) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clear(timer);
      const error = new Error('The operation was aborted', { cause: signal.reason });
      reject(Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' }));
    };
    const timer = new Timer(
      () => {
        signal?.removeEventListener('abort', stop);
        resolve(value);
      },
      delay,
      [],
      false,
    );
    if (!ref) timer.unref();
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

promises.setTimeout = later;
syncBuiltinESMExports();
globalThis.setTimeout = (callback, delay, ...args) => new Timer(callback, delay, args, false);
globalThis.setInterval = (callback, delay, ...args) => new Timer(callback, delay, args, true);
globalThis.clearTimeout = clear;
globalThis.clearInterval = clear;
Object.defineProperty(performance, 'now', {
  value: () => start.now + now(),
  configurable: true,
  writable: true,
});
Date.now = () => Math.trunc(start.date + now());
