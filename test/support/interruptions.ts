/** The ways in which a wait is interrupted from outside. */
import { Event, type Greenlet, type Operation, select, sleep, spawn, until, withTimeout } from 'greenlets';

export interface Interruption {
  readonly name: string;
  /** Begins a run of the operation; gives what interrupts it, and waits until that is over. */
  begin(make: () => Operation<unknown>): () => Operation<unknown>;
}

/** The run has ended in `timedOut`, `killed`, …; an operation that went on by itself gives something else. */
const INTERRUPTED = Symbol('interrupted');

function interrupted(g: Greenlet<unknown>): Operation<unknown> {
  return until(async () => {
    const value = await g.get();
    if (value !== INTERRUPTED) throw new Error(`not interrupted, but ended with ${String(value)}`);
  });
}

export const interruptions: readonly Interruption[] = [
  {
    name: 'a kill',
    begin(make) {
      const g = spawn(make);
      return () => g.kill();
    },
  },
  {
    name: 'a timeout',
    begin(make) {
      const g = spawn(() => withTimeout(7, { timeoutValue: INTERRUPTED }, make()));
      return () => {
        void g.join();
        return interrupted(g);
      };
    },
  },
  {
    name: 'losing a select',
    begin(make) {
      const stop = new Event();
      const g = spawn(function* () {
        const { key } = yield* select({ made: make(), stop: stop.wait() });
        return key === 'stop' ? INTERRUPTED : key;
      });
      return () => {
        stop.set();
        return interrupted(g);
      };
    },
  },
  {
    name: 'an aborted signal',
    begin(make) {
      const controller = new AbortController();
      // In a promise job: outside of greenlets, and in the name of main.
      const run = Promise.resolve().then(() => make().promise({ signal: controller.signal }));
      const over = run.then(
        (value) => {
          throw new Error(`not interrupted, but ended with ${String(value)}`);
        },
        (error) => {
          if (error !== controller.signal.reason) throw error;
        },
      );
      over.catch(() => {});
      return () => {
        controller.abort();
        return until(over);
      };
    },
  },
];

/** So many passes through the ready list. */
export function* turns(count: number) {
  for (let i = 0; i < count; i++) yield* sleep(0);
}
