/** Greenlets that do not give way. */
import { checkMs, checkOptions } from '../runtime/check.js';
import { Fiber } from '../runtime/fiber.js';
import type { greenlet } from '../runtime/greenlet.js';
import { host } from '../runtime/host.js';
import { hub, warn } from '../runtime/hub.js';
import { formatFrame } from '../runtime/place.js';
import { watchSwitches } from '../runtime/settrace.js';
import { spawnPlace } from '../runtime/spawn-place.js';
import { readStack } from '../runtime/stack.js';

export interface MonitorOptions {
  /** ms that a greenlet may run without giving way. Default 100. */
  readonly threshold?: number | undefined;
}

/**
 * Tells `hub.onWarning` (code `BLOCKED`) of every greenlet that has run for more than `threshold` ms without giving way: nothing
 * else ran meanwhile, no timer and no socket. It is told when the greenlet does give way, with the place where it does, which is
 * the first suspension after what took so long; of one that has ended instead, with the place of its spawn. Until the result is
 * disposed, each switch costs a look at the clock. Never switches. Errors: `RangeError` / `TypeError`. Mirrors gevent's monitor
 * thread with `max_blocking_time`, without a thread.
 *
 * @example using _ = monitorBlocking({ threshold: 50 });
 */
export function monitorBlocking(options: MonitorOptions = {}): Disposable {
  checkOptions(options, 'monitorBlocking', '{ threshold: 100 }');
  const { threshold = 100 } = options;
  checkMs(threshold, 'threshold');
  let since = host.performance.now();
  const unwatch = watchSwitches((_event, origin) => {
    const now = host.performance.now();
    const took = now - since;
    since = now;
    if (took > threshold && origin !== hub && origin.parent !== null) tell(origin, took);
  });
  return { [Symbol.dispose]: unwatch };
}

function tell(blocker: greenlet, took: number): void {
  const frame = blocker instanceof Fiber ? readStack(blocker, 1)[0] : undefined;
  warn({
    code: 'BLOCKED',
    message: `${blocker} ran for ${took.toFixed(0)} ms without giving way: yield* sleep(0) now and then, or leave the work to a ThreadPool`,
    greenlet: blocker,
    at: frame === undefined ? spawnPlace(blocker) : formatFrame(frame),
  });
}
