/** A server in a process of its own: what it gets it gives back WAIT ms later. Prints its port; ends with its standard input. */
import { createServer } from 'node:net';
import { WAIT } from './job.mjs';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => setTimeout(() => socket.write(chunk), WAIT));
  socket.on('error', () => {});
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
  process.stdout.write(`${server.address().port}\n`);
});
process.stdin.resume().on('end', () => process.exit());
