/**
 * Sees to it that no child process outlives this one, however this one ends.
 *
 * A child notices by itself that its parent has gone, as soon as it looks at its messages; one that is busy never looks. So a shell, which does
 * nothing else, is told the numbers of the children, and when its input ends, because this process is dead, it kills those that are left after a
 * second. It is one for all children, and is started with the first. Where there is no `sh`, children end as they notice.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import process from 'node:process';
import type { Writable } from 'node:stream';

/** A line for each child: `+ number` when it was started, `- number` when it has ended. */
const SCRIPT = `
all=
while read -r sign pid; do
  if [ "$sign" = + ]; then all="$all $pid "
  else all="\${all%%" $pid "*}\${all#*" $pid "}"
  fi
done
[ -z "$all" ] || { sleep 1; kill -9 $all; }
`;

let input: Writable | null = null;

function start(): Writable | null {
  let shell: ChildProcess;
  try {
    // In a group of its own: what is typed at a terminal does not reach it.
    shell = spawn('sh', ['-c', SCRIPT, 'greenlets-guardian'], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  } catch {
    return null;
  }
  shell.on('error', () => {});
  shell.unref();
  const { stdin } = shell;
  stdin?.on('error', () => {});
  (stdin as Socket | null)?.unref();
  return stdin;
}

/** `child` must not outlive this process. */
export function guard(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined || process.platform === 'win32') return;
  input ??= start();
  input?.write(`+ ${pid}\n`);
  child.on('exit', () => input?.write(`- ${pid}\n`));
}
