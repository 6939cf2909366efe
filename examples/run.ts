/** Runs the examples: `npm run example T12` one of them, `--all` all, `--all T` those of threads, `--list` tells what there is. */
import { type ChildProcess, type StdioOptions, spawn as spawnProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Green, green, Pool, suspend } from 'greenlets';
import { EXAMPLES, type Example } from './seeds/index.js';

const USAGE = 'Usage: npm run example <id> [arguments] | --all [how the ids begin] | --list';
const ROOT = fileURLToPath(new URL('..', import.meta.url));

function* program(choice = '', ...args: string[]): Green<number> {
  if (choice === '--list') return list();
  if (choice === '--all') return yield* runAll(args[0]?.toUpperCase());
  const example = EXAMPLES[choice.toUpperCase()];
  if (example !== undefined) return yield* run(example.file, args, 'inherit');
  console.error(`${choice === '' ? '' : `There is no example ${choice}.\n`}${USAGE}`);
  return 2;
}

function list(): number {
  for (const [id, { title }] of Object.entries(EXAMPLES)) console.log(`${id.padEnd(5)}${title}`);
  return 0;
}

/** The examples that share a file, which is run once; only those whose ids begin so. */
function byFile(beginning: string): (Example & { readonly id: string })[][] {
  const files = new Map<string, (Example & { readonly id: string })[]>();
  for (const [id, example] of Object.entries(EXAMPLES)) {
    if (!id.startsWith(beginning)) continue;
    const sharing = files.get(example.file) ?? [];
    sharing.push({ ...example, id });
    files.set(example.file, sharing);
  }
  return [...files.values()];
}

/** Some at a time, printed one after the other; gives how many failed. */
function* runAll(beginning = ''): Green<number> {
  const files = byFile(beginning);
  if (files.length === 0) {
    console.error(`There is no example whose id begins with ${beginning}.\n${USAGE}`);
    return 2;
  }
  const outcomes = new Pool(availableParallelism()).imap(([example]) => runKept(example as Example), files);
  let failed = 0;
  for (const examples of files) {
    yield* outcomes.more();
    const { code, output } = outcomes.value;
    for (const { id, title } of examples) console.log(`== ${id}: ${title}`);
    console.log(output);
    if (code !== (examples[0]?.code ?? 0)) failed++;
  }
  if (failed > 0) console.error(`${failed} of the examples failed`);
  return failed;
}

/** Runs one that nobody types into, and keeps what it prints. */
function* runKept({ file, typed = '' }: Example): Green<{ code: number; output: string }> {
  let output = '';
  const keep = (text: string) => {
    output += text;
  };
  const code = yield* run(file, [], 'pipe', (child) => {
    child.stdin?.on('error', () => {}); // it has ended without reading
    child.stdin?.end(typed);
    child.stdout?.setEncoding('utf8').on('data', keep);
    child.stderr?.setEncoding('utf8').on('data', keep);
  });
  return { code, output };
}

/** Runs a file in a process of its own; gives the exit code. Interrupted, the process is ended. */
function run(file: string, args: string[], stdio: StdioOptions, begin = (_child: ChildProcess) => {}) {
  return suspend<number>(`example ${file}`, (waker) => {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const node = ['--import', import.meta.resolve('tsx'), path, ...args];
    const child = spawnProcess(process.execPath, node, { cwd: ROOT, stdio });
    running.add(child);
    begin(child);
    child.on('error', (error) => waker.reject(error));
    child.on('close', (code) => {
      running.delete(child);
      waker.resolve(code ?? 1);
    });
    return () => void child.kill();
  });
}

const running = new Set<ChildProcess>();

// Ctrl-C reaches what runs, too: it ends in its own way, and this waits for it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    for (const child of running) child.kill(signal);
  });
}

process.exitCode = await green(program)(...process.argv.slice(2));
