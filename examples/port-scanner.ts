// Which ports of a host are open? `port-scanner.ts HOST FIRST LAST`; 100 at a time, each for at most half a second.
import { main, Pool, rethrowExit } from 'greenlets';
import { net } from 'greenlets/io';

const [host = '127.0.0.1', first = '1', last = '1024'] = process.argv.slice(2);

function* isOpen(port: number) {
  try {
    const socket = yield* net.connect({ host, port, timeout: 500 });
    socket.abort();
    return { port, open: true };
  } catch (error) {
    rethrowExit(error);
    return { port, open: false }; // refused, or no answer in time
  }
}

function* ports() {
  for (let port = Number(first); port <= Number(last); port++) yield port;
}

await main(function* () {
  const results = new Pool(100).imap(isOpen, ports());
  let count = 0;
  while (yield* results.more()) {
    const { port, open } = results.value;
    if (!open) continue;
    count++;
    console.log(`${port} is open`);
  }
  console.log(`${count} of ${Number(last) - Number(first) + 1} ports of ${host} are open`);
});
