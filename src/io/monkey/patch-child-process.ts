/** `node:child_process`. */
import childProcess, { type ChildProcess } from 'node:child_process';
import { promisify } from 'node:util';
import { apply, type HostFunction, replaceFunction } from './patches.js';
import { follow } from './work.js';
import { type Inside, wrap } from './wrap.js';

/** A call that gives a promise with the process in it. */
const killing: (name: string) => Inside = (name) => (original, self, args) => {
  const promise = original.apply(self, args) as Promise<unknown> & { readonly child?: ChildProcess };
  const kill = () => void promise.child?.kill();
  return follow(promise, { name, abort: kill });
};

/** The same function, but for what `util.promisify` makes of it. */
const patched: (name: string) => (original: HostFunction) => HostFunction = (name) => (original) => {
  const { [promisify.custom]: custom } = original as HostFunction & {
    readonly [promisify.custom]: HostFunction;
  };
  return wrap(original, passOn, { [promisify.custom]: wrap(custom, killing(name)) });
};

const passOn: Inside = (original, self, args) => original.apply(self, args);

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
