/**
 * Pools of two workers, each as its users write it. `begin` makes it: `run(name, items)` gives the values of the job `name` for all
 * items, which are all asked for at once; `follow` asks for each when it has the one before.
 */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Pool, ref, ThreadPool } from '../fixtures/greenlets-workers.mjs';
import { spawn } from '../greenlets.mjs';

export const SIZE = 2;
const FILE = new URL('../fixtures/jobs.mjs', import.meta.url).href;

/** Jobs of this package are references. */
export const job = (name) => ref(FILE, name);

/** A pool of greenlets/threading or greenlets/multiprocessing: all results are asked for, then waited for, in one greenlet. */
function* asking(pool, fn, items) {
  const results = items.map((item) => pool.applyAsync(fn, [item]));
  const values = [];
  for (const result of results) values.push(yield* result.get());
  return values;
}

/** One after the other. */
function* following(pool, fn, items) {
  const values = [];
  for (const item of items) values.push(yield* pool.apply(fn, [item]));
  return values;
}

function ours(pool) {
  const jobs = new Map();
  const get = (name) => {
    if (!jobs.has(name)) jobs.set(name, job(name));
    return jobs.get(name);
  };
  return {
    pool,
    run: (name, items) => spawn(asking, pool, get(name), items).get().promise(),
    follow: (name, items) => spawn(following, pool, get(name), items).get().promise(),
  };
}

/** One after the other. */
async function followed(ask, items) {
  const values = [];
  for (const item of items) values.push(await ask(item));
  return values;
}

function theirs(pool) {
  return {
    pool,
    run: (name, items) => Promise.all(items.map((item) => pool.run(item, { name }))),
    follow: (name, items) => followed((item) => pool.run(item, { name }), items),
  };
}

const FEW = Array.from({ length: 2000 }, (_, i) => i);

/** The pool when its workers have started, which may take longer than all that is measured. */
async function started(pool) {
  await pool.run('same', FEW);
  return pool;
}

const THREADS = { filename: FILE, minThreads: SIZE, maxThreads: SIZE };

export const POOLS = {
  threads: {
    label: 'greenlets: `ThreadPool`',
    family: 'greenlets',
    begin: () => started(ours(new ThreadPool(SIZE))),
  },
  processes: { label: 'greenlets: `Pool`, processes', begin: () => started(ours(new Pool(SIZE))) },
  raw: {
    label: 'worker threads by hand: a message a job',
    family: 'Node, callbacks',
    begin: () => started(new ByHand(1)),
  },
  piscina: {
    label: 'piscina',
    family: 'piscina',
    peer: 'piscina',
    begin: ({ Piscina }) => started(theirs(new Piscina(THREADS))),
  },
  /** With several tasks on their way to a worker, which is meant for tasks that wait. */
  busyPiscina: {
    label: 'piscina, `concurrentTasksPerWorker: 16`',
    peer: 'piscina',
    begin: ({ Piscina }) => started(theirs(new Piscina({ ...THREADS, concurrentTasksPerWorker: 16 }))),
  },
  tinypool: {
    label: 'tinypool',
    family: 'tinypool',
    peer: 'tinypool',
    begin: ({ Tinypool }) => started(theirs(new Tinypool(THREADS))),
  },
  tinypoolProcesses: {
    label: 'tinypool, processes',
    peer: 'tinypool',
    begin: ({ Tinypool }) => started(theirs(new Tinypool({ ...THREADS, runtime: 'child_process' }))),
  },
};

/** By hand, with so many jobs on their way. */
export const pipelined = (ahead) => ({
  label: `worker threads by hand: ${ahead} jobs ahead, in batches`,
  begin: () => started(new ByHand(ahead)),
});

/**
 * Worker threads by hand: up to `ahead` jobs are on their way to each, in as few messages as there can be. 1: a message a job, the next when
 * the last is done.
 */
class ByHand {
  #workers = [];
  #ahead;
  #queue = [];
  /** Where the next job is in it. */
  #at = 0;
  #next = 0;
  #waiting = new Map();
  #isDue = false;

  constructor(ahead) {
    this.#ahead = ahead;
  }

  async run(name, items) {
    if (this.#workers.length === 0) await this.#start();
    return await Promise.all(items.map((item) => this.#ask(name, item)));
  }

  async follow(name, items) {
    if (this.#workers.length === 0) await this.#start();
    return await followed((item) => this.#ask(name, item), items);
  }

  async #start() {
    for (let i = 0; i < SIZE; i++) {
      const worker = new Worker(fileURLToPath(new URL('../fixtures/raw-worker.mjs', import.meta.url)));
      const state = { worker, count: 0 };
      worker.on('message', (message) => this.#answered(state, message));
      this.#workers.push(state);
    }
    await Promise.all(this.#workers.map(({ worker }) => once(worker, 'online')));
  }

  #ask(name, item) {
    return new Promise((resolve) => {
      const id = this.#next++;
      this.#waiting.set(id, resolve);
      this.#queue.push([id, name, item]);
      if (this.#isDue) return;
      this.#isDue = true;
      queueMicrotask(() => {
        this.#isDue = false;
        for (const state of this.#workers) this.#give(state);
      });
    });
  }

  #give(state) {
    // A worker with nothing to do does not hold the process.
    if (this.#queue.length === this.#at && state.count === 0) state.worker.unref();
    if (this.#queue.length === this.#at || state.count > this.#ahead / 2) return;
    const jobs = this.#queue.slice(this.#at, this.#at + this.#ahead - state.count);
    this.#at += jobs.length;
    if (this.#at === this.#queue.length) {
      this.#queue = [];
      this.#at = 0;
    }
    state.count += jobs.length;
    state.worker.ref();
    state.worker.postMessage(this.#ahead === 1 ? jobs[0] : jobs);
  }

  #answered(state, message) {
    const answers = typeof message[0] === 'number' ? [message] : message;
    for (const [id, value] of answers) {
      this.#waiting.get(id)(value);
      this.#waiting.delete(id);
    }
    state.count -= answers.length;
    this.#give(state);
  }
}
