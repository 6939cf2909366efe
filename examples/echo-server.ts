// An echo server: a greenlet for each connection. Try `nc localhost 7000`; Ctrl-C ends it.
import { main } from 'greenlets';
import { net } from 'greenlets/io';

function* echo(socket: net.Socket, { address, port }: { address: string; port: number }) {
  console.log(`connected: ${address} ${port}`);
  for (let line = yield* socket.readLine(); line !== null; line = yield* socket.readLine()) {
    yield* socket.write(`${line}\n`);
  }
  console.log(`gone: ${address} ${port}`);
}

await main(function* () {
  const server = new net.StreamServer(['127.0.0.1', Number(process.argv[2] ?? 7000)], echo);
  yield* server.start();
  console.log(`listening on ${server.port}`);
  yield* server.serveForever();
});
