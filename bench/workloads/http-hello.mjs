/** Hello world over HTTP: the same load client, in a process of its own, for servers that all live in this one. */
import { deepStrictEqual } from 'node:assert';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { http } from '../fixtures/greenlets-io.mjs';
import { server } from '../lib/tools.mjs';

const CONNECTIONS = 64;
/** As `settings.size` has it. */
let connections = CONNECTIONS;
const HELLO = 'Hello, world!';

const client = fork(fileURLToPath(new URL('../fixtures/http-load.mjs', import.meta.url)), { execArgv: [] });
await once(client, 'message');
client.unref();
client.channel.unref();

/** Each listens as long as it is asked. */
async function greenlets(count) {
  const server = http.serve(
    function* () {
      return HELLO;
    },
    { host: '127.0.0.1' },
  );
  await server.start();
  const answered = await load(server.port, count);
  await server.stop();
  return answered;
}

async function asyncHandlers(count) {
  const handler = async () => HELLO;
  return await plain(count, async (_, response) => {
    const body = await handler();
    response.writeHead(200, headersOf(body)).end(body);
  });
}

function callbacks(count) {
  return plain(count, (_, response) => void response.writeHead(200, headersOf(HELLO)).end(HELLO));
}

function headersOf(body) {
  return { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(body) };
}

async function plain(count, onRequest) {
  const server = createServer({ noDelay: true }, onRequest);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const answered = await load(server.address().port, count);
  server.close();
  await once(server, 'close');
  return answered;
}

const OTHERS = [
  ['go', 'Go', 'Go: `net/http`'],
  ['gevent', 'gevent', 'gevent: `pywsgi`'],
];

/** A server of another language; its answers have other headers. */
async function theirs(port, count) {
  client.send({ port, count, connections });
  client.channel.ref();
  const [answered] = await once(client, 'message');
  client.channel.unref();
  return answered.count;
}

const sizes = new Set();

async function load(port, count) {
  client.send({ port, count, connections });
  client.channel.ref();
  const [answered] = await once(client, 'message');
  client.channel.unref();
  sizes.add(answered.size);
  return answered.count;
}

export default ({ size = CONNECTIONS, quick }) => {
  connections = size;
  const count = Math.max(quick ? 2000 : 20_000, size * 20);
  const task = { clock: 'wall', ops: count, expected: count };
  const cpu = { ...task, clock: 'cpu' };
  return {
    title: `HTTP: ${count.toLocaleString('en')} times hello world over ${connections} connections`,
    short: 'HTTP, hello world',
    growth: { what: 'connections', sizes: [10, 100, 1000] },
    contestants: [
      {
        id: 'greenlets',
        family: 'greenlets',
        label: 'greenlets: `http.serve(function* …)`',
        run: () => greenlets(count),
        ...task,
      },
      {
        id: 'callbacks',
        family: 'Node, callbacks',
        label: 'plain `node:http`',
        run: () => callbacks(count),
        ...task,
      },
      {
        id: 'async',
        family: 'async/await',
        label: '`node:http`, an async handler',
        run: () => asyncHandlers(count),
        ...task,
      },
      ...OTHERS.map(([tool, family, label]) => ({
        id: tool,
        label,
        family,
        tool,
        // It serves until this process ends, and with that its standard input.
        begin: () => server(tool, 'serve-http'),
        run: (_, { port }) => theirs(port, count),
        ...task,
      })),
      {
        id: 'greenlets-cpu',
        case: 'CPU time',
        family: 'greenlets',
        label: 'greenlets',
        run: () => greenlets(count),
        ...cpu,
      },
      {
        id: 'callbacks-cpu',
        case: 'CPU time',
        family: 'Node, callbacks',
        label: 'plain `node:http`',
        run: () => callbacks(count),
        ...cpu,
      },
    ],
    bars: [
      {
        text: 'hello world by `http.serve`, to plain `node:http` (0.95 of its requests a second)',
        of: 'greenlets',
        to: 'callbacks',
        most: 1 / 0.95,
      },
    ],
    // The answers are the same, byte for byte in number.
    async verify() {
      for (const each of [greenlets, callbacks, asyncHandlers]) await each(connections);
      deepStrictEqual(sizes.size, 1);
    },
  };
};
