/** Who else wants to know of the lives of scheduled greenlets: debug mode, tracing, diagnostics. Null costs nothing. */
import type { greenlet } from './greenlet.js';

export interface LifeListener {
  /** It is started, and runs for the first time later. */
  starting?(started: greenlet): void;
  /** It is asked to end by `error`. */
  killed?(killed: greenlet, error: unknown): void;
  /** It has ended; `failed`: by an error. */
  ended?(ended: greenlet, failed: boolean): void;
}

/** What the runtime calls. */
export const hooks: {
  starting: ((started: greenlet) => void) | null;
  killed: ((killed: greenlet, error: unknown) => void) | null;
  ended: ((ended: greenlet, failed: boolean) => void) | null;
} = { starting: null, killed: null, ended: null };

const listeners = new Set<LifeListener>();

/** Tells `listener` from now on, until what is given is called. It must neither block nor throw. */
export function listen(listener: LifeListener): () => void {
  listeners.add(listener);
  update();
  return () => {
    listeners.delete(listener);
    update();
  };
}

function update(): void {
  const starting = those('starting');
  const killed = those('killed');
  const ended = those('ended');
  hooks.starting = starting && ((one) => starting.forEach((tell) => void tell(one)));
  hooks.killed = killed && ((one, error) => killed.forEach((tell) => void tell(one, error)));
  hooks.ended = ended && ((one, failed) => ended.forEach((tell) => void tell(one, failed)));
}

/** What is to be told of one kind of moment; null when nobody asks. */
function those<K extends keyof LifeListener>(name: K): Required<LifeListener>[K][] | null {
  const found = [...listeners].flatMap((each) => each[name] ?? []) as Required<LifeListener>[K][];
  return found.length === 0 ? null : found;
}
