/** A worker thread a task. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { run } from './by-promises.mjs';
import { count, cpuTime, job, parts, port, sumUp, tell } from './result.mjs';

if (isMainThread) await measure();
else {
  parentPort.once('message', async () => {
    parentPort.postMessage(await run(...workerData));
  });
  parentPort.postMessage('there');
}

async function measure() {
  const resident = process.memoryUsage().rss;
  const cpu = cpuTime();
  const begun = performance.now();
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL(import.meta.url), { workerData: [job, parts, port] }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const startUp = performance.now() - begun;
  const memory = (process.memoryUsage().rss - resident) / count;
  const started = performance.now();
  const outcomes = await Promise.all(
    workers.map(async (worker) => {
      worker.postMessage('go');
      // Both may come at once.
      const [[outcome]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
      return outcome;
    }),
  );
  const wall = performance.now() - started;
  tell({ startUp, wall, cpu: cpuTime() - cpu, memory, outcome: sumUp(outcomes) });
}
