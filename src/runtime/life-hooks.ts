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
  for (const name of ['starting', 'killed', 'ended'] as const) {
    const those = [...listeners].flatMap((each) => each[name] ?? []) as ((
      one: greenlet,
      how: never,
    ) => void)[];
    hooks[name] =
      those.length === 0 ? null : (one, how?) => those.forEach((tell) => void tell(one, how as never));
  }
}
