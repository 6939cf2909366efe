/** Servers that no one here wrote, for the tests of `greenlets/monkey`: on a free port, in a temporary folder, until the test file ends. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export interface Server {
  readonly port: number;
  stop(): Promise<void>;
}

/** A program by its name, in the folders where Debian puts it. Errors: with the command that installs it. */
function find(program: string, debian: string): string {
  const versions = '/usr/lib/postgresql';
  const folders = [
    ...(existsSync(versions) ? readdirSync(versions).map((version) => `${versions}/${version}/bin`) : []),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  const found = folders.map((folder) => join(folder, program)).find((file) => existsSync(file));
  if (found === undefined) {
    throw new Error(`${program} is not installed: apt-get update && apt-get install -y ${debian}`);
  }
  return found;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

/** Until the server says that it is ready. Errors: it has ended, with what it said. */
function accepting(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (text: string) => {
      said += text;
      if (/ready to accept connections/i.test(said)) resolve();
    };
    for (const output of [child.stdout, child.stderr]) output?.setEncoding('utf8').on('data', hear);
    child.once('error', reject);
    child.once('close', () => reject(new Error(`the server has ended: ${said}`)));
  });
}

/**
 * Starts a server on a port that is free; on another one when somebody was quicker to take it. `signal` is the one that ends it, and
 * it does not outlive the process of the tests.
 */
async function start(
  make: (port: number) => ChildProcess,
  folder: string,
  signal: NodeJS.Signals,
): Promise<Server> {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    const child = make(port);
    const closed = new Promise((resolve) => child.once('close', resolve));
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    try {
      await accepting(child);
    } catch (error) {
      process.off('exit', kill);
      if (tries === 5 || !/in use/i.test(String(error))) throw error;
      continue;
    }
    return {
      port,
      async stop() {
        child.kill(signal);
        await closed;
        process.off('exit', kill);
        rmSync(folder, { recursive: true, force: true });
      },
    };
  }
}

export function startRedis(): Promise<Server> {
  const program = find('redis-server', 'redis-server');
  const folder = mkdtempSync(join(tmpdir(), 'greenlets-redis-'));
  const settings = { bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  return start((port) => spawn(program, ['--port', `${port}`, ...args]), folder, 'SIGKILL');
}

export function startPostgres(): Promise<Server> {
  const initdb = find('initdb', 'postgresql');
  const program = find('postgres', 'postgresql');
  const folder = mkdtempSync(join(tmpdir(), 'greenlets-postgres-'));
  // It refuses to run as root.
  const user: { uid?: number; gid?: number } = process.getuid?.() === 0 ? ids('postgres') : {};
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid as number);
  const data = join(folder, 'data');
  const flags = ['-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'];
  execFileSync(initdb, ['-D', data, ...flags], { ...user, cwd: folder, stdio: 'pipe' });
  const settings = ['-h', '127.0.0.1', '-k', folder, '-F', '-c', 'max_connections=50'];
  const make = (port: number) =>
    spawn(program, ['-D', data, '-p', `${port}`, ...settings], { ...user, cwd: folder });
  // It waits for its clients to leave: SIGINT would have it throw them out, and they would be told.
  return start(make, folder, 'SIGTERM');
}

function ids(name: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
