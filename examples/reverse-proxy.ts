// A reverse proxy for TCP: `reverse-proxy.ts PORT HOST:PORT …`. Each connection goes to the next backend that answers.
import { all, main, rethrowExit } from 'greenlets';
import { net } from 'greenlets/io';

const [listen = '8000', ...backends] = process.argv.slice(2);
let turn = 0;

/** The next backend that can be reached; null when none can. */
function* reach() {
  for (let tries = 0; tries < backends.length; tries++) {
    const [host = 'localhost', port] = (backends[turn++ % backends.length] as string).split(':');
    try {
      return yield* net.connect({ host, port: Number(port), timeout: 2000 });
    } catch (error) {
      rethrowExit(error);
      console.log(`${host}:${port} is down: ${(error as { code?: string }).code}`);
    }
  }
  return null;
}

/** Everything that comes from `from`, and then its end. A slow reader holds up the writer: nothing piles up here. */
function* pump(from: net.Socket, to: net.Socket) {
  for (let data = yield* from.read(); data !== null; data = yield* from.read()) yield* to.write(data);
  yield* to.end();
}

function* proxy(client: net.Socket) {
  const backend = yield* reach();
  if (backend === null) return;
  try {
    // The first that fails ends the other.
    yield* all([pump(client, backend), pump(backend, client)]);
  } catch (error) {
    rethrowExit(error);
    console.log(`a connection broke: ${(error as { code?: string }).code}`);
  } finally {
    void backend.close();
  }
}

await main(function* () {
  const server = new net.StreamServer(['127.0.0.1', Number(listen)], proxy, { spawn: 1000 });
  yield* server.start();
  console.log(`listening on ${server.port}`);
  yield* server.serveForever();
});
