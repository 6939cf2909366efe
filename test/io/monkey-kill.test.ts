/** A kill inside a patched call aborts it, and leaves nothing. */
import childProcess from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import fs, { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Green, type Greenlet, hub, sleep, spawn } from 'greenlets';
import { patchAll, unpatchAll } from 'greenlets/monkey';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { outside } from '../../src/runtime/until.js';
import { serve } from './local-server.js';

let unhandled: unknown[] = [];
const onUnhandled = (error: unknown) => unhandled.push(error);

beforeEach(() => {
  unhandled = [];
  process.on('unhandledRejection', onUnhandled);
  patchAll({ warn: false });
});

afterEach(async () => {
  unpatchAll();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
  expect(outside.waits).toBe(0);
  expect(hub.stats().greenlets).toBe(0);
});

/** Kills `greenlet` where it waits. */
async function killed(greenlet: Greenlet<unknown>): Promise<void> {
  await sleep(0);
  await greenlet.kill();
  expect(greenlet.killed).toBe(true);
}

const spawned = (body: () => Green<unknown>) => spawn(body);

it('fetch: the request is aborted', async () => {
  const server = await serve();
  const greenlet = spawned(function* () {
    yield* fetch(server.url);
  });
  const exchange = await server.next();
  await killed(greenlet);
  await exchange.end;
  expect(exchange.response.writableFinished).toBe(false);
});

it('response.text: the body is aborted', async () => {
  const server = await serve();
  let text: Promise<string> | undefined;
  const greenlet = spawned(function* () {
    const response = yield* fetch(server.url, { signal: new AbortController().signal });
    text = response.text();
    yield* text;
  });
  const exchange = await server.next();
  exchange.response.write('begun');
  while (text === undefined) await wait(1);
  await killed(greenlet);
  await expect(text).rejects.toMatchObject({ name: 'AbortError' });
  await exchange.end;
  expect(exchange.response.writableFinished).toBe(false);
});

it('fetch: the signal of the program still aborts it, with its reason', async () => {
  const server = await serve();
  const controller = new AbortController();
  const reason = new Error('changed my mind');
  const greenlet = spawned(function* () {
    yield* fetch(new Request(server.url, { signal: controller.signal }));
  });
  await server.next();
  controller.abort(reason);
  await expect(greenlet.get()).rejects.toBe(reason);
});

it('setTimeout of node:timers/promises: the timer is cleared', async () => {
  const before = process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
  const greenlet = spawned(function* () {
    yield* wait(1e8);
  });
  await sleep(0);
  await killed(greenlet);
  expect(process.getActiveResourcesInfo().filter((each) => each === 'Timeout')).toHaveLength(before);
});

it('util.promisify(execFile): the process is killed', async () => {
  let exit: Promise<unknown[]> | undefined;
  const greenlet = spawned(function* () {
    const promise = promisify(childProcess.execFile)(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']);
    exit = new Promise((resolve) => promise.child.once('exit', (...how) => resolve(how)));
    yield* promise;
  });
  await sleep(0);
  await killed(greenlet);
  expect(await exit).toEqual([null, 'SIGTERM']);
});

it('fs: a file that was opened for nobody is closed; a read is aborted', async () => {
  const fds = () => readdirSync('/proc/self/fd').length;
  const folder = mkdtempSync(join(tmpdir(), 'monkey-'));
  const before = fds();
  let reading: Promise<unknown> | undefined;
  const opener = spawned(function* () {
    yield* open(join(folder, 'file'), 'w');
  });
  const reader = spawned(function* () {
    reading = readFile(new URL(import.meta.url));
    yield* reading;
  });
  // In the same turn, before the operating system can have answered.
  await spawn(function* () {
    yield* opener.kill();
    yield* reader.kill();
  }).get();
  expect([opener.killed, reader.killed]).toEqual([true, true]);
  await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  while (fds() > before || !fs.existsSync(join(folder, 'file'))) await wait(1);
  rmSync(folder, { recursive: true });
});

it('events.once and stream/promises: no listener stays', async () => {
  const emitter = new EventEmitter();
  const input = new PassThrough();
  const output = new PassThrough();
  const alone = new PassThrough();
  const count = (stream: EventEmitter) =>
    stream.eventNames().reduce((n, name) => n + stream.listenerCount(name), 0);
  const before = count(alone);
  const all = [
    spawned(function* () {
      yield* once(emitter, 'never');
    }),
    spawned(function* () {
      yield* pipeline(input, output);
    }),
    spawned(function* () {
      yield* finished(alone);
    }),
  ];
  for (const each of all) await killed(each);
  await wait(1);
  expect(emitter.eventNames()).toEqual([]);
  expect([input.destroyed, output.destroyed, alone.destroyed]).toEqual([true, true, false]);
  expect(count(alone)).toBe(before);
});

it('a promise that another greenlet waits for too is aborted by the last one only', async () => {
  let promise: Promise<string> | undefined;
  const first = spawned(function* () {
    promise = wait(30, 'kept');
    yield* promise;
  });
  const second = spawned(function* () {
    return yield* promise as Promise<string>;
  });
  await sleep(0);
  await killed(first);
  expect(await second.get()).toBe('kept');
});

it('a promise of another library is left alone', async () => {
  let resolve: (value: string) => void = () => {};
  const theirs = new Promise<string>((done) => {
    resolve = done;
  });
  const greenlet = spawned(function* () {
    yield* theirs;
  });
  await killed(greenlet);
  resolve('goes on');
  expect(await theirs).toBe('goes on');
});
