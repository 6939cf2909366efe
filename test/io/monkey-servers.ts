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
    child.once('exit', () => reject(new Error(`the server has ended: ${said}`)));
  });
}

function server(child: ChildProcess, port: number, folder: string, signal: NodeJS.Signals): Server {
  return {
    port,
    stop: () =>
      new Promise((resolve) => {
        child.once('close', () => {
          rmSync(folder, { recursive: true, force: true });
          resolve();
        });
        child.kill(signal);
      }),
  };
}

export async function startRedis(): Promise<Server> {
  const program = find('redis-server', 'redis-server');
  const folder = mkdtempSync(join(tmpdir(), 'greenlets-redis-'));
  const port = await freePort();
  const settings = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no' };
  const child = spawn(
    program,
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
  );
  await accepting(child);
  return server(child, port, folder, 'SIGKILL');
}

export async function startPostgres(): Promise<Server> {
  const initdb = find('initdb', 'postgresql');
  const program = find('postgres', 'postgresql');
  const folder = mkdtempSync(join(tmpdir(), 'greenlets-postgres-'));
  // It refuses to run as root.
  const user: { uid?: number; gid?: number } = process.getuid?.() === 0 ? ids('postgres') : {};
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid as number);
  const data = join(folder, 'data');
  execFileSync(
    initdb,
    ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
    {
      ...user,
      cwd: folder,
      stdio: 'pipe',
    },
  );
  const port = await freePort();
  const args = [
    '-D',
    data,
    '-p',
    `${port}`,
    '-h',
    '127.0.0.1',
    '-k',
    folder,
    '-F',
    '-c',
    'max_connections=50',
  ];
  const child = spawn(program, args, { ...user, cwd: folder });
  await accepting(child);
  return server(child, port, folder, 'SIGINT');
}

function ids(name: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
