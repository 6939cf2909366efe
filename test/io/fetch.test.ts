import { getEventListeners } from 'node:events';
import {
  all,
  call,
  fetch,
  type Green,
  type Greenlet,
  getcurrent,
  green,
  sleep,
  spawn,
  Timeout,
  until,
  withTimeout,
} from 'greenlets';
import { BodyClosed, BodyUsed, GreenResponse } from 'greenlets/io';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { outside } from '../../src/runtime/until.js';
import { ASKING, collectUntil } from '../support/garbage.js';
import { watchHub } from '../support/hub-watch.js';
import { type LocalServer, serve } from './local-server.js';

watchHub();

afterEach(() => {
  expect(outside.waits, 'waits for the world outside that were left').toBe(0);
});

function* local(handler?: Parameters<typeof serve>[0]): Green<LocalServer> {
  return yield* until(serve(handler));
}

/** What an operation throws. */
function* thrownBy(fn: () => unknown): Green<any> {
  try {
    yield* call(fn as () => Green<unknown>);
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('fetch', () => {
  it(
    'does nothing when it is built, and makes a request at each run',
    green(function* () {
      const server = yield* local((_, response) => response.end('hello'));
      const operation = fetch(server.url);
      expect(server.exchanges).toHaveLength(0);
      expect(yield* (yield* operation).text()).toBe('hello');
      expect(yield* (yield* operation).text()).toBe('hello');
      expect(server.exchanges).toHaveLength(2);
    }),
  );

  it(
    'gives the fields of the platform, as soon as the headers are there',
    green(function* () {
      const server = yield* local(({ url }, response) => {
        if (url === '/from') response.writeHead(302, { location: '/to' }).end();
        else response.writeHead(404, 'Lost', { 'x-color': 'red' }).write('never ended');
      });
      const response = yield* fetch(`${server.url}/from`);
      expect(response).toBeInstanceOf(GreenResponse);
      expect(response.status).toBe(404);
      expect(response.statusText).toBe('Lost');
      expect(response.ok).toBe(false);
      expect(response.headers.get('x-color')).toBe('red');
      expect(response.url).toBe(`${server.url}/to`);
      expect(response.redirected).toBe(true);
      expect(response.type).toBe('basic');
      expect(String(response)).toBe(`<GreenResponse 404 of GET ${server.url}/from>`);
      response.close();
    }),
  );

  it(
    'takes a URL, a Request, and everything that the platform takes in init',
    green(function* () {
      const server = yield* local((request, response) => {
        response.setHeader('x-method', request.method ?? '');
        request.pipe(response);
      });
      const posted = yield* fetch(new URL(server.url), { method: 'POST', body: 'from init' });
      expect(posted.headers.get('x-method')).toBe('POST');
      expect(yield* posted.text()).toBe('from init');
      const put = yield* fetch(new Request(server.url, { method: 'PUT', body: 'from a request' }));
      expect(put.headers.get('x-method')).toBe('PUT');
      expect(yield* put.text()).toBe('from a request');
    }),
  );

  it('can be awaited outside of greenlets', async () => {
    const server = await serve((_, response) => response.end('{"a":1}'));
    const response = await fetch(server.url);
    expect(await response.json()).toEqual({ a: 1 });
  });

  it('looks the platform up when the request is made', async () => {
    const operation = fetch('http://example.invalid/');
    vi.stubGlobal('fetch', async (url: string) => new Response(`instead of ${url}`));
    try {
      expect(await (await operation).text()).toBe('instead of http://example.invalid/');
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('refuses at the call what is no address', () => {
    expect(() => fetch(undefined as never)).toThrow('input must be a URL or a Request, got undefined');
    expect(() => fetch(5 as never)).toThrow(TypeError);
  });

  it(
    'lets other greenlets run while it waits',
    green(function* () {
      const server = yield* local();
      const order: string[] = [];
      const fetching = spawn(function* () {
        order.push('ask');
        yield* fetch(server.url);
        order.push('answered');
      });
      const { response } = yield* until(server.next());
      order.push('other');
      response.end();
      yield* fetching.join();
      expect(order).toEqual(['ask', 'other', 'answered']);
    }),
  );
});

describe('interruption', () => {
  it(
    'a kill aborts the request: the server sees it go',
    green(function* () {
      const server = yield* local();
      const steps: string[] = [];
      const greenlet = spawn(function* () {
        try {
          yield* fetch(server.url);
        } finally {
          steps.push('finally');
        }
      });
      const exchange = yield* until(server.next());
      yield* greenlet.kill();
      expect(yield* until(exchange.end)).toBe('aborted');
      expect(steps).toEqual(['finally']);
      expect(greenlet.killed).toBe(true);
    }),
  );

  it(
    'a kill while the body is read aborts it',
    green(function* () {
      const server = yield* local((_, response) => response.write('part'));
      let begun = () => {};
      const hasBegun = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const reading = spawn(function* () {
        const chunks = (yield* fetch(server.url)).chunks();
        yield* chunks.more();
        begun();
        yield* chunks.more();
      });
      yield* until(hasBegun);
      yield* reading.kill();
      expect(yield* until((server.exchanges[0] as { end: Promise<string> }).end)).toBe('aborted');
    }),
  );

  it(
    'a timeout aborts the request and names it',
    green(function* () {
      const server = yield* local();
      const error = yield* thrownBy(() => withTimeout(30, fetch(`${server.url}/page?secret=1`)));
      expect(error).toBeInstanceOf(Timeout);
      expect(error.message).toContain(`in fetch of GET ${server.url}/page`);
      expect(error.message).not.toContain('secret');
      const [exchange] = server.exchanges;
      if (exchange !== undefined) expect(yield* until(exchange.end)).toBe('aborted');
    }),
  );

  it('a signal of promise() aborts the request', async () => {
    const server = await serve();
    const controller = new AbortController();
    const fetching = fetch(server.url).promise({ signal: controller.signal });
    const exchange = await server.next();
    controller.abort(new Error('enough'));
    await expect(fetching).rejects.toThrow('enough');
    expect(await exchange.end).toBe('aborted');
  });

  it(
    'a signal in init aborts the request, with its reason as the error',
    green(function* () {
      const server = yield* local();
      const controller = new AbortController();
      const fetching = spawn(fetch, server.url, { signal: controller.signal });
      const exchange = yield* until(server.next());
      const reason = new Error('enough', { cause: { code: 'MINE' } });
      controller.abort(reason);
      expect(yield* thrownBy(() => fetching.get())).toBe(reason);
      expect(reason).not.toHaveProperty('code');
      expect(yield* until(exchange.end)).toBe('aborted');
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    }),
  );

  it(
    'a signal that is aborted already refuses the request',
    green(function* () {
      const server = yield* local();
      const reason = new Error('no');
      const error = yield* thrownBy(() => fetch(server.url, { signal: AbortSignal.abort(reason) }));
      expect(error).toBe(reason);
      expect(server.exchanges).toHaveLength(0);
    }),
  );

  it(
    "a Request's own signal counts, unless init has one",
    green(function* () {
      const server = yield* local((_, response) => response.end('ok'));
      const reason = new Error('no');
      const request = () => new Request(server.url, { signal: AbortSignal.abort(reason) });
      expect(yield* thrownBy(() => fetch(request()))).toBe(reason);
      expect(yield* (yield* fetch(request(), { signal: null })).text()).toBe('ok');
    }),
  );

  it(
    'a signal in init aborts the body, too, and is let go when the body has ended',
    green(function* () {
      const server = yield* local(({ url }, response) => {
        if (url === '/ends') response.end('all');
        else response.write('part');
      });
      const controller = new AbortController();
      const { signal } = controller;
      yield* (yield* fetch(`${server.url}/ends`, { signal })).text();
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
      const chunks = (yield* fetch(server.url, { signal })).chunks();
      yield* chunks.more();
      controller.abort(new Error('enough'));
      expect((yield* thrownBy(() => chunks.more())).message).toBe('enough');
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    }),
  );
});

describe('the body', () => {
  it(
    'is read as text, JSON, bytes or an ArrayBuffer',
    green(function* () {
      const server = yield* local((_, response) => response.end('\ufeff["ä"]'));
      expect(yield* (yield* fetch(server.url)).text()).toBe('["ä"]');
      expect(yield* (yield* fetch(server.url)).json<string[]>()).toEqual(['ä']);
      const bytes = yield* (yield* fetch(server.url)).bytes();
      expect([...bytes.subarray(0, 4)]).toEqual([0xef, 0xbb, 0xbf, 0x5b]);
      const buffer = yield* (yield* fetch(server.url)).arrayBuffer();
      expect(buffer).toBeInstanceOf(ArrayBuffer);
      expect(buffer.byteLength).toBe(bytes.length);
    }),
  );

  it(
    'may be long, or empty, or not there',
    green(function* () {
      const server = yield* local(({ method, url }, response) => {
        if (url === '/empty' || method === 'HEAD') response.end();
        else if (url === '/none') response.writeHead(204).end();
        else response.end('x'.repeat(1_000_000));
      });
      expect((yield* (yield* fetch(server.url)).text()).length).toBe(1_000_000);
      expect(yield* (yield* fetch(`${server.url}/empty`)).text()).toBe('');
      expect(yield* (yield* fetch(`${server.url}/none`)).text()).toBe('');
      expect((yield* (yield* fetch(server.url, { method: 'HEAD' })).bytes()).length).toBe(0);
      expect(yield* (yield* fetch(`${server.url}/none`)).chunks().toArray()).toEqual([]);
    }),
  );

  it(
    'that is no JSON raises a SyntaxError',
    green(function* () {
      const server = yield* local((_, response) => response.end('<html>'));
      const response = yield* fetch(server.url);
      expect(yield* thrownBy(() => response.json())).toBeInstanceOf(SyntaxError);
    }),
  );

  it(
    'comes in chunks as the server sends them',
    green(function* () {
      const server = yield* local((_, response) => response.write('one'));
      const chunks = (yield* fetch(server.url)).chunks();
      const decoder = new TextDecoder();
      expect(yield* chunks.more()).toBe(true);
      expect(decoder.decode(chunks.value)).toBe('one');
      server.exchanges[0]?.response.end('two');
      const result = yield* chunks.next();
      expect(decoder.decode(result.value)).toBe('two');
      expect(yield* chunks.more()).toBe(false);
      expect(yield* chunks.next()).toEqual({ done: true, value: undefined });
    }),
  );

  it(
    'comes in lines, wherever the chunks are cut',
    green(function* () {
      const bytes = Buffer.from('eins\r\nzwei\n\nvier ä\nfünf');
      const cut = bytes.indexOf(0xa4); // in the middle of the ä
      const pieces = [
        bytes.subarray(0, 5), // in the middle of \r\n
        bytes.subarray(5, 8),
        bytes.subarray(8, cut),
        bytes.subarray(cut, cut + 3),
        bytes.subarray(cut + 3),
      ];
      vi.stubGlobal('fetch', async () => new Response(streamOf(pieces)));
      try {
        const lines = (yield* fetch('http://example.invalid/')).lines();
        expect(yield* lines.toArray()).toEqual(['eins', 'zwei', '', 'vier ä', 'fünf']);
      } finally {
        vi.unstubAllGlobals();
      }
    }),
  );

  it(
    'gives each line when it is there, not when all are',
    green(function* () {
      const server = yield* local((_, response) => response.write('one\ntw'));
      const lines = (yield* fetch(server.url)).lines();
      yield* lines.more();
      expect(lines.value).toBe('one');
      server.exchanges[0]?.response.write('o\nthree\n');
      yield* lines.more();
      expect(lines.value).toBe('two');
      server.exchanges[0]?.response.end();
      expect(yield* lines.toArray()).toEqual(['three']);
    }),
  );

  it('can be iterated by for await', async () => {
    const server = await serve((_, response) => response.end('a\nb\n'));
    const seen: string[] = [];
    for await (const line of (await fetch(server.url)).lines()) seen.push(line);
    expect(seen).toEqual(['a', 'b']);
  });

  it(
    'loses nothing when its reading is interrupted',
    green(function* () {
      const server = yield* local((_, response) => response.write('half'));
      const response = yield* fetch(server.url);
      expect(yield* thrownBy(() => withTimeout(20, response.text()))).toBeInstanceOf(Timeout);
      expect(yield* thrownBy(() => withTimeout(20, response.bytes()))).toBeInstanceOf(Timeout);
      server.exchanges[0]?.response.end(' and half');
      expect(yield* response.text()).toBe('half and half');
    }),
  );

  it(
    'loses no chunk and no line when waiting for one is interrupted',
    green(function* () {
      const server = yield* local((_, response) => response.write('first\nsec'));
      const response = yield* fetch(server.url);
      const lines = response.lines();
      yield* lines.more();
      expect(yield* thrownBy(() => withTimeout(20, lines.more()))).toBeInstanceOf(Timeout);
      server.exchanges[0]?.response.end('ond\nthird\n');
      expect(yield* lines.toArray()).toEqual(['second', 'third']);
    }),
  );

  it(
    'is given once',
    green(function* () {
      const server = yield* local((_, response) => response.end('once'));
      const response = yield* fetch(server.url);
      yield* response.text();
      const error = yield* thrownBy(() => response.text());
      expect(error).toBeInstanceOf(BodyUsed);
      expect(error.message).toMatch(/^the body of GET \S+ has been read already, by <Greenlet /);
      expect(error.code).toBe('BODY_USED');
    }),
  );

  it(
    'has one reader at a time; the error names the other',
    green(function* () {
      const server = yield* local((_, response) => response.write('part'));
      const response = yield* fetch(server.url);
      const reader = spawn({ name: 'reader' }, () => response.text());
      yield* sleep(0);
      const error = yield* thrownBy(() => response.text());
      expect(error).toBeInstanceOf(BodyUsed);
      expect(error.message).toContain(`is being read by <Greenlet 'reader'`);
      server.exchanges[0]?.response.end('!');
      expect(yield* reader.get()).toBe('part!');
    }),
  );

  it(
    'can be read through the platform, which is told',
    green(function* () {
      const server = yield* local((_, response) => response.end('raw'));
      const response = yield* fetch(server.url);
      const { raw } = response;
      expect(raw).toBeInstanceOf(Response);
      const reader = raw.body?.getReader();
      expect(yield* thrownBy(() => response.text())).toBeInstanceOf(BodyUsed);
      yield* until(reader?.cancel() ?? Promise.resolve());
    }),
  );
});

describe('a body that is not read', () => {
  const endless = () => local((_, response) => response.write('more to come'));

  function* fetchAndLeave(url: string): Green<void> {
    yield* fetch(url);
  }

  it(
    'is let go when the greenlet that fetched it ends',
    green(function* () {
      const server = yield* endless();
      yield* spawn(fetchAndLeave, server.url).get();
      expect(yield* until((server.exchanges[0] as { end: Promise<string> }).end)).toBe('aborted');
    }),
  );

  it(
    'is let go when the greenlet is killed, and when it fails',
    green(function* () {
      const server = yield* endless();
      const killed = spawn(function* () {
        yield* fetch(server.url);
        yield* sleep(Number.POSITIVE_INFINITY);
      });
      const failed = spawn(function* () {
        yield* fetch(server.url);
        throw new Error('failed');
      });
      expect(yield* thrownBy(() => failed.get())).toHaveProperty('message', 'failed');
      yield* killed.kill();
      const ends = server.exchanges.map(({ end }) => until(end));
      expect(yield* all(ends)).toEqual(['aborted', 'aborted']);
    }),
  );

  it(
    'stays open when the response is what the greenlet gives',
    green(function* () {
      const server = yield* local((_, response) => response.end('given'));
      expect(yield* (yield* spawn(fetch, server.url).get()).text()).toBe('given');
      const [first] = yield* spawn(function* () {
        return [yield* fetch(server.url)];
      }).get();
      expect(yield* (first as GreenResponse).text()).toBe('given');
      const { response } = yield* spawn(function* () {
        return { status: 1, response: yield* fetch(server.url) };
      }).get();
      expect(yield* response.text()).toBe('given');
    }),
  );

  it(
    'cannot be read any more by somebody else; the error says what to do',
    green(function* () {
      const server = yield* endless();
      const kept: GreenResponse[] = [];
      yield* spawn({ name: 'fetcher' }, function* () {
        kept.push(yield* fetch(server.url));
      }).join();
      const error = yield* thrownBy(() => (kept[0] as GreenResponse).text());
      expect(error).toBeInstanceOf(BodyClosed);
      expect(error.code).toBe('BODY_CLOSED');
      expect(error.message).toMatch(
        /^the body of GET \S+ was let go when <Greenlet 'fetcher' dead> ended: read it there, return the response, or call detach\(\) on it$/,
      );
    }),
  );

  it(
    'stays open after detach, and when somebody else has begun to read it',
    green(function* () {
      const server = yield* endless();
      const detached: GreenResponse[] = [];
      yield* spawn(function* () {
        detached.push((yield* fetch(server.url)).detach());
      }).join();
      let reader: Greenlet<string> | undefined;
      yield* spawn(function* () {
        const response = yield* fetch(server.url);
        reader = spawn(() => response.text());
        yield* sleep(0);
      }).join();
      for (const { response } of server.exchanges) response.end('!');
      expect(yield* (detached[0] as GreenResponse).text()).toBe('more to come!');
      expect(yield* (reader as Greenlet<string>).get()).toBe('more to come!');
    }),
  );

  it(
    'is let go by close, by using, and by closing its chunks',
    green(function* () {
      const server = yield* endless();
      const response = yield* fetch(server.url);
      response.close();
      response.close();
      expect(yield* thrownBy(() => response.text())).toHaveProperty('code', 'BODY_CLOSED');
      {
        using _ = yield* fetch(server.url);
      }
      const chunks = (yield* fetch(server.url)).chunks();
      yield* chunks.more();
      chunks.close();
      expect(yield* chunks.more()).toBe(false);
      const ends = server.exchanges.map(({ end }) => until(end));
      expect(yield* all(ends)).toEqual(['aborted', 'aborted', 'aborted']);
    }),
  );

  it(
    'is let go when the response is garbage, though the greenlet lives on',
    green(function* () {
      const server = yield* endless();
      yield* call(fetchAndLeave, server.url);
      let end = '';
      void server.exchanges[0]?.end.then((how) => {
        end = how;
      });
      expect(yield* until(collectUntil(() => end === 'aborted'))).toBe(true);
    }),
  );

  it.each(ASKING)('is let go when the response is garbage, which %s asked for', async (_, ask) => {
    const server = await serve((_, response) => response.write('some'));
    for (let i = 0; i < 3; i++) await ask(() => fetch(server.url));
    let aborted = 0;
    for (const { end } of server.exchanges) {
      void end.then(() => {
        aborted++;
      });
    }
    expect(await collectUntil(() => aborted >= 2)).toBe(true);
  });

  it('does not keep the response that its greenlet reads and gives', async () => {
    const server = await serve((_, response) => response.end('some'));
    const read = async () =>
      new WeakRef(
        await spawn(function* () {
          const response = yield* fetch(server.url);
          yield* response.text();
          return response;
        }).get(),
      );
    const responses = [await read(), await read(), await read()];
    expect(await collectUntil(() => responses.filter((each) => each.deref()).length <= 1)).toBe(true);
  });

  it(
    'leaves nothing linked to a greenlet that reads what it fetches',
    green(function* () {
      const server = yield* local((_, response) => response.end('x'));
      const greenlet = spawn(function* () {
        for (let i = 0; i < 3; i++) yield* (yield* fetch(server.url)).text();
        return Reflect.get(getcurrent(), '_links');
      });
      while (!greenlet.ready()) yield* until(nextPass());
      expect(greenlet.result()).toBe(null);
    }),
  );
});

function nextPass(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function streamOf(pieces: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

describe('errors', () => {
  it(
    "keep Node's code, and name the cause, the request and the place",
    green(function* myRequest() {
      const server = yield* local();
      yield* until(server.close());
      const error = yield* thrownBy(function* place() {
        yield* fetch(`${server.url}/x?y`);
      });
      expect(error).toBeInstanceOf(TypeError);
      expect(error.code).toBe('ECONNREFUSED');
      expect(error.cause.code).toBe('ECONNREFUSED');
      expect(error.message).toMatch(
        /^fetch failed: connect ECONNREFUSED 127\.0\.0\.1:\d+ \(GET http:\/\/127\.0\.0\.1:\d+\/x\)$/,
      );
      expect(error.stack).toContain('at place (');
    }),
  );

  it(
    'tell a server that hangs up before it answers, and one in the middle of the body',
    green(function* () {
      const server = yield* local(({ url, socket }, response) => {
        if (url === '/') socket.destroy();
        else response.write('part');
      });
      expect(yield* thrownBy(() => fetch(server.url))).toHaveProperty('code', 'UND_ERR_SOCKET');
      const response = yield* fetch(`${server.url}/body`);
      const chunks = response.chunks();
      yield* chunks.more();
      server.exchanges[1]?.response.destroy();
      const error = yield* thrownBy(() => chunks.more());
      expect(error.code).toBe('UND_ERR_SOCKET');
      expect(error.message).toContain(`(GET ${server.url}/body)`);
    }),
  );

  it(
    'tell an address that is none',
    green(function* () {
      expect(yield* thrownBy(() => fetch('nonsense'))).toHaveProperty('code', 'ERR_INVALID_URL');
    }),
  );
});
