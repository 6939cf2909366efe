/** What nobody holds on to is collected. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Operation, spawn } from 'greenlets';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Collects until `condition` holds: whether it does in the end. Of several things of a kind the last may be held by the machinery. */
export async function collectUntil(condition: () => boolean): Promise<boolean> {
  for (let tries = 0; !condition() && tries < 40; tries++) {
    // What `condition` has looked at is kept until its job is over.
    await new Promise((resolve) => setImmediate(resolve));
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return condition();
}

type Asking = (get: () => Operation<object>) => Promise<WeakRef<object>>;

/** Who asks for something that nobody has in the end. */
export const ASKING: [string, Asking][] = [
  ['code that is no greenlet', async (get) => new WeakRef(await get())],
  ['a greenlet that gives it', async (get) => new WeakRef(await spawn(get).get())],
];
