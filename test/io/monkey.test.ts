/** `greenlets/monkey`: what greenlets see once it is applied, and what is put back. */
import { AsyncLocalStorage } from 'node:async_hooks';
import childProcess from 'node:child_process';
import { lookup, Resolver } from 'node:dns/promises';
import { EventEmitter, once } from 'node:events';
import fs from 'node:fs';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { scheduler, setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { callback, type Green, hub, type Signal, spawn, until, type Warning } from 'greenlets';
import { net as greenNet, stream } from 'greenlets/io';
import {
  DuplexStream,
  getOriginal,
  isPatched,
  patchAll,
  patchDns,
  patchFs,
  patchPromise,
  patchTimers,
  unpatchAll,
} from 'greenlets/monkey';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { serve } from './local-server.js';

afterEach(() => unpatchAll());

const inGreenlet = <T>(body: () => Green<T>): Promise<T> => spawn(body).get().promise();
const THIS = new URL(import.meta.url).pathname;

describe('importing', () => {
  it('patches nothing', () => {
    expect(isPatched('fs')).toBe(false);
    expect(Symbol.iterator in Promise.prototype).toBe(false);
  });
});

describe('in a greenlet, after patchAll', () => {
  it('yield* of any promise gives its value, or throws its error', async () => {
    patchAll({ warn: false });
    const error = new Error('refused');
    class Mine extends Promise<string> {}
    const got = await inGreenlet(function* () {
      const caught: unknown[] = [];
      try {
        yield* Promise.reject(error);
      } catch (thrown) {
        caught.push(thrown);
      }
      return [yield* Promise.resolve(5), yield* Mine.resolve('mine'), yield* (async () => 7)(), ...caught];
    });
    expect(got).toEqual([5, 'mine', 7, error]);
  });

  it('a subclass whose then calls back at once is waited for, and one whose then throws throws', async () => {
    patchAll({ warn: false });
    class Sync extends Promise<number> {
      override then(onFulfilled?: any): any {
        return onFulfilled?.(3);
      }
    }
    class Broken extends Promise<number> {
      override then(): never {
        throw new Error('broken');
      }
    }
    const got = await inGreenlet(function* () {
      const value = yield* new Sync(() => {});
      let caught = '';
      try {
        yield* new Broken(() => {});
      } catch (error) {
        caught = String(error);
      }
      return [value, caught, yield* Promise.resolve('goes on')];
    });
    expect(got).toEqual([3, 'Error: broken', 'goes on']);
  });

  it('fetch gives the response of the platform, and its bodies are yield*-able', async () => {
    patchAll({ warn: false });
    const server = await serve();
    const page = inGreenlet(function* () {
      const response = yield* fetch(server.url);
      return [response instanceof Response, yield* response.clone().text(), yield* response.json()];
    });
    const { response } = await server.next();
    response.end('{"a":1}');
    expect(await page).toEqual([true, '{"a":1}', { a: 1 }]);
  });

  it('the calls of other modules are yield*-able, also by names imported before', async () => {
    patchAll({ warn: false });
    const got = await inGreenlet(function* () {
      const text = yield* readFile(THIS, 'utf8');
      const same = yield* fs.promises.readFile(THIS, { encoding: 'utf8' });
      const { stdout } = yield* promisify(childProcess.execFile)(process.execPath, ['-p', '1+1']);
      return [text === same, yield* wait(1, 'waited'), (yield* lookup('127.0.0.1')).address, stdout];
    });
    expect(got).toEqual([true, 'waited', '127.0.0.1', '2\n']);
  });

  it('they start at once, and give promises as they are', async () => {
    patchAll({ warn: false });
    const got = await inGreenlet(function* () {
      const promise = wait(1, 'v');
      const order: string[] = [];
      const awaited = promise.then((value) => order.push(value));
      yield* awaited;
      return [promise instanceof Promise, Object.keys(promise), order, String(promise)];
    });
    expect(got).toEqual([true, [], ['v'], '[object Promise]']);
  });

  it('functions with a callback are as they were', async () => {
    patchAll({ warn: false });
    const text = await inGreenlet(function* () {
      return yield* callback<string>((cb) => fs.readFile(THIS, 'utf8', cb));
    });
    expect(text).toContain('functions with a callback are as they were');
  });

  it('thenables of another class are yield*-able once the class is named', async () => {
    class Query {
      ran = 0;
      then(onFulfilled?: any, onRejected?: any): any {
        this.ran++;
        return Promise.resolve(['row']).then(onFulfilled, onRejected);
      }
    }
    patchPromise(Query as unknown as { prototype: PromiseLike<unknown> });
    const query = new Query() as unknown as Promise<string[]> & { ran: number };
    expect(
      await inGreenlet(() =>
        (function* () {
          return yield* query;
        })(),
      ),
    ).toEqual(['row']);
    expect(query.ran).toBe(1);
    expect((query as unknown as Record<symbol, unknown>)[Symbol.iterator]).toBe(undefined);
    unpatchAll();
    expect(Object.hasOwn(Query.prototype, Symbol.iterator)).toBe(false);
  });

  it('one patch alone is enough for its own calls', async () => {
    patchTimers();
    expect([isPatched('timers'), isPatched('Promise'), isPatched('node:fs/promises')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(
      await inGreenlet(() =>
        (function* () {
          return yield* wait(1, 'v');
        })(),
      ),
    ).toBe('v');
    await inGreenlet(function* () {
      expect(yield* scheduler.wait(1)).toBeUndefined();
      expect(yield* scheduler.yield()).toBeUndefined();
    });
    patchDns();
    const refused = inGreenlet(function* () {
      return yield* new Resolver().resolve4(5 as never);
    });
    await expect(refused).rejects.toThrow('The "name" argument must be of type string');
    const cancelled = inGreenlet(function* () {
      const resolver = new Resolver();
      resolver.setServers(['127.0.0.1:9']);
      const answer = resolver.resolve4('a.test');
      resolver.cancel();
      return yield* answer;
    });
    await expect(cancelled).rejects.toMatchObject({ code: 'ECANCELLED' });
    await expect(
      inGreenlet(() =>
        (function* () {
          return yield* Promise.resolve(1);
        })(),
      ),
    ).rejects.toThrow(TypeError);
  });
});

describe('mistakes', () => {
  it('a promise that is yielded without the star is told', async () => {
    patchAll({ warn: false });
    const wrong = inGreenlet(function* () {
      yield Promise.resolve(1) as never;
    });
    await expect(wrong).rejects.toThrow('a promise was yielded: write yield* until(promise)');
  });

  it('spread and for...of throw in a greenlet; outside they throw what they threw before', async () => {
    const message = (run: () => unknown) => {
      try {
        return run();
      } catch (error) {
        return String(error);
      }
    };
    const spread = () => message(() => [...(Promise.resolve(1) as unknown as number[])]);
    const before = spread();
    patchAll({ warn: false });
    expect(spread()).toBe(before);
    expect(
      await inGreenlet(() =>
        (function* () {
          return spread();
        })(),
      ),
    ).toMatch(/^TypeError: until was iterated by for...of, spread or destructuring/);
    unpatchAll();
    expect(spread()).toBe(before);
  });

  it('yield* of a promise outside of a greenlet throws', () => {
    patchAll({ warn: false });
    function* body(): Green<number> {
      return yield* Promise.resolve(1);
    }
    expect(() => body().next()).toThrow(TypeError);
  });

  it('options that do not exist, and names that are not patchable, are refused', () => {
    expect(() => patchAll({ sockets: true } as never)).toThrow(/patchAll has no option sockets/);
    expect(() => patchAll({ fs: 1 } as never)).toThrow(/fs must be a boolean/);
    expect(() => isPatched('zlib')).toThrow(/name must be one of Promise, child_process/);
    expect(() => patchPromise({ prototype: {} } as never)).toThrow(/then\(\)/);
  });
});

describe('streams', () => {
  it('socket.green is our Socket on the same connection, made once', async () => {
    patchAll({ warn: false });
    const server = net.createServer((socket) => {
      spawn(function* () {
        yield* socket.green.write(`${yield* socket.green.readLine()}!\n`);
        yield* socket.green.close();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const got = await inGreenlet(function* () {
      const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
      yield* once(socket, 'connect');
      const { green } = socket;
      const same = green === socket.green && green instanceof greenNet.Socket;
      yield* socket.green.write('hello\n');
      const line = yield* socket.green.readLine();
      yield* socket.green.close();
      return [same, Object.keys(socket).includes('green'), line];
    });
    expect(got).toEqual([true, false, 'hello!']);
  });

  it('other streams have theirs, and a name of their own still can be assigned', async () => {
    patchAll({ warn: false });
    const both = new PassThrough();
    expect(both.green).toBeInstanceOf(DuplexStream);
    expect(Readable.from(['a']).green).toBeInstanceOf(stream.StreamReader);
    const got = await inGreenlet(function* () {
      yield* both.green.write('a line\n');
      yield* both.green.end();
      return [yield* both.green.readLine(), yield* both.green.readLine()];
    });
    expect(got).toEqual(['a line', null]);
    const other = new PassThrough() as unknown as { green: unknown };
    other.green = 'lawn';
    expect(other.green).toBe('lawn');
    unpatchAll();
    expect('green' in new PassThrough()).toBe(false);
  });
});

describe('unpatchAll', () => {
  it('twice patched is once patched; it puts back functions and descriptors', () => {
    const watched = [
      [globalThis, 'fetch'],
      [fs.promises, 'readFile'],
      [childProcess, 'exec'],
      [Promise.prototype, Symbol.iterator],
      [net.Socket.prototype, 'green'],
    ] as const;
    const look = () => watched.map(([target, key]) => Object.getOwnPropertyDescriptor(target, key));
    const names = [readFile, wait, once, lookup];
    const before = look();
    patchAll({ warn: false });
    const patched = look();
    expect(readFile).not.toBe(names[0]);
    patchAll({ warn: false });
    patchFs();
    expect(look()).toEqual(patched);
    expect(getOriginal('node:fs/promises', 'readFile')).toBe(names[0]);
    expect(getOriginal('fs', 'readFile')).toBe(fs.readFile);
    expect(getOriginal(globalThis, 'fetch')).toBe(before[0]?.value);
    unpatchAll();
    expect(look()).toEqual(before);
    expect([readFile, wait, once, lookup]).toEqual(names);
    expect(readFile).toBe(names[0]);
  });

  it('leaves what somebody else has put on top, which is the original underneath', async () => {
    const original = fs.promises.readFile;
    patchAll({ warn: false });
    const ours = fs.promises.readFile;
    const theirs = ((...args: Parameters<typeof ours>) => ours(...args)) as typeof ours;
    fs.promises.readFile = theirs;
    unpatchAll();
    expect(fs.promises.readFile).toBe(theirs);
    expect(await fs.promises.readFile(THIS, 'utf8')).toContain('somebody else');
    fs.promises.readFile = original;
  });
});

describe('what else is watched', () => {
  it('a store of AsyncLocalStorage stays with the greenlet across yield* of promises', async () => {
    patchAll({ warn: false });
    const store = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    function* body(): Green<void> {
      seen.push(store.getStore());
      yield* wait(1);
      seen.push(store.getStore());
      yield* readFile(THIS);
      seen.push(store.getStore());
    }
    const all = ['a', 'b'].map((name) => store.run(name, () => spawn(body)));
    for (const each of all) await each.get();
    expect(seen.sort()).toEqual(['a', 'a', 'a', 'b', 'b', 'b']);
    expect(store.getStore()).toBe(undefined);
  });

  it('debug mode has nothing to tell of them', async () => {
    patchAll({ warn: false });
    const warnings: Warning[] = [];
    hub.onWarning = (warning) => warnings.push(warning);
    hub.debug = true;
    onTestFinished(() => {
      hub.debug = false;
      hub.onWarning = null;
    });
    await inGreenlet(function* () {
      yield* Promise.resolve(1);
      const never = wait(1);
      yield* wait(1);
      yield* until((signal: Signal) => wait(1, 'v', { signal }));
      yield* never;
      const emitter = new EventEmitter();
      setImmediate(() => emitter.emit('x', 1));
      yield* once(emitter, 'x');
    });
    expect(warnings).toEqual([]);
  });
});
