import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../../support/run-program.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

interface Program {
  readonly child: ChildProcess;
  /** Waits until it has printed a line that begins so; gives the line. */
  line(start: string): Promise<string>;
  readonly end: Promise<number | null>;
}

function start(...args: string[]): Program {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/process/mp-network.ts', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  let look = () => {};
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    look();
  });
  return {
    child,
    line: (start) =>
      new Promise((resolve) => {
        look = () => {
          const found = text.split('\n').find((each) => each.startsWith(start));
          if (found !== undefined && text.includes(`${found}\n`)) resolve(found);
        };
        look();
      }),
    end: once(child, 'close').then(([code]) => code as number | null),
  };
}

describe('over the network', () => {
  it.each(['client', 'child', 'kills'])(
    'nobody hangs when one is killed with what it uses (%s)',
    async (who) => {
      const { out, err, code } = await runProgram('mp-network', ['crash', who]);
      const dead = who === 'kills' ? 'Process-1 \\(exit code -9\\)' : 'the client at HERE';
      expect(out).toEqual([
        'Lock true',
        'RLock true',
        'Semaphore true',
        'BoundedSemaphore true',
        'Condition true',
        'Value true',
        'Condition.wait true',
        'Queue.put 1',
        'Queue.get undefined',
        expect.stringMatching(`^Barrier BrokenBarrierError: X was broken: ${dead}, which waited, has died`),
        expect.stringMatching(
          `^JoinableQueue.join ProcessError: ${dead} has died with 1 of the tasks that it had got not done$`,
        ),
        'first true mine',
      ]);
      expect([err, code]).toEqual(['', 0]);
    },
  );

  it.each(['process', 'worker'])('clients, and their children, lose no update (%s)', async (method) => {
    const { out, err } = await runProgram('mp-network', ['counts', method]);
    expect(out).toEqual(['code 0', 'code 0', '50 50']);
    expect(err).toBe('');
  });

  it('a call in whose middle the server is killed fails with an error that says so', async () => {
    const server = start('serves');
    const port = (await server.line('port')).slice(5);
    const client = start('waits', port);
    await client.line('waits');
    server.child.kill('SIGKILL');
    expect(await client.line('EOF')).toBe('EOFError: the connection to the manager at HERE has ended');
    expect(await client.end).toBe(0);
  });

  it('a connection that nobody waits at does not hold the process, and loses nothing that was asked', async () => {
    const server = start('serves');
    const port = (await server.line('port')).slice(5);
    const client = start('ends', port);
    expect([await client.line('ends'), await client.end]).toEqual(['ends', 0]);
    const other = start('waits', port);
    expect(await other.line('of one')).toBe('of one that ends without a word');
  });
});
