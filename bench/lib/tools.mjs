/**
 * What is not of Node: the programs of others/, in Go and Python. Each runs one workload (`PROGRAM WORKLOAD [ARGUMENT …]`), checks its
 * own result, and prints its figure as JSON; or, as a server, prints its port and serves until its standard input ends.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** A program that takes longer than this many ms hangs. */
const LONGEST = 300_000;

/** Whichever of them has gevent, or else is there at all; a python that is first in PATH need not be the system's. */
const PYTHONS = ['/usr/bin/python3', 'python3', '/usr/local/bin/python3'];
const VERSIONS =
  'import sys, gevent, greenlet; print(sys.version.split()[0], gevent.__version__, greenlet.__version__)';

/** The commands by the name of the tool: of the parent, which looks for them, or as it told us. */
let tools = {};

export function setTools(found) {
  tools = found;
}

/** Looks for them, and builds what is to be built: { tools: { go: [command …], … }, versions: { Go: '1.19', … } }. */
export async function findTools() {
  const found = { tools: {}, versions: {} };
  await findGo(found);
  await findPython(found);
  setTools(found.tools);
  return found;
}

async function findGo({ tools, versions }) {
  const output = await firstLine('go', ['version']);
  if (output === undefined) return;
  const binary = here('../../.cache/bench/others');
  mkdirSync(here('../../.cache/bench'), { recursive: true });
  await run('go', ['build', '-o', binary, '.'], { cwd: here('../others/go') });
  tools.go = [binary];
  versions.Go = output.split(' ')[2].replace(/^go/, '');
}

async function findPython({ tools, versions }) {
  for (const python of PYTHONS) {
    const output = await firstLine(python, ['-c', VERSIONS]);
    if (output === undefined) continue;
    [versions.Python, versions.gevent, versions.greenlet] = output.split(' ');
    tools.gevent = [python, '-B', here('../others/gevent_bench.py')];
    tools.python = [python, '-B', here('../others/threads_bench.py')];
    return;
  }
  for (const python of PYTHONS) {
    const output = await firstLine(python, ['--version']);
    if (output === undefined) continue;
    versions.Python = output.split(' ')[1];
    tools.python = [python, '-B', here('../others/threads_bench.py')];
    return;
  }
}

async function firstLine(command, args) {
  try {
    return (await run(command, args)).stdout.split('\n')[0];
  } catch {
    return undefined;
  }
}

/** How a program is called: the command and what comes before the name of the workload. */
export const commandOf = (tool) => tools[tool];

/** Runs one workload of a tool; gives what it prints. */
export async function program(tool, ...args) {
  const [command, ...first] = tools[tool];
  const { stdout } = await run(command, [...first, ...args.map(String)], { timeout: LONGEST });
  return JSON.parse(stdout);
}

/** A contestant that is a workload of a program; `figure` is which of those that it prints. */
export function programRow({ tool, args, unit = 'ns', figure = unit, ...row }) {
  return { tool, unit, grows: false, take: async () => (await program(tool, ...args))[figure], ...row };
}

/** Starts a server of a tool: { port, stop() }. */
export async function server(tool, ...args) {
  const [command, ...first] = tools[tool];
  const child = spawn(command, [...first, ...args.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = new Promise((resolve) => child.once('close', resolve));
  const port = await new Promise((resolve, reject) => {
    child.stdout.once('data', (chunk) => resolve(Number(String(chunk))));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${tool} ${args.join(' ')}: exit code ${code}`)));
  });
  return {
    port,
    stop() {
      child.stdin.end();
      return closed;
    },
  };
}
