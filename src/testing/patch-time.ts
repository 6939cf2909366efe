/** The host's time, following a virtual clock: `Date.now`, `performance.now`, `setTimeout`, `setInterval` and their clearing. */
import { checkMs } from '../runtime/check.js';
import { clearTimer, setTimer } from '../runtime/engine.js';
import type { Timed } from '../runtime/waiter.js';
import type { TestClock } from './test-clock.js';

type Callback = (...args: unknown[]) => void;

/** A timer of the host's kind, on the hub's heap. */
class VirtualTimer implements Timed {
  _timer = -1;
  readonly #callback: Callback;
  readonly #args: unknown[];
  readonly #ms: number;
  readonly #again: boolean;

  constructor(callback: Callback, ms: number, args: unknown[], again: boolean) {
    this.#callback = callback;
    this.#args = args;
    this.#ms = ms;
    this.#again = again;
    setTimer(this, ms, true);
  }

  _expired(): void {
    if (this.#again) setTimer(this, this.#ms, true);
    this.#callback(...this.#args);
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.dispose](): void {
    clearTimer(this);
  }
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
  const clear = (handle: unknown) => {
    if (handle instanceof VirtualTimer) clearTimer(handle);
  };
  const patches: [Record<string, unknown>, string, unknown][] = [
    [Date as unknown as Record<string, unknown>, 'now', () => start + clock.now()],
    [performance as unknown as Record<string, unknown>, 'now', () => clock.now()],
    [globals, 'setTimeout', timer(false)],
    [globals, 'setInterval', timer(true)],
    [globals, 'clearTimeout', clear],
    [globals, 'clearInterval', clear],
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
