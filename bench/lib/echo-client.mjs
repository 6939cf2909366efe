/**
 * The load of echo.mjs, the same for every server: `node echo-client.mjs PORT`. Each message from the parent is one run: so many
 * connections, each with one request under way, until so many have been answered; the answer is the number of bytes echoed.
 */
import { connect } from 'node:net';

process.on('message', ({ port, connections, size, requests }) => {
  const request = Buffer.alloc(size, 'x');
  const each = requests / connections;
  let open = connections;
  let bytes = 0;
  for (let i = 0; i < connections; i++) {
    let left = each;
    let missing = size;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => socket.write(request));
    socket.on('data', (data) => {
      bytes += data.length;
      missing -= data.length;
      if (missing > 0) return;
      missing = size;
      if (--left > 0) socket.write(request);
      else socket.end();
    });
    socket.on('error', (error) => {
      throw error;
    });
    socket.on('close', () => {
      if (--open === 0) process.send(bytes);
    });
  }
});
