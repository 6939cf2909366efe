/** A child process a task. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from './by-promises.mjs';
import { count, cpuTime, job, parts, port, sumUp, tell } from './result.mjs';

if (process.send === undefined) await measure();
else {
  process.once('message', async () => {
    const outcome = await run(job, parts, port);
    process.send({ outcome, cpu: cpuTime() }, () => process.disconnect());
  });
  process.send('there');
}

/** Bytes of a process, what it shares with others being divided among them; null where the machine does not say. */
function proportional(pid) {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) * 1024;
  } catch {
    return null;
  }
}

async function measure() {
  const cpu = cpuTime();
  const begun = performance.now();
  const children = Array.from({ length: count }, () =>
    fork(fileURLToPath(import.meta.url), process.argv.slice(2)),
  );
  await Promise.all(children.map((child) => once(child, 'message')));
  const startUp = performance.now() - begun;
  const sizes = children.map(({ pid }) => proportional(pid));
  const memory = sizes.includes(null) ? null : sizes.reduce((sum, size) => sum + size, 0) / count;
  const started = performance.now();
  const answers = await Promise.all(
    children.map(async (child) => {
      child.send('go');
      const [[answer]] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
      return answer;
    }),
  );
  const wall = performance.now() - started;
  // From their births on.
  const theirs = answers.reduce((sum, answer) => sum + answer.cpu, 0);
  const outcome = sumUp(answers.map((answer) => answer.outcome));
  tell({ startUp, wall, cpu: cpuTime() - cpu + theirs, memory, outcome });
}
