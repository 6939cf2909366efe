/** `node:child_process`. */
import childProcess, { type ChildProcess } from 'node:child_process';
import { promisify } from 'node:util';
import { apply, type HostFunction, replaceFunction } from './patches.js';
import { follow } from './work.js';
import { type Inside, wrap } from './wrap.js';

/** A call that gives a promise with the process in it. */
const killing: (name: string) => Inside = (name) => (original, self, args) => {
  const promise = original.apply(self, args) as Promise<unknown> & { readonly child?: ChildProcess };
  const kill = () => {
    const { child } = promise;
    // What it has started may hold on to its pipes; the host does the same when time is up.
    child?.stdout?.destroy();
    child?.stderr?.destroy();
    child?.kill();
  };
  return follow(promise, { name, abort: kill });
};

/**
 * The same function, but for what `util.promisify` makes of it: that cannot be redefined, and a proxy must show what its target has. So this
 * is another function: a bound one, which has no frame of its own in the stacks of errors.
 */
const patched: (name: string) => (original: HostFunction) => HostFunction = (name) => (original) => {
  const made = original.bind(undefined);
  const properties: Record<PropertyKey, PropertyDescriptor> = Object.getOwnPropertyDescriptors(original);
  const custom = properties[promisify.custom] as PropertyDescriptor;
  properties[promisify.custom] = { ...custom, value: wrap(custom.value as HostFunction, killing(name)) };
  return Object.defineProperties(made, properties);
};

/**
 * `util.promisify(exec)` and `util.promisify(execFile)` in a greenlet: `yield*` of their promises; interrupted, the process gets SIGTERM. Must be
 * applied before `promisify` is. Functions with a callback, and `spawn`, are as they were: their streams have `green` (`patchNet`). Twice
 * is harmless.
 */
export function patchChildProcess(): void {
  apply('child_process', () => {
    for (const name of ['exec', 'execFile']) {
      replaceFunction('child_process', childProcess, name, patched(name));
    }
  });
}
