/** The plain calls: one call of the operating system each, or a few, that cannot be stopped once they are under way. */
import * as host from 'node:fs';
import * as promises from 'node:fs/promises';
import { CallbackCall, type HostFunction, PromiseCall } from './host-call.js';
import type { Green } from './types.js';

/** `count` arguments, then the callback. What the callback function would take for something else goes to the promise function. */
function plain<F extends HostFunction>(name: string, count: number, fn: HostFunction, promised: F): Green<F> {
  const label = `fs.${name}`;
  return ((...args: unknown[]) => {
    const [path] = args;
    if (typeof path === 'number' || args.some((each) => typeof each === 'function')) {
      return new PromiseCall(label, path, () => promised(...args));
    }
    args.length = count;
    return new CallbackCall(label, path, fn, args);
  }) as Green<F>;
}

/** A call that only the promise function makes. */
function promised<F extends HostFunction>(name: string, fn: F): Green<F> {
  const label = `fs.${name}`;
  return ((...args: unknown[]) => new PromiseCall(label, args[0], () => fn(...args))) as Green<F>;
}

/** Nothing if `path` may be used so, by default if it exists; throws if not. Mirrors `fsPromises.access`. */
export const access = /* @__PURE__ */ plain('access', 2, host.access, promises.access);

/** Changes the permissions of a file. Mirrors `fsPromises.chmod`. */
export const chmod = /* @__PURE__ */ plain('chmod', 2, host.chmod, promises.chmod);

/** Changes the owner of a file. Mirrors `fsPromises.chown`. */
export const chown = /* @__PURE__ */ plain('chown', 3, host.chown, promises.chown);

/** Copies a file; an interrupted copy is made all the same. Mirrors `fsPromises.copyFile`. */
export const copyFile = /* @__PURE__ */ plain('copyFile', 3, host.copyFile, promises.copyFile);

/** Changes the owner of a link itself. Mirrors `fsPromises.lchown`. */
export const lchown = /* @__PURE__ */ plain('lchown', 3, host.lchown, promises.lchown);

/** Changes the permissions of a link itself, on macOS. Mirrors `fsPromises.lchmod`. */
export const lchmod = /* @__PURE__ */ promised('lchmod', promises.lchmod);

/** A second name for a file. Mirrors `fsPromises.link`. */
export const link = /* @__PURE__ */ plain('link', 2, host.link, promises.link);

/** What `stat` tells, of a link itself. Mirrors `fsPromises.lstat`. */
export const lstat = /* @__PURE__ */ plain('lstat', 2, host.lstat, promises.lstat);

/** Changes the times of a link itself. Mirrors `fsPromises.lutimes`. */
export const lutimes = /* @__PURE__ */ plain('lutimes', 3, host.lutimes, promises.lutimes);

/** Makes a folder; with `recursive` those above it, giving the first that was made. Mirrors `fsPromises.mkdir`. */
export const mkdir = /* @__PURE__ */ plain('mkdir', 2, host.mkdir, promises.mkdir);

/** Makes a folder of its own, whose name begins with `prefix`; it stays when the call is interrupted. Mirrors `fsPromises.mkdtemp`. */
export const mkdtemp = /* @__PURE__ */ plain('mkdtemp', 2, host.mkdtemp, promises.mkdtemp);

/** The names in a folder, or its entries. Mirrors `fsPromises.readdir`. */
export const readdir = /* @__PURE__ */ (() => {
  const direct = plain('readdir', 2, host.readdir, promises.readdir);
  const recursive = promised('readdir', promises.readdir);
  // Of the trees that both functions walk, the promise function's is the one that is mirrored.
  return ((path: string, options?: { recursive?: boolean } | null) =>
    (options?.recursive ? recursive : direct)(path, options as never)) as Green<typeof promises.readdir>;
})();

/** Where a link leads. Mirrors `fsPromises.readlink`. */
export const readlink = /* @__PURE__ */ plain('readlink', 2, host.readlink, promises.readlink);

/** The path without links and dots. Mirrors `fsPromises.realpath`. */
export const realpath = /* @__PURE__ */ plain('realpath', 2, host.realpath.native, promises.realpath);

/** Gives a file another name, also over one that is there. Mirrors `fsPromises.rename`. */
export const rename = /* @__PURE__ */ plain('rename', 2, host.rename, promises.rename);

/** Removes a file, with `recursive` a folder; Node goes on with an interrupted removal. Mirrors `fsPromises.rm`. */
export const rm = /* @__PURE__ */ plain('rm', 2, host.rm, promises.rm);

/** Removes an empty folder. Mirrors `fsPromises.rmdir`. */
export const rmdir = /* @__PURE__ */ plain('rmdir', 2, host.rmdir, promises.rmdir);

/** Size, kind, times and owner of a file. Mirrors `fsPromises.stat`. */
export const stat = /* @__PURE__ */ plain('stat', 2, host.stat, promises.stat);

/** Size and free space of a file system. Mirrors `fsPromises.statfs`. */
export const statfs = /* @__PURE__ */ plain('statfs', 2, host.statfs, promises.statfs);

/** Makes a link at `path` that leads to `target`. Mirrors `fsPromises.symlink`. */
export const symlink = /* @__PURE__ */ plain('symlink', 3, host.symlink, promises.symlink);

/** Makes a file as long as `len` bytes, 0 unless given. Mirrors `fsPromises.truncate`. */
export const truncate = /* @__PURE__ */ plain('truncate', 2, host.truncate, promises.truncate);

/** Removes a file or a link. Mirrors `fsPromises.unlink`. */
export const unlink = /* @__PURE__ */ plain('unlink', 1, host.unlink, promises.unlink);

/** Changes the times of a file. Mirrors `fsPromises.utimes`. */
export const utimes = /* @__PURE__ */ plain('utimes', 3, host.utimes, promises.utimes);
