/** Libraries that know nothing of greenlets, inside them: with only `yield*` added. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import Fastify from 'fastify';
import { all, callback, type Green, green, type Signal, sleep, spawn, until } from 'greenlets';
import { patchAll, unpatchAll } from 'greenlets/monkey';
import needle from 'needle';
import { Agent, request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { serve } from './local-server.js';

beforeAll(() => patchAll({ warn: false }));
afterAll(() => unpatchAll());

const inGreenlet = <T>(body: () => Green<T>): Promise<T> => spawn(body).get().promise();

let stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
});

describe('undici', () => {
  it('request and its bodies are yield*-able; 50 greenlets wait at once', async () => {
    const server = await serve();
    const dispatcher = new Agent();
    stops.push(() => dispatcher.close());
    const pages = Array.from({ length: 50 }, (_, id) =>
      spawn(function* () {
        const { statusCode, body } = yield* request(`${server.url}/${id}`, { dispatcher });
        return [statusCode, yield* body.text()];
      }),
    );
    // None is answered before all have asked.
    while (server.exchanges.length < 50) await server.next();
    for (const { request: asked, response } of server.exchanges) response.end(`page ${asked.url}`);
    expect(await all(pages)).toEqual(Array.from({ length: 50 }, (_, id) => [200, `page /${id}`]));
  });

  it('killed inside until(signal), a request is aborted and its connection is not used again', async () => {
    const server = await serve();
    const dispatcher = new Agent({ connections: 1 });
    stops.push(() => dispatcher.destroy());
    const killed = spawn(function* () {
      yield* until((signal: Signal) => request(server.url, { dispatcher, signal }), {
        late: ({ body }) => body.dump(),
      });
    });
    const exchange = await server.next();
    await killed.kill();
    expect(await exchange.end).toBe('aborted');
    const next = inGreenlet(function* () {
      return yield* (yield* request(server.url, { dispatcher })).body.text();
    });
    (await server.next()).response.end('whole');
    expect(await next).toBe('whole');
  });
});

describe('ws', () => {
  it('a client and a server speak from greenlets', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    stops.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    server.on('connection', (socket) => {
      spawn(function* () {
        for (;;) {
          const [text] = (yield* once(socket, 'message')) as [Buffer];
          yield* callback<void>((cb) => socket.send(`echo ${text}`, cb));
        }
      }).killOn(socket, 'close');
    });
    const client = (id: number) =>
      function* () {
        const socket = new WebSocket(`ws://127.0.0.1:${port}`);
        yield* once(socket, 'open');
        const answers: string[] = [];
        for (const word of ['one', 'two']) {
          socket.send(`${word} ${id}`);
          answers.push(String(((yield* once(socket, 'message')) as [Buffer])[0]));
        }
        socket.close();
        yield* once(socket, 'close');
        return answers;
      };
    const answers = await all(Array.from({ length: 20 }, (_, id) => spawn(client(id))));
    expect(answers).toEqual(Array.from({ length: 20 }, (_, id) => [`echo one ${id}`, `echo two ${id}`]));
  });
});

describe('express and fastify', () => {
  it('handlers of express are green; errors go to its error handler', async () => {
    const app = express();
    app.get(
      '/:name',
      green(function* (req: express.Request, res: express.Response) {
        yield* sleep(1);
        if (req.params.name === 'wrong') throw new Error('handler failed');
        res.json({ hello: req.params.name });
      }),
    );
    app.use((error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
      res.status(500).send(error.message);
    });
    const server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    stops.push(
      () => server.closeAllConnections(),
      () => void server.close(),
    );
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const got = await inGreenlet(function* () {
      const right = yield* fetch(`${url}/bob`);
      const wrong = yield* fetch(`${url}/wrong`);
      return [yield* right.json(), wrong.status, yield* wrong.text()];
    });
    expect(got).toEqual([{ hello: 'bob' }, 500, 'handler failed']);
  });

  it('handlers and hooks of fastify are green', async () => {
    const app = Fastify();
    stops.push(() => app.close());
    app.addHook(
      'preHandler',
      green(function* () {
        yield* sleep(1);
      }),
    );
    app.get<{ Params: { name: string } }>(
      '/:name',
      green(function* (req: { params: { name: string } }) {
        yield* Promise.resolve();
        return { hello: req.params.name };
      }),
    );
    const got = await inGreenlet(function* () {
      yield* app.listen({ port: 0, host: '127.0.0.1' });
      // What it gives is no promise, but a thenable of its own.
      const injected = yield* until(app.inject('/ann'));
      const { port } = app.server.address() as AddressInfo;
      const response = yield* fetch(`http://127.0.0.1:${port}/bob`);
      return [injected.json(), yield* response.json()];
    });
    expect(got).toEqual([{ hello: 'ann' }, { hello: 'bob' }]);
  });
});

describe('needle, by its callbacks', () => {
  it('callback() waits for it; a kill aborts the request', async () => {
    const server = await serve();
    const page = inGreenlet(function* () {
      const response = yield* callback<needle.NeedleResponse>((cb) => needle.get(server.url, cb as never));
      return response.body as string;
    });
    (await server.next()).response.setHeader('content-type', 'text/html').end('by callback');
    expect(await page).toBe('by callback');
    const killed = spawn(function* () {
      yield* callback((cb, signal) => {
        const sent = needle.get(server.url, { signal } as needle.NeedleOptions, cb as never);
        sent.on('err', () => {});
      });
    });
    const exchange = await server.next();
    await killed.kill();
    expect(await exchange.end).toBe('aborted');
  });
});
