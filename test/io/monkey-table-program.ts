/**
 * What code outside of greenlets sees of the functions that can be patched, as plain data: printed before, during and after patching, by a
 * child process of monkey-table.test.ts. Nothing of greenlets is in here but the patches.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import childProcess, { exec, execFile } from 'node:child_process';
import dns, { lookup } from 'node:dns/promises';
import events, { EventEmitter, once } from 'node:events';
import fs from 'node:fs';
import promises, { open, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { PassThrough, Readable, Writable } from 'node:stream';
import streams, { finished, pipeline } from 'node:stream/promises';
import timers, { setImmediate as immediate, scheduler, setTimeout as wait } from 'node:timers/promises';
import { inspect, promisify, types } from 'node:util';
import { patchAll, unpatchAll } from 'greenlets/monkey';

const server = createServer((request, response) => {
  if (request.url === '/never') return;
  response.end(request.url === '/json' ? '{"a":1}' : 'text');
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
const file = `${tmpdir()}/greenlets-monkey-${process.pid}`;

const store = new AsyncLocalStorage<string>();

/** What a call gives: the kind of what it returns at once, and what comes of it. */
async function outcome(call: () => unknown): Promise<unknown> {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    return { threw: told(error) };
  }
  const kind = {
    type: typeof result,
    tag: Object.prototype.toString.call(result),
    plainPromise: types.isPromise(result) && Object.getPrototypeOf(result) === Promise.prototype,
    own:
      typeof result === 'object' && result !== null && types.isPromise(result)
        ? Reflect.ownKeys(result).map(String)
        : [],
  };
  try {
    const value = await result;
    return { ...kind, value: typeof value === 'object' ? Object.prototype.toString.call(value) : value };
  } catch (error) {
    return { ...kind, rejected: told(error) };
  }
}

/** An error, with as many frames as its stack has. */
function told(error: unknown): unknown {
  const { name, message, code, stack = '', cause } = error as NodeJS.ErrnoException & { cause?: unknown };
  // What called this file is a matter of timing, and so is in which phase of the loop the host ran its jobs.
  const phases = /processTicksAndRejections|runNextTicks|listOnTimeout|processTimers|processImmediate/;
  const all = stack.split('\n').filter((line) => line.startsWith('    at ') && !phases.test(line));
  const own = all.findIndex((line) => line.includes('monkey-table-program'));
  const frames = own === -1 ? all : all.slice(0, own + 1);
  return {
    name,
    message: message.replaceAll(url, 'URL'),
    code,
    frames: frames.length,
    innermost: frames[0]?.replace(/:\d+:\d+\)?$/, ''),
    cause: cause === undefined ? undefined : String((cause as { code?: string }).code ?? cause),
    instance: error instanceof Error,
  };
}

const message = (run: () => unknown) => {
  try {
    return String(run());
  } catch (error) {
    return String(error);
  }
};

/** What a function looks like. */
function look(owner: object, name: string): unknown {
  const descriptor = Object.getOwnPropertyDescriptor(owner, name);
  const fn = descriptor?.value as ((...args: never[]) => unknown) | undefined;
  if (typeof fn !== 'function') return descriptor === undefined ? 'none' : 'no function';
  return {
    flags: [descriptor?.writable, descriptor?.enumerable, descriptor?.configurable],
    name: fn.name,
    length: fn.length,
    own: Reflect.ownKeys(fn).map(String).sort(),
    prototype: Object.getPrototypeOf(fn) === Function.prototype ? 'Function' : fn.constructor.name,
    constructs: message(() => typeof Reflect.construct(Object, [], fn)),
    place: Object.keys(owner).indexOf(name),
  };
}

/** How many promise jobs pass until `promise` has settled. */
async function jobs(promise: Promise<unknown>): Promise<number> {
  let count = 0;
  let over = false;
  void promise.then(() => {
    over = true;
  });
  while (!over && count < 50) {
    await null;
    count++;
  }
  return count;
}

async function stackDepth(): Promise<number> {
  let depth = 0;
  const down = () => {
    depth++;
    down();
  };
  try {
    down();
  } catch {
    // As deep as it goes: the order of magnitude is what counts.
  }
  return Math.round(Math.log2(depth));
}

