/**
 * Recording who ran when. A greenlet is a row: a slice for each time it ran, and between them one for each wait, named by the
 * operation. Written as Chrome trace events, which chrome://tracing and Perfetto show, and as a page of its own.
 */
import { checkCount, checkOptions } from '../runtime/check.js';
import { GreenletError } from '../runtime/errors.js';
import type { greenlet } from '../runtime/greenlet.js';
import { host } from '../runtime/host.js';
import { hub } from '../runtime/hub.js';
import { listen } from '../runtime/life-hooks.js';
import { describeWait } from '../runtime/operation.js';
import { watchSwitches } from '../runtime/settrace.js';
import { DEAD } from '../runtime/waiter.js';
import { timelineOf } from './timeline.js';
import type { TraceEvent } from './trace-event.js';

export interface Trace {
  readonly traceEvents: readonly TraceEvent[];
  /** How many events came after `limit` was reached, and were not kept. */
  readonly dropped: number;
  /** What `JSON.stringify` writes: a file for chrome://tracing or Perfetto. */
  toJSON(): { traceEvents: readonly TraceEvent[]; displayTimeUnit: 'ms' };
  /** A page that shows the timeline, and needs nothing else. */
  toHTML(): string;
}

export interface TraceOptions {
  /** How many events are kept, the first ones. Default 500,000. */
  readonly limit?: number | undefined;
}

/** Where the row of a greenlet goes on: the time in µs, and what it has waited in since; null: it runs, undefined: it has not run yet. */
interface Row {
  readonly since: number;
  readonly waits: string | null | undefined;
}

class Recording {
  readonly #events: TraceEvent[] = [];
  readonly #limit: number;
  readonly #begun = host.performance.now();
  readonly #rows = new Map<greenlet, Row>();
  #dropped = 0;
  readonly #unwatch: (() => void)[];

  constructor(limit: number) {
    this.#limit = limit;
    this.#unwatch = [
      watchSwitches((_event, origin, target) => this.#switched(origin, target)),
      listen({
        starting: (started) => this.#note(started, 'spawn'),
        killed: (killed) => this.#note(killed, 'kill'),
        ended: (ended, failed) => this.#note(ended, failed ? 'error' : 'end'),
      }),
    ];
  }

  stop(): Trace {
    for (const unwatch of this.#unwatch) unwatch();
    const now = this.#now();
    for (const [each, { since, waits }] of this.#rows) {
      if (waits !== undefined) this.#slice(each, since, now, waits);
    }
    const traceEvents = Object.freeze(this.#events);
    const toJSON = () => ({ traceEvents, displayTimeUnit: 'ms' as const });
    return { traceEvents, dropped: this.#dropped, toJSON, toHTML: () => timelineOf(traceEvents) };
  }

  #now(): number {
    return Math.round((host.performance.now() - this.#begun) * 1000);
  }

  #switched(origin: greenlet, target: greenlet): void {
    const now = this.#now();
    if (origin !== hub) {
      this.#slice(origin, this.#rowOf(origin, 0).since, now, null);
      if (origin._mode === DEAD) this.#rows.delete(origin);
      else this.#rows.set(origin, { since: now, waits: describeWait(origin) });
    }
    if (target !== hub) {
      const { since, waits } = this.#rowOf(target, now);
      if (typeof waits === 'string') this.#slice(target, since, now, waits);
      this.#rows.set(target, { since: now, waits: null });
    }
  }

  #rowOf(each: greenlet, now: number): Row {
    let row = this.#rows.get(each);
    if (row === undefined) {
      row = { since: now, waits: undefined };
      this.#rows.set(each, row);
      const { name, ident: tid } = each;
      this.#add({ name: 'thread_name', cat: '__metadata', ph: 'M', ts: 0, pid: 1, tid, args: { name } });
    }
    return row;
  }

  #slice(each: greenlet, since: number, now: number, waits: string | null): void {
    const cat = waits === null ? 'run' : 'wait';
    this.#add({
      name: waits ?? each.name,
      cat,
      ph: 'X',
      ts: since,
      dur: now - since,
      pid: 1,
      tid: each.ident,
    });
  }

  #note(each: greenlet, name: string): void {
    const now = this.#now();
    this.#rowOf(each, now);
    this.#add({ name, cat: 'life', ph: 'i', ts: now, pid: 1, tid: each.ident, s: 't' });
  }

  #add(event: TraceEvent): void {
    if (this.#events.length < this.#limit) this.#events.push(event);
    else this.#dropped++;
  }
}

let recording: Recording | null = null;

/**
 * Records every switch from `start()` to `stop()`, which gives the trace. Neither switches. While it records, each switch costs a look
 * at the clock and an event. Errors: `GreenletError` when it is started twice, or stopped without a start; `RangeError` / `TypeError`.
 *
 * @example
 * trace.start();
 * await main(program);
 * writeFileSync('trace.html', trace.stop().toHTML());
 */
export const trace = {
  start(options: TraceOptions = {}): void {
    checkOptions(options, 'trace.start', '{ limit: 100_000 }');
    const { limit = 500_000 } = options;
    checkCount(limit, 'limit');
    if (recording !== null)
      throw new GreenletError('trace.start(): a trace is being recorded already; stop() it first');
    recording = new Recording(limit);
  },

  stop(): Trace {
    if (recording === null)
      throw new GreenletError('trace.stop(): no trace is being recorded; start() one first');
    const stopped = recording;
    recording = null;
    return stopped.stop();
  },
};
