/** The platform's `fetch`. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import type { Behaviours, Kit, Steps } from './monkey-behaviours.js';

type Handle = (request: IncomingMessage, response: ServerResponse) => unknown;

/** The address of a server on loopback. */
function* serving(kit: Kit, handle: Handle): Steps<string> {
  const server = createServer((request, response) => void handle(request, response));
  kit.after(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  yield* kit.wait(once(server, 'listening'));
  return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}

/** Tells what it was sent. */
const mirror: Handle = async (request, response) => {
  const body = await text(request);
  const { method, url, headers } = request;
  response.setHeader('content-type', 'application/json');
  response.end(
    JSON.stringify({ method, url, type: headers['content-type'], length: headers['content-length'], body }),
  );
};

export const responses: Behaviours = {
  *'a response has status, headers without regard to case, and its address'(kit) {
    const url = yield* serving(kit, (_request, response) => {
      response.writeHead(418, 'Teapot', { 'X-One': 'one', 'Set-Cookie': ['a=1', 'b=2'] }).end('short');
    });
    const response = yield* kit.wait(fetch(`${url}/path`));
    expect(response).toBeInstanceOf(Response);
    expect([response.ok, response.status, response.statusText, response.type]).toEqual([
      false,
      418,
      'Teapot',
      'basic',
    ]);
    expect([response.url, response.redirected]).toEqual([`${url}/path`, false]);
    expect(response.headers.get('x-ONE')).toBe('one');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(yield* kit.wait(response.text())).toBe('short');
  },
  *'a body is read as text, JSON, bytes, blob or form'(kit) {
    const url = yield* serving(kit, (request, response) => {
      if (request.url === '/form') response.setHeader('content-type', 'application/x-www-form-urlencoded');
      response.end(request.url === '/form' ? 'a=1&b=2' : '{"a":"ü"}');
    });
    const get = (path = '') => kit.wait(fetch(url + path));
    expect(yield* kit.wait((yield* get()).text())).toBe('{"a":"ü"}');
    expect(yield* kit.wait((yield* get()).json())).toEqual({ a: 'ü' });
    expect((yield* kit.wait((yield* get()).arrayBuffer())).byteLength).toBe(10);
    expect((yield* kit.wait((yield* get()).blob())).size).toBe(10);
    const form = yield* kit.wait((yield* get('/form')).formData());
    expect([...form]).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect((yield* kit.fails((yield* get('/form')).json())).name).toBe('SyntaxError');
  },
  *'a body is used once; a clone has one of its own'(kit) {
    const url = yield* serving(kit, (_request, response) => response.end('once'));
    const response = yield* kit.wait(fetch(url));
    const clone = response.clone();
    expect(yield* kit.wait(response.text())).toBe('once');
    expect(response.bodyUsed).toBe(true);
    expect(yield* kit.fails(response.text())).toBeInstanceOf(TypeError);
    expect(() => response.clone()).toThrow(TypeError);
    expect(yield* kit.wait(clone.text())).toBe('once');
  },
  *'a body comes in pieces, by a reader and by iteration'(kit) {
    let go: () => void = () => {};
    const url = yield* serving(kit, (_request, response) => {
      response.write('one');
      go = () => response.end('two');
    });
    const response = yield* kit.wait(fetch(url));
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decode = (chunk?: Uint8Array) => Buffer.from(chunk ?? []).toString();
    expect(decode((yield* kit.wait(reader.read())).value)).toBe('one');
    go();
    expect(decode((yield* kit.wait(reader.read())).value)).toBe('two');
    expect((yield* kit.wait(reader.read())).done).toBe(true);
    const second = yield* kit.wait(fetch(url));
    go();
    const all = (async () => {
      let got = '';
      for await (const chunk of second.body as unknown as AsyncIterable<Uint8Array>) got += decode(chunk);
      return got;
    })();
    expect(yield* kit.wait(all)).toBe('onetwo');
  },
  *'HEAD and 204 have no body; a data URL needs no server'(kit) {
    const url = yield* serving(kit, (_request, response) => response.writeHead(204).end());
    const head = yield* kit.wait(fetch(url, { method: 'HEAD' }));
    expect([head.status, yield* kit.wait(head.text())]).toEqual([204, '']);
    expect((yield* kit.wait(fetch(url))).body).toBe(null);
    const data = yield* kit.wait(fetch('data:text/plain,hello'));
    expect([data.headers.get('content-type'), yield* kit.wait(data.text())]).toEqual(['text/plain', 'hello']);
  },
};

export const requests: Behaviours = {
  *'what is sent has the type that its kind has'(kit) {
    const url = yield* serving(kit, mirror);
    const send = function* (body: NonNullable<RequestInit['body']>): Steps<Record<string, string>> {
      const response = yield* kit.wait(fetch(url, { method: 'POST', body }));
      return (yield* kit.wait(response.json())) as Record<string, string>;
    };
    expect(yield* send('ü')).toMatchObject({ type: 'text/plain;charset=UTF-8', length: '2', body: 'ü' });
    expect(yield* send(new URLSearchParams({ a: '1 2' }))).toMatchObject({
      type: 'application/x-www-form-urlencoded;charset=UTF-8',
      body: 'a=1+2',
    });
    expect(yield* send(new Blob(['b'], { type: 'x/y' }))).toMatchObject({ type: 'x/y', body: 'b' });
    expect(yield* send(new Uint8Array([65, 66]))).toMatchObject({ length: '2', body: 'AB' });
    const form = new FormData();
    form.set('field', 'value');
    const got = yield* send(form);
    expect(got.type).toMatch(/^multipart\/form-data; boundary=/);
    expect(got.body).toContain('name="field"\r\n\r\nvalue');
  },
  *'a Request is sent as it is, and what the options say goes above it'(kit) {
    const url = yield* serving(kit, mirror);
    const request = new Request(`${url}/r`, {
      method: 'PUT',
      body: 'one',
      headers: { 'content-type': 'a/b' },
    });
    const sent = yield* kit.wait(fetch(request.clone()));
    expect(yield* kit.wait(sent.json())).toMatchObject({
      method: 'PUT',
      url: '/r',
      type: 'a/b',
      body: 'one',
    });
    const changed = yield* kit.wait(fetch(request, { body: 'two', headers: { 'content-type': 'c/d' } }));
    expect(yield* kit.wait(changed.json())).toMatchObject({ method: 'PUT', type: 'c/d', body: 'two' });
  },
  *'a stream is sent when it says that it is half of a duplex'(kit) {
    const url = yield* serving(kit, mirror);
    const stream = () =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('streamed'));
          controller.close();
        },
      });
    const options = { method: 'POST', body: stream(), duplex: 'half' };
    const response = yield* kit.wait(fetch(url, options as RequestInit));
    expect(yield* kit.wait(response.json())).toMatchObject({ body: 'streamed' });
    expect(yield* kit.fails(fetch(url, { method: 'POST', body: stream() }))).toBeInstanceOf(TypeError);
  },
  *'redirections are followed, shown or refused'(kit) {
    const url = yield* serving(kit, (request, response) => {
      if (request.url === '/to') response.end(request.method);
      else response.writeHead(302, { location: '/to' }).end();
    });
    const followed = yield* kit.wait(fetch(url, { method: 'POST', body: 'x' }));
    expect([followed.redirected, followed.url]).toEqual([true, `${url}/to`]);
    expect(yield* kit.wait(followed.text())).toBe('GET');
    const shown = yield* kit.wait(fetch(url, { redirect: 'manual' }));
    expect([shown.status, shown.headers.get('location')]).toEqual([302, '/to']);
    expect(yield* kit.fails(fetch(url, { redirect: 'error' }))).toBeInstanceOf(TypeError);
  },
};

