/** TCP echo: 64 connections, each with one request of 64 bytes under way; one load client for all, in a process of its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { net } from '../../dist/node/io/index.js';
import { server } from '../lib/tools.mjs';

const CONNECTIONS = 64;
const SIZE = 64;
const REQUESTS = 64 * 500;
/** Of each connection, at least. */
const LEAST = 50;

let client = null;
/** As `settings.size` has it. */
let connections = CONNECTIONS;
let requests = REQUESTS;

/** One run of the load against `port`; gives the bytes that came back. */
async function load(port) {
  client ??= fork(fileURLToPath(new URL('../lib/echo-client.mjs', import.meta.url)), { execArgv: [] });
  client.ref();
  client.channel?.ref();
  const answer = once(client, 'message');
  client.send({ port, connections, size: SIZE, requests });
  const [bytes] = await answer;
  // Between the runs it holds nothing up, and with the last of us it ends.
  client.unref();
  client.channel?.unref();
  return bytes;
}

function* echo(socket) {
  for (let data = yield* socket.read(); data !== null; data = yield* socket.read()) yield* socket.write(data);
}

async function greenlets() {
  const server = new net.StreamServer(['127.0.0.1', 0], echo);
  await server.start();
  const bytes = await load(server.port);
  await server.stop();
  return bytes;
}

/** A server of the host: what it does with each connection is all that differs. */
async function hostServer(onConnection) {
  const server = createServer({ noDelay: true }, onConnection).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bytes = await load(server.address().port);
  server.close();
  await once(server, 'close');
  return bytes;
}

/** As carefully as the others: a reader that is slow holds up the socket. */
function withCallbacks(socket) {
  socket.on('data', (data) => {
    if (!socket.write(data)) socket.pause();
  });
  socket.on('drain', () => socket.resume());
  socket.on('error', () => {});
}

async function withIterator(socket) {
  for await (const data of socket) {
    if (!socket.write(data)) await once(socket, 'drain');
  }
}

const OTHERS = [
  ['go', 'Go', 'Go: `net`, a goroutine a connection'],
  ['gevent', 'gevent', 'gevent: `StreamServer`'],
  ['python', 'Python threads', 'Python: a thread a connection'],
];

export default ({ size = CONNECTIONS, quick }) => {
  connections = size;
  requests = size * Math.max(LEAST, Math.floor((quick ? REQUESTS / 4 : REQUESTS) / size));
  const task = { clock: 'wall', ops: requests, expected: requests * SIZE };
  return {
    title: `TCP echo: a request of ${SIZE} bytes and its answer, ${connections} connections`,
    growth: { what: 'connections', sizes: [10, 100, 1000] },
    contestants: [
      {
        id: 'greenlets',
        family: 'greenlets',
        label: 'greenlets: `StreamServer`, `yield* socket.read()`',
        run: greenlets,
        ...task,
      },
      {
        id: 'callbacks',
        family: 'Node, callbacks',
        label: 'callbacks: `node:net`, `socket.on("data")`',
        run: () => hostServer(withCallbacks),
        ...task,
      },
      {
        id: 'iterator',
        family: 'async/await',
        label: 'async functions: `for await (const data of socket)`',
        run: () => hostServer(withIterator),
        ...task,
      },
      ...OTHERS.map(([tool, family, label]) => ({
        id: tool,
        label,
        family,
        tool,
        // It serves until this process ends, and with that its standard input.
        begin: () => server(tool, 'serve-echo'),
        run: (_, { port }) => load(port),
        ...task,
      })),
    ],
    bars: [
      // 0.95 of the requests a second.
      { text: 'TCP echo, to `node:net` callbacks', of: 'greenlets', to: 'callbacks', most: 1 / 0.95 },
      { text: 'TCP echo, to an async iterator', of: 'greenlets', to: 'iterator', most: 1 },
      { text: "TCP echo, to gevent's `StreamServer`", of: 'greenlets', to: 'gevent', most: 1 },
      { text: 'TCP echo, to threads of Python', of: 'greenlets', to: 'python', most: 1 },
    ],
  };
};
