/** With `greenlets/monkey/types` promises are `yield*`-able, and keep what they give. */
import net from 'node:net';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { type Green, type Greenlet, spawn } from 'greenlets';
import type { net as greenNet } from 'greenlets/io';
import { getOriginal, isPatched, patchAll, patchPromise, unpatchAll } from 'greenlets/monkey';
import 'greenlets/monkey/types';
import { expectType } from '../core/expect.js';

declare const readable: Readable;
declare const writable: Writable;

function* body(): Green<number> {
  expectType<Response>()(yield* fetch('http://localhost/'));
  expectType<string>()(yield* (yield* fetch('http://localhost/')).text());
  expectType<[number, string]>()(yield* Promise.all([1, Promise.resolve('a')]));
  // @ts-expect-error: a bare yield
  yield Promise.resolve(5);
  return yield* Promise.resolve(5);
}
expectType<Greenlet<number>>()(spawn(body));
// A promise is still waited for where a function gives one.
expectType<Greenlet<number>>()(spawn(() => Promise.resolve(5)));

expectType<greenNet.Socket>()(new net.Socket().green);
void readable.green.readLine();
void writable.green.write('x');
void new PassThrough().green.end();
// @ts-expect-error: nothing to write to
readable.green.write('x');

patchAll({ fs: false, warn: false });
patchPromise(class extends Promise<number> {});
// @ts-expect-error: no such patch
patchAll({ sockets: true });
// @ts-expect-error: no thenable
patchPromise(class {});
expectType<boolean>()(isPatched('node:fs'));
expectType<unknown>()(getOriginal('fs', 'readFile'));
expectType<void>()(unpatchAll());
