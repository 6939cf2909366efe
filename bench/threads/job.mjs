/**
 * What a task does, whatever it runs in. There are three jobs:
 *
 *      io      asks a server, which lets it wait, ASKS times
 *      cpu     its share of a computation: all tasks of a run together do TOTAL parts of it
 *      mixed   asks, computes its share, asks again
 *
 * `tasks.py` does the same.
 */
export const ASKS = 2;
/** ms that the server lets everyone wait. */
export const WAIT = 50;
export const TOTAL = 100_000;
const N = 14;
/** What a part comes to. */
export const PART = 377;

export const JOBS = ['io', 'cpu', 'mixed'];

function fib(n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

/** Does `count` parts of the computation; gives their sum. */
export function compute(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += fib(N);
  return sum;
}

/** What all tasks of a run must have come to: the sum of what they have computed, and how many answers they have got. */
export function expected(job, count) {
  return { sum: job === 'io' ? 0 : TOTAL * PART, answers: job === 'cpu' ? 0 : ASKS * count };
}
