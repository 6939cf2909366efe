/** The host's time, following a virtual clock: `Date`, `performance.now`, `setTimeout`, `setInterval` and their clearing. */
import { checkMs } from '../runtime/check.js';
import { clearTimer, setTimer } from '../runtime/engine.js';
import { report } from '../runtime/hub.js';
import type { Timed } from '../runtime/waiter.js';
import type { TestClock } from './test-clock.js';

type Callback = (...args: unknown[]) => void;

/** A timer of the host's kind, on the hub's heap. What its callback throws goes to `hub.onError`. */
export class VirtualTimer implements Timed {
  _timer = -1;
  readonly #callback: Callback;
  readonly #args: unknown[];
  readonly #ms: number;
  readonly #again: boolean;
  #ref = true;

  constructor(callback: Callback, ms: number, args: unknown[], again: boolean) {
    this.#callback = callback;
    this.#args = args;
    this.#ms = ms;
    this.#again = again;
    setTimer(this, ms, true);
  }

  _expired(): void {
    if (this.#again) setTimer(this, this.#ms, true);
    try {
      this.#callback(...this.#args);
    } catch (error) {
      report(error, null);
    }
  }

  ref(): this {
    this.#ref = true;
    return this;
  }

  unref(): this {
    this.#ref = false;
    return this;
  }

  hasRef(): boolean {
    return this.#ref;
  }

  refresh(): this {
    clearTimer(this);
    setTimer(this, this.#ms, true);
    return this;
  }

  close(): this {
    clearTimer(this);
    return this;
  }

  [Symbol.dispose](): void {
    clearTimer(this);
  }
}

/** `Date` whose present is that of `Date.now`, whatever that is. */
function datesOfNow(): DateConstructor {
  return new Proxy(Date, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [target.now()] : args, newTarget),
    apply: (target) => new target(target.now()).toString(),
  });
}

/** Has the host's time follow `clock`; gives how to put it back. */
export function patchTime(clock: TestClock): () => void {
  const globals = globalThis as unknown as Record<string, unknown>;
  const performance = globals['performance'] as { now(): number };
  const start = Date.now();
  const timer =
    (again: boolean) =>
    (callback: Callback, ms: unknown = 0, ...args: unknown[]) => {
      const delay = Math.max(Number(ms) || 0, 1);
      checkMs(delay);
      return new VirtualTimer(callback, delay, args, again);
    };
  const clear = (name: string) => {
    const earlier = globals[name] as (handle: unknown) => void;
    return (handle: unknown) => {
      if (handle instanceof VirtualTimer) clearTimer(handle);
      else earlier(handle);
    };
  };
  const patches: [Record<string, unknown>, string, unknown][] = [
    [Date as unknown as Record<string, unknown>, 'now', () => start + clock.now()],
    [globals, 'Date', datesOfNow()],
    [performance as unknown as Record<string, unknown>, 'now', () => clock.now()],
    [globals, 'setTimeout', timer(false)],
    [globals, 'setInterval', timer(true)],
    [globals, 'clearTimeout', clear('clearTimeout')],
    [globals, 'clearInterval', clear('clearInterval')],
  ];
  const undos = patches.map(([target, name, replacement]) => {
    const descriptor = Object.getOwnPropertyDescriptor(target, name);
    Object.defineProperty(target, name, { value: replacement, configurable: true, writable: true });
    return () => {
      if (descriptor === undefined) delete target[name];
      else Object.defineProperty(target, name, descriptor);
    };
  });
  return () => {
    for (const undo of undos) undo();
  };
}