async function table(): Promise<Record<string, unknown>> {
  fs.writeFileSync(file, 'content');
  const aborted = AbortSignal.abort(new Error('reason'));
  const resolved = Promise.resolve(1);
  const execP = promisify(exec);
  const rows: Record<string, unknown> = {
    'readFile gives text': await outcome(() => readFile(file, 'utf8')),
    'readFile of an object gives bytes': await outcome(() => promises.readFile(file, { flag: 'r' })),
    'readFile of nothing': await outcome(() => readFile(`${file}-none`)),
    'readFile of a number': await outcome(() => readFile(5 as never)),
    'readFile with a bad encoding': await outcome(() => readFile(file, 'bogus' as never)),
    'readFile aborted': await outcome(() => readFile(file, { signal: aborted })),
    'readFile with no signal': await outcome(() => readFile(file, { signal: {} as never })),
    writeFile: await outcome(() => writeFile(file, 'content')),
    stat: await outcome(() => stat(file)),
    'stat without a path': await outcome(() => (stat as () => unknown)()),
    open: await outcome(async () => (await open(file)).close()),
    'fs.readFile with a callback': await outcome(
      () => new Promise((resolve) => resolve(fs.readFile(file, () => {}))),
    ),
    'fs.readFile without one': await outcome(() =>
      (fs.readFile as unknown as (path: string) => unknown)(file),
    ),
    'promisify(fs.readFile)': await outcome(() => promisify(fs.readFile)(file, 'utf8')),
    'timers.setTimeout': await outcome(() => wait(1, 'v')),
    'timers.setTimeout aborted': await outcome(() => wait(1, 'v', { signal: aborted })),
    'timers.setTimeout of a bad option': await outcome(() => wait(1, 'v', null as never)),
    'timers.setImmediate': await outcome(() => immediate('v')),
    'scheduler.wait': await outcome(() => scheduler.wait(1)),
    'scheduler.wait of another': await outcome(() => scheduler.wait.call({} as never, 1)),
    'promisify(setTimeout)': promisify(setTimeout) === timers.setTimeout,
    lookup: await outcome(() => lookup('127.0.0.1')),
    'lookup of a number': await outcome(() => lookup(5 as never)),
    'dns.resolve of a number': await outcome(() => dns.resolve(5 as never)),
    exec: await outcome(() => execP('echo hi')),
    // How many frames its error has depends on what comes first, the exit or the end of the pipes.
    'exec that fails': await outcome(() => execP('exit 3').catch(({ code, cmd }) => `${code} ${cmd}`)),
    'exec gives its child': await outcome(() => execP('true').child instanceof childProcess.ChildProcess),
    'exec with a callback': await outcome(
      () =>
        new Promise((resolve) => {
          const child = exec('echo hi', (_error, stdout) =>
            resolve([child instanceof childProcess.ChildProcess, stdout].join()),
          );
        }),
    ),
    'exec of a number': await outcome(() => exec(5 as never)),
    execFile: await outcome(() => promisify(execFile)('true')),
    'execFile of nothing': await outcome(() => promisify(execFile)(`${file}-none`)),
    fetch: await outcome(() => fetch(url)),
    'fetch text': await outcome(async () => (await fetch(url)).text()),
    'fetch json': await outcome(async () => (await fetch(new Request(`${url}/json`))).json()),
    'fetch twice the body': await outcome(async () => {
      const response = await fetch(url);
      await response.text();
      return response.text();
    }),
    'fetch aborted': await outcome(() => fetch(`${url}/never`, { signal: aborted })),
    'fetch timed out': await outcome(() => fetch(`${url}/never`, { signal: AbortSignal.timeout(5) })),
    'fetch refused': await outcome(() => fetch('http://127.0.0.1:1/')),
    'fetch of no URL': await outcome(() => fetch('no url')),
    'fetch with a bad signal': await outcome(() => fetch(url, { signal: {} as never })),
    'events.once': await outcome(() => {
      const emitter = new EventEmitter();
      setImmediate(() => emitter.emit('x', 1));
      return once(emitter, 'x');
    }),
    'events.once of an error': await outcome(() => {
      const emitter = new EventEmitter();
      setImmediate(() => emitter.emit('error', new Error('e')));
      return once(emitter, 'x');
    }),
    pipeline: await outcome(() => pipeline(Readable.from(['a']), new PassThrough().resume())),
    'pipeline of nothing': await outcome(() => (pipeline as () => unknown)()),
    finished: await outcome(() => finished(new Writable({ write: (_a, _b, done) => done() }).end())),
    'a store': await store.run('s', async () => {
      await wait(1);
      return store.getStore();
    }),
    'spread of a promise': message(() => [...(resolved as unknown as number[])]),
    'for of a promise': message(() => {
      for (const each of resolved as unknown as number[]) return each;
      return 'nothing';
    }),
    'Promise.all of a promise': await outcome(() => Promise.all(resolved as unknown as number[])),
    'Array.from a promise': message(() => Array.from(resolved as unknown as number[]).length),
    'new Set of a promise': message(() => new Set(resolved as unknown as number[])),
    'keys of a promise': [
      Reflect.ownKeys(resolved),
      Object.keys(Promise.prototype),
      JSON.stringify(resolved),
    ],
    'a promise as text': [
      String(resolved),
      inspect(resolved).replace(/\d+/g, 'n'),
      Object.prototype.toString.call(resolved),
    ],
    'the iterator of a promise': typeof (resolved as unknown as Record<symbol, unknown>)[Symbol.iterator],
    'for in over a stream': (() => {
      const names: string[] = [];
      for (const name in new PassThrough()) names.push(name);
      return names.includes('green');
    })(),
    'keys of a socket': Object.keys(new net.Socket()).includes('green'),
    'jobs of a settled promise': await jobs(resolved),
    'jobs of a refused call': await jobs(wait(1, 'v', { signal: aborted }).catch(() => {})),
    'stack depth': await stackDepth(),
    'isAsyncFunction of a callback function': types.isAsyncFunction(fs.readFile),
  };
  for (const [owner, label, names] of [
    [globalThis, 'globalThis', ['fetch', 'setTimeout', 'setImmediate']],
    [promises, 'fs/promises', Object.keys(promises)],
    [timers, 'timers/promises', Object.keys(timers)],
    [dns, 'dns/promises', ['lookup', 'lookupService', 'resolve', 'resolve4', 'reverse', 'setServers']],
    [childProcess, 'child_process', Object.keys(childProcess)],
    [events, 'events', ['once', 'on']],
    [streams, 'stream/promises', Object.keys(streams)],
    [Response.prototype, 'Response.prototype', ['text', 'json', 'arrayBuffer', 'clone']],
  ] as const) {
    for (const name of names) rows[`${label}.${name}`] = look(owner, name);
  }
  return rows;
}

