// A chat server: what one says, the others hear. Try `nc localhost 7000` in two windows; Ctrl-C ends it.
import { kill, main, Queue, spawn } from 'greenlets';
import { net } from 'greenlets/io';

/** What is to be sent to each. Whoever reads so slowly that 100 lines wait misses the next ones, and holds up nobody. */
const members = new Map<string, Queue<string>>();

function tell(text: string, from?: string) {
  for (const [name, lines] of members) if (name !== from && !lines.full()) lines.putNowait(`${text}\n`);
}

function* send(socket: net.Socket, lines: Queue<string>) {
  for (;;) yield* socket.write(yield* lines.get());
}

function* chat(socket: net.Socket) {
  yield* socket.write('Who are you?\n');
  const name = ((yield* socket.readLine({ maxLength: 20 })) ?? '').trim();
  if (name === '' || members.has(name)) {
    yield* socket.write('Not with that name.\n');
    return;
  }
  const lines = new Queue<string>(100);
  members.set(name, lines);
  const sender = spawn(send, socket, lines);
  try {
    tell(`* ${name} is here, with ${members.size - 1} others`);
    for (let line = yield* socket.readLine(); line !== null; line = yield* socket.readLine()) {
      tell(`${name}: ${line}`, name);
    }
  } finally {
    // Also when the connection is reset, and when the server is stopped.
    members.delete(name);
    tell(`* ${name} has left`);
    yield* kill(sender);
  }
}

await main(function* () {
  const server = new net.StreamServer(['127.0.0.1', Number(process.argv[2] ?? 7000)], chat);
  yield* server.start();
  console.log(`listening on ${server.port}`);
  yield* server.serveForever();
});
