/** Runs the examples: `npm run example G1` one of them, `--all` all, `--list` tells what there is. */
import { spawn as spawnProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Green, main, suspend } from 'greenlets';

/** The programs of the seed documents, by their numbers. */
const EXAMPLES: Readonly<Record<string, { file: string; title: string }>> = {
  G1: { file: 'seeds/g1-switch.ts', title: 'two greenlets that switch by hand' },
  G2: { file: 'seeds/g2-joinall.ts', title: 'two greenlets that give way to one another' },
  G3: { file: 'seeds/g3-fetch.ts', title: 'three pages, fetched side by side' },
};

const USAGE = 'Usage: npm run example <id> [arguments] | --all | --list';
const ROOT = fileURLToPath(new URL('..', import.meta.url));

function* program(choice = '', ...args: string[]): Green<number> {
  if (choice === '--list') return list();
  if (choice === '--all') return yield* runAll();
  const example = EXAMPLES[choice.toUpperCase()];
  if (example !== undefined) return yield* run(example.file, args);
  console.error(`${choice === '' ? '' : `There is no example ${choice}.\n`}${USAGE}`);
  return 2;
}

function list(): number {
  for (const [id, { title }] of Object.entries(EXAMPLES)) console.log(`${id.padEnd(5)}${title}`);
  return 0;
}

/** One after the other; gives how many failed. */
function* runAll(): Green<number> {
  let failed = 0;
  for (const [id, { file, title }] of Object.entries(EXAMPLES)) {
    console.log(`== ${id}: ${title}`);
    if ((yield* run(file)) !== 0) failed++;
    console.log();
  }
  if (failed > 0) console.error(`${failed} of the examples failed`);
  return failed;
}

/** Runs a file in a process of its own; gives the exit code. Interrupted, the process is ended. */
function run(file: string, args: string[] = []) {
  return suspend<number>(`example ${file}`, (waker) => {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const node = ['--import', import.meta.resolve('tsx'), path, ...args];
    const child = spawnProcess(process.execPath, node, { cwd: ROOT, stdio: 'inherit' });
    child.on('error', (error) => waker.reject(error));
    child.on('exit', (code) => waker.resolve(code ?? 1));
    return () => void child.kill();
  });
}

process.exitCode = await main(program, ...process.argv.slice(2));