/** Identities: equal before and after, by number. */
const known = new Map<unknown, number>();
function identities(): unknown[] {
  const targets = [
    globalThis,
    promises,
    timers,
    dns,
    childProcess,
    events,
    streams,
    Response.prototype,
    Promise.prototype,
    Readable.prototype,
    Writable.prototype,
    net.Socket.prototype,
  ];
  return targets.map((target) =>
    Reflect.ownKeys(target).map((key) => {
      const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(
        target,
        key,
      ) as PropertyDescriptor;
      return [
        String(key),
        ...[value, get, set].map((each) => {
          if (typeof each !== 'function') return typeof each;
          if (!known.has(each)) known.set(each, known.size);
          return known.get(each);
        }),
        flags,
      ];
    }),
  );
}
const imported = () => [
  readFile,
  open,
  stat,
  writeFile,
  wait,
  immediate,
  lookup,
  exec,
  execFile,
  once,
  pipeline,
  finished,
];

const run = async () => ({ table: await table() });
// Everything that is loaded lazily is, before anything is compared.
await table();
const names = imported();
const identitiesBefore = identities();
const before = await run();
patchAll({ warn: false });
const changed = imported().filter((fn, index) => fn !== names[index]).length;
const during = await run();
unpatchAll();
const after = await run();
const restored = imported().every((fn, index) => fn === names[index]);
const identitiesAfter = identities();
server.close();
server.closeAllConnections();
fs.rmSync(file);
process.stdout.write(
  JSON.stringify({
    before: before.table,
    during: during.table,
    after: after.table,
    identitiesBefore,
    identitiesAfter,
    changed,
    of: names.length,
    restored,
  }),
);
