/** What each of these programs measures: PROGRAM JOB COUNT PORT prints one line of JSON. */
import { deepStrictEqual } from 'node:assert';
import { expected, TOTAL } from './job.mjs';

export const [job, count, port] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
/** The share of a task. */
export const parts = TOTAL / count;

/** ms of CPU time that this process, with its threads, has used. */
export function cpuTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Prints the figures: `startUp` ms until all tasks were there and waited to be let go, `wall` ms from then until the last was done, `cpu` ms of
 * both together, `memory` bytes a task while they waited. `outcome`: of all tasks together.
 */
export function tell({ startUp, wall, cpu, memory, outcome }) {
  deepStrictEqual(outcome, expected(job, count), `${job} with ${count} tasks: wrong result`);
  process.stdout.write(`${JSON.stringify({ startUp, wall, cpu, memory })}\n`);
}

export function sumUp(outcomes) {
  const outcome = { sum: 0, answers: 0 };
  for (const { sum, answers } of outcomes) {
    outcome.sum += sum;
    outcome.answers += answers;
  }
  return outcome;
}
