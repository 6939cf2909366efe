/**
 * A greenlet a task, all in one thread; with `pool` as fourth argument they compute in a ThreadPool. More than CONNECTIONS of them share
 * that many.
 */
import { net } from '../fixtures/greenlets-io.mjs';
import { ref, ThreadPool } from '../fixtures/greenlets-workers.mjs';
import { AsyncResult, Event, joinall, main, sleep, spawn } from '../greenlets.mjs';
import { ASKS, compute } from './job.mjs';
import { count, cpuTime, job, parts, port, sumUp, tell } from './result.mjs';

const CONNECTIONS = 100;
const pool = process.argv[5] === 'pool' ? new ThreadPool() : null;
const remote = ref(new URL('./job.mjs', import.meta.url), 'compute');

/** A connection that many ask over: each gets the answer that begins with its own number. */
class Line {
  #socket = null;
  #opening = null;
  #reader = null;
  #waiting = new Map();

  *ask(id, question) {
    const answer = new AsyncResult();
    this.#waiting.set(id, answer);
    yield* (this.#socket ?? (yield* this.#open())).write(`${id} ${question}\n`);
    return yield* answer.get();
  }

  *#open() {
    this.#opening ??= spawn(() => net.connect(port, '127.0.0.1'));
    const socket = yield* this.#opening.get();
    if (this.#socket === null) {
      this.#socket = socket;
      this.#reader = spawn(this.#read.bind(this));
    }
    return socket;
  }

  *#read() {
    const lines = this.#socket.lines();
    while (yield* lines.more()) {
      const [id, question] = lines.value.split(' ');
      this.#waiting.get(Number(id)).set(question);
      this.#waiting.delete(Number(id));
    }
  }

  close() {
    this.#reader?.kill();
    this.#socket?.close();
  }
}

const lines = Array.from({ length: Math.min(count, CONNECTIONS) }, () => new Line());
const go = new Event();
const allThere = new Event();
let there = 0;

function* task(index) {
  if (++there === count) allThere.set();
  yield* go.wait();
  if (job === 'cpu') return { sum: yield* computed(), answers: 0 };
  const line = lines[index % lines.length];
  let sum = 0;
  let answers = 0;
  for (let i = 0; i < ASKS; i++) {
    if ((yield* line.ask(index, `${i}`)) === `${i}`) answers++;
    if (job === 'mixed' && i === 0) sum = yield* computed();
  }
  return { sum, answers };
}

function* waiting() {
  const event = new Event();
  yield* event.wait({ timeout: 0 });
  yield* sleep(0);
}

function* computed() {
  return pool === null ? compute(parts) : yield* pool.apply(remote, [parts]);
}

/** Bytes of the heap, without garbage. */
function heap() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

await main(function* () {
  // What a program that lives longer than this has long since loaded: the runtime, and the threads of the pool.
  yield* joinall(Array.from({ length: 10 }, () => spawn(waiting)));
  if (pool !== null) yield* pool.map(remote, Array(pool.size * 4).fill(1));
  const before = heap();
  const cpu = cpuTime();
  const begun = performance.now();
  const tasks = Array.from({ length: count }, (_, index) => spawn(task, index));
  yield* allThere.wait();
  const startUp = performance.now() - begun;
  const cpuStart = cpuTime() - cpu;
  const memory = (heap() - before) / count;
  const cpuBefore = cpuTime();
  const started = performance.now();
  go.set();
  yield* joinall(tasks, { raiseError: true });
  const wall = performance.now() - started;
  const cpuRun = cpuTime() - cpuBefore;
  for (const line of lines) line.close();
  pool?.terminate();
  const outcome = sumUp(tasks.map(({ value }) => value));
  tell({ startUp, wall, cpu: cpuStart + cpuRun, memory, outcome });
});
