/** Waiting for time to pass. */
import { checkMs, checkOptions } from './check.js';
import { hasReady, setTimer, engine as shared, wake } from './engine.js';
import { holdsProcess } from './holds.js';
import { macrotask } from './host.js';
import { hooks } from './hub.js';
import { giveWay, irregular, Operation, park, resumed } from './operation.js';
import { WaitQueue } from './wait-queue.js';
import { RUNNING, type Started, type Waiter } from './waiter.js';

const engine = shared;

class Sleep extends Operation<void> {
  readonly _name = 'sleep';
  readonly _ms: number;
  readonly #ref: boolean;

  constructor(ms: number, ref: boolean) {
    super();
    this._ms = ms;
    this.#ref = ref;
  }

  override get _object(): string {
    return `${this._ms} ms`;
  }

  _start(waiter: Waiter): Started {
    setTimer(waiter, this._ms, this.#ref && holdsProcess(waiter));
    return park(waiter, this);
  }

  override _expire(waiter: Waiter): void {
    wake(waiter, undefined);
  }
}

class GiveWay extends Operation<void> {
  readonly _name = 'sleep';

  override get _object(): string {
    return '0 ms';
  }

  /** @internal */
  override next(value: unknown): Started {
    if (engine.resuming) return resumed(value);
    const greenlet = engine.current;
    // biome-ignore lint/complexity/noArguments: see Operation.next
    const count = arguments.length;
    return greenlet._mode === RUNNING && count !== 0
      ? this._start(greenlet)
      : irregular(greenlet, this, count);
  }

  _start(waiter: Waiter): Started {
    return giveWay(waiter, this);
  }
}

const GIVE_WAY = new GiveWay();

/** The sleeps that were made last: one has no state, and so serves all who sleep as long. By the lowest bits of their ms. */
const recent: (Sleep | undefined)[] = new Array(64).fill(undefined);

/**
 * Waits `ms` milliseconds; `sleep()` and `sleep(0)` give way to every greenlet that is ready. `ref: false`: it does not hold
 * the process. Always switches. Errors: `RangeError` / `TypeError` for what is no time. Mirrors `gevent.sleep`, in ms.
 */
export function sleep(ms = 0, options?: { readonly ref?: boolean | undefined }): Operation<void> {
  if (ms === 0) return GIVE_WAY;
  checkMs(ms);
  // Debug mode follows each operation from the call to its run.
  if (options !== undefined || engine.watch !== null) {
    if (options !== undefined) checkOptions(options, 'sleep', '{ ref: false }');
    return new Sleep(ms, options?.ref ?? true);
  }
  const known = recent[ms & 63];
  if (known !== undefined && known._ms === ms) return known;
  const fresh = new Sleep(ms, true);
  recent[ms & 63] = fresh;
  return fresh;
}

/** Seconds in milliseconds, for ports: `sleep(seconds(0.5))`. */
export function seconds(n: number): number {
  checkMs(n, 'n');
  return n * 1000;
}

const idlers = new WaitQueue();

class Idle extends Operation<void> {
  readonly _name = 'idle';

  _start(waiter: Waiter): Started {
    idlers.push(waiter);
    if (idlers.length === 1) lookAgain();
    return park(waiter, this);
  }

  override _undo(waiter: Waiter): void {
    idlers.remove(waiter);
  }
}

function lookAgain(): void {
  hooks.handedBack(macrotask(wakeIdlers));
}

/** The host has had a pass; whoever waits for idleness goes on if no greenlet is ready. */
function wakeIdlers(): void {
  if (idlers.length === 0) return;
  if (hasReady()) {
    lookAgain();
    return;
  }
  for (let waiter = idlers.shift(); waiter !== null; waiter = idlers.shift()) wake(waiter, undefined);
}

const IDLE = new Idle();

/** Waits until no greenlet is ready and the host has looked at timers and IO. Mirrors `gevent.idle`. */
export function idle(): Operation<void> {
  return IDLE;
}