export const failures: Behaviours = {
  *'what cannot be sent rejects, and is not thrown'(kit) {
    for (const [input, init] of [
      ['no url'],
      ['ftp://localhost/'],
      ['http://user:password@localhost/'],
      ['http://localhost/', { method: 'GET', body: 'x' }],
      ['http://localhost/', { method: 'NO METHOD' }],
      ['http://localhost/', { headers: { 'no name': 'x' } }],
      ['http://localhost/', { signal: {} }],
    ] as [string, RequestInit?][]) {
      const promise = fetch(input, init);
      expect(promise).toBeInstanceOf(Promise);
      expect(yield* kit.fails(promise)).toBeInstanceOf(TypeError);
    }
    expect(yield* kit.fails((fetch as () => Promise<unknown>)())).toBeInstanceOf(TypeError);
  },
  *'a refused connection is a TypeError with a cause'(kit) {
    const gone = net.createServer().listen(0, '127.0.0.1');
    yield* kit.wait(once(gone, 'listening'));
    const { port } = gone.address() as net.AddressInfo;
    yield* kit.wait(kit.called((cb) => void gone.close(cb)));
    const error = yield* kit.fails(fetch(`http://127.0.0.1:${port}/`));
    expect(error).toMatchObject({
      name: 'TypeError',
      message: 'fetch failed',
      cause: { code: 'ECONNREFUSED' },
    });
  },
  *'a connection that breaks off inside the body fails the reading'(kit) {
    const url = yield* serving(kit, (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('short', () => response.destroy());
    });
    const response = yield* kit.wait(fetch(url));
    expect(yield* kit.fails(response.text())).toMatchObject({ name: 'TypeError', message: 'terminated' });
  },
  *'a signal aborts before, during and after the headers, with its reason'(kit) {
    const reason = new Error('enough');
    const url = yield* serving(kit, (request, response) => {
      if (request.url === '/body') response.write('begun');
    });
    const before = fetch(url, { signal: AbortSignal.abort(reason) });
    expect(yield* kit.fails(before)).toBe(reason);
    const controller = new AbortController();
    const during = fetch(url, { signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    expect(yield* kit.fails(during)).toBe(reason);
    const second = new AbortController();
    const response = yield* kit.wait(fetch(new Request(`${url}/body`, { signal: second.signal })));
    const reading = response.text();
    second.abort(reason);
    expect(yield* kit.fails(reading)).toBe(reason);
    expect((yield* kit.fails(fetch(url, { signal: AbortSignal.abort() }))).name).toBe('AbortError');
    expect((yield* kit.fails(fetch(url, { signal: AbortSignal.timeout(1) }))).name).toBe('TimeoutError');
  },
};
