/** What runs in a worker of a pool: jobs, one after the other, as they come. */
import { Call } from '../../runtime/call.js';
import { Greenlet } from '../../runtime/scheduled-greenlet.js';
import type { Green } from '../../runtime/types.js';
import type { Channel } from './channel.js';
import { type Packed, pack, unpack, unpackAll } from './codec.js';
import { packFailure } from './failure.js';
import { type AnyFunction, Ref, resolveRef } from './references.js';

/** One call; or a call for each of a chunk of items, which are lists of arguments for 'star'; 'each' gives the outcome of every item. */
export type JobKind = 'call' | 'map' | 'star' | 'each';

export interface JobMessage {
  readonly id: number;
  readonly kind: JobKind;
  readonly fn: { readonly url: string; readonly name: string; readonly text: string };
  readonly args: Packed;
}

type Fn = (...args: unknown[]) => unknown;

const SLICE = 5;
const functions = new Map<string, AnyFunction>();
let sendReport: ((value: unknown) => void) | null = null;

/**
 * Inside of a job: has `onProgress(value)` called where the job was asked for. Never switches. Does nothing elsewhere. Errors: `DataCloneError`.
 */
export function report(value: unknown): void {
  sendReport?.(value);
}

/** Runs the jobs that come by `channel`. */
export function runJobs(channel: Channel): void {
  new Runner(channel).begin();
}

class Runner {
  readonly #channel: Channel;
  readonly #queue: JobMessage[] = [];
  readonly #dropped = new Set<number>();
  #busy = false;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  begin(): void {
    this.#channel.on<JobMessage>('job', (job) => {
      this.#queue.push(job);
      if (!this.#busy) this.#next();
    });
    this.#channel.on<number>('drop', (id) => this.#dropped.add(id));
    this.#channel.send('ready', null);
  }

  #next(): void {
    const since = performance.now();
    this.#busy = false;
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      if (this.#dropped.delete(job.id)) this.#answer(job.id, { dropped: true });
      else {
        const begun = this.#runNow(job);
        if (begun !== 'done') {
          this.#busy = true;
          if (begun === 'unknown') void this.#runLater(job);
          return;
        }
      }
      if (performance.now() - since > SLICE && this.#queue.length > 0) {
        // What was said meanwhile is heard.
        this.#busy = true;
        setImmediate(() => this.#next());
        return;
      }
    }
  }

  #answer(id: number, outcome: object): void {
    sendReport = null;
    this.#channel.send('result', { id, ...outcome });
    // At once: what follows may take long, or end the process.
    this.#channel.flush();
  }

  #succeed(id: number, value: unknown): void {
    try {
      this.#answer(id, { value: pack(value, 'the result') });
    } catch (error) {
      this.#answer(id, { failure: packFailure(error) });
    }
  }

  #listen(id: number): void {
    sendReport = (value) => {
      this.#channel.send('progress', { id, value: pack(value, 'value') });
      this.#channel.flush();
    };
  }

  /** A plain call of a known function needs no greenlet; what blocks goes on in one, which begins the next job. */
  #runNow({ id, kind, fn, args }: JobMessage): 'done' | 'unknown' | 'parked' {
    const known = functions.get(`${fn.url} ${fn.name}`) as Fn | undefined;
    if (known === undefined || kind !== 'call' || args.marked) return 'unknown';
    let result: unknown;
    this.#listen(id);
    try {
      result = known(...(unpack(args) as unknown[]));
    } catch (error) {
      this.#answer(id, { failure: packFailure(error) });
      return 'done';
    }
    if (typeof result === 'object' && result !== null && isWork(result)) {
      this.#spawn(id, () => result);
      return 'parked';
    }
    this.#succeed(id, result);
    return 'done';
  }

  async #runLater(job: JobMessage): Promise<void> {
    const { id, kind, fn } = job;
    try {
      const key = `${fn.url} ${fn.name}`;
      const known = functions.get(key) ?? (await resolveRef(new Ref(fn.url, fn.name, fn.text)));
      functions.set(key, known);
      const args = (await unpackAll(job.args)) as unknown[];
      this.#listen(id);
      if (kind === 'call') this.#spawn(id, () => (known as Fn)(...args));
      else this.#spawn(id, () => chunk(known as Fn, args, kind));
    } catch (error) {
      this.#answer(id, { failure: packFailure(error) });
      this.#next();
    }
  }

  #spawn(id: number, body: () => unknown): void {
    const run = new Greenlet(body);
    run.name = `job ${id}`;
    run.rawlink(() => {
      if (run.successful()) this.#succeed(id, run.value);
      else this.#answer(id, { failure: packFailure(run.error) });
      this.#next();
    });
    run.start();
  }
}

function isWork(value: object): boolean {
  return 'then' in value || ('next' in value && 'throw' in value) || '_start' in value;
}

function* chunk(fn: Fn, items: readonly unknown[], kind: JobKind): Green<unknown[]> {
  const results: unknown[] = [];
  for (const item of items) {
    try {
      const value = kind === 'star' ? fn(...(item as unknown[])) : fn(item);
      const result =
        typeof value === 'object' && value !== null && isWork(value)
          ? yield* new Call(() => value, [])
          : value;
      results.push(kind === 'each' ? { value: result } : result);
    } catch (error) {
      if (kind !== 'each') throw error;
      results.push({ failure: packFailure(error) });
    }
  }
  return results;
}

/** The service of a pool of threads. */
export function serve(channel: Channel): void {
  runJobs(channel);
}
