/** A task of plain Node, in a worker thread or a child process that has nothing else to do. */
import { connect } from 'node:net';
import { ASKS, compute } from './job.mjs';

/** Does `job`, with a share of `parts`; gives { sum, answers }. */
export async function run(job, parts, port) {
  if (job === 'cpu') return { sum: compute(parts), answers: 0 };
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const ask = lines(socket);
  let sum = 0;
  let answers = 0;
  for (let i = 0; i < ASKS; i++) {
    const question = `${i}`;
    if ((await ask(question)) === question) answers++;
    if (job === 'mixed' && i === 0) sum = compute(parts);
  }
  socket.destroy();
  return { sum, answers };
}

/** A function that sends a line and gives the next that comes. */
function lines(socket) {
  let text = '';
  let resolve;
  let reject;
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
    if (!text.endsWith('\n')) return;
    resolve(text.trimEnd());
    text = '';
  });
  socket.on('error', (error) => reject?.(error));
  return (line) =>
    new Promise((good, bad) => {
      resolve = good;
      reject = bad;
      socket.write(`${line}\n`);
    });
}
