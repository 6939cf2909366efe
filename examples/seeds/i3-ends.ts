// I3: the four ways in which a process ends, and how its exit code tells them apart.
import { type Green, main, sleep } from 'greenlets';
import { Event, isMainProcess, Process } from 'greenlets/multiprocessing';

/** 1. Normally, because it wants to: its work is done. */
export function normal(): void {}

/** 2. With an error, because it wants to: it cannot do what it was asked for, and says so. */
export function gives(code: number): void {
  process.exit(code);
}

/** 3. By a grave error, against its will: nobody has caught it. */
export function fails(): number {
  return (undefined as unknown as { field: number }).field;
}

/** The same, below JavaScript: memory that is not there. */
export function crashes(): void {
  process.kill(process.pid, 'SIGSEGV');
}

/** 4. By somebody else, against its will. */
export function* waits(begun: Event): Green<void> {
  yield* begun.set();
  yield* sleep(3_600_000);
}

function* endOf(process: Process): Green<number | null> {
  yield* process.join();
  return process.exitCode;
}

if (isMainProcess) {
  await main(function* () {
    const show = (how: string, code: number | null) => console.log(`${how}: exit code ${code}`);
    const ways: [string, Process][] = [
      ['normal', new Process({ target: normal })],
      ['an error that it tells of', new Process({ target: gives, args: [3] })],
      ['a grave error', new Process({ target: fails })],
      ['a graver one', new Process({ target: crashes })],
    ];
    for (const [, process] of ways) process.start();
    for (const [how, process] of ways) show(how, yield* endOf(process));
    for (const end of ['terminate', 'kill'] as const) {
      const begun = new Event();
      const process = new Process({ target: waits, args: [begun] });
      process.start();
      yield* begun.wait();
      process[end]();
      show(`${end}()`, yield* endOf(process));
    }
  });
}
