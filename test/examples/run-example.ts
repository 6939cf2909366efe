/** Runs a file of examples/ as a user does: in a process of its own, from the root of the project. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Example {
  readonly end: Promise<Outcome>;
  /** It has printed `text`, or has ended without. */
  printed(text: string): Promise<void>;
  interrupt(): void;
  /** What it has printed so far. */
  output(): string;
}

export function startExample(file: string, ...args: string[]): Example {
  return start(file, args, false);
}

/** The same, with its children in a group of its own, which `interrupt` reaches as a whole, as Ctrl-C does. */
export function startGroup(file: string, ...args: string[]): Example {
  return start(file, args, true);
}

function start(file: string, args: string[], isGroup: boolean): Example {
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], { cwd: ROOT, detached: isGroup });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const end = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return {
    end,
    printed: async (text) => {
      while (!stdout.includes(text) && child.exitCode === null) {
        await Promise.race([once(child.stdout, 'data'), end]);
      }
    },
    output: () => stdout,
    interrupt: () => void (isGroup ? process.kill(-(child.pid as number), 'SIGINT') : child.kill('SIGINT')),
  };
}

export function runExample(file: string, ...args: string[]): Promise<Outcome> {
  return startExample(file, ...args).end;
}
