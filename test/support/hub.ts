/** What tests change on the hub, and its putting back. */
import { type greenlet, hub, type Warning } from 'greenlets';
import { afterEach } from 'vitest';

/** Puts the hub's settings and handlers back after each test of the file. */
export function keepHubSettings(): void {
  const { killGrace, exitGrace, switchInterval, raiseOnDeadlock, debug } = hub;
  afterEach(() => {
    Object.assign(hub, { killGrace, exitGrace, switchInterval, raiseOnDeadlock, debug });
    hub.onError = null;
    hub.onWarning = null;
  });
}

/** Every error that reaches the hub from now on, with its greenlet. */
export function collectErrors(): { error: unknown; greenlet: greenlet | null }[] {
  const errors: { error: unknown; greenlet: greenlet | null }[] = [];
  hub.onError = (error, from) => errors.push({ error, greenlet: from });
  return errors;
}

/** Every warning from now on. */
export function collectWarnings(): Warning[] {
  const warnings: Warning[] = [];
  hub.onWarning = (warning) => warnings.push(warning);
  return warnings;
}

/** What `fn` throws. Fails when it throws nothing. */
export function thrownBy(fn: () => unknown): unknown {
  try {
    fn();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
