/** `tail -F` of one or more files: `node --import tsx examples/log-tailer/main.ts [--all] FILE…`, ended by Ctrl-C. */
import { joinall, main, spawn } from 'greenlets';
import { tail } from './tail.js';

const args = process.argv.slice(2);
const all = args.includes('--all');
const files = args.filter((arg) => arg !== '--all');

if (files.length === 0) {
  console.error('Usage: log-tailer [--all] FILE…    (--all: also what is there already)');
  process.exitCode = 2;
} else {
  await main(function* () {
    const label = files.length > 1;
    const tailers = files.map((file) =>
      spawn(tail, file, (line: string) => console.log(label ? `${file}: ${line}` : line), all),
    );
    yield* joinall(tailers, { raiseError: true });
  });
}
