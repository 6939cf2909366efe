/** Runs a file of examples/ that goes on until it is interrupted, and waits for what it prints. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Program {
  /** The first line on stdout that matches, come or to come. */
  line(pattern: RegExp): Promise<RegExpMatchArray>;
  interrupt(): void;
  readonly end: Promise<{ readonly code: number | null }>;
}

export function startProgram(file: string, ...args: string[]): Program {
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], { cwd: ROOT });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  let errors = '';
  const waiting = new Set<() => void>();
  const notify = () => {
    for (const look of waiting) look();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    notify();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const end = new Promise<{ code: number | null }>((resolve) =>
    child.on('close', (code) => {
      resolve({ code });
      notify();
    }),
  );
  return {
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = output
            .split('\n')
            .map((line) => line.match(pattern))
            .find(Boolean);
          if (match) resolve(match);
          else if (child.exitCode !== null) reject(new Error(`${file} has ended: ${output}${errors}`));
          else return;
          waiting.delete(look);
        };
        waiting.add(look);
        look();
      }),
    interrupt: () => void child.kill('SIGINT'),
    end,
  };
}
