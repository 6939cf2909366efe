/** Debug mode: operations that a greenlet built and never ran are told, with the place where they were built. */
import { engine } from './engine.js';
import { Fiber } from './fiber.js';
import type { greenlet } from './greenlet.js';
import { withStackLimit } from './host.js';
import { hooks as hubHooks, warn } from './hub.js';
import { listen } from './life-hooks.js';
import { describe, type Operation, watchRuns } from './operation.js';
import { formatFrame, parseStack } from './place.js';
import { doors } from './resume.js';
import type { Blocking } from './waiter.js';

interface Note {
  readonly by: Fiber;
  readonly place: Error;
  readonly operation: WeakRef<object>;
  ran: boolean;
}

const notes = new WeakMap<object, Note>();
const byGreenlet = new WeakMap<Fiber, Set<Note>>();

/** An operation that was dropped by a greenlet that lives on. */
const dropped = new FinalizationRegistry<Note>((note) => tell(note));

function tell(note: Note): void {
  if (note.ran) return;
  note.ran = true;
  const operation = note.operation.deref() as Operation<unknown> | undefined;
  if (operation?._isRequest) return;
  const frame = parseStack(note.place.stack ?? '')[0];
  warn({
    code: 'NEVER_RUN',
    message: `${operation === undefined ? 'an operation' : describe(operation)} was built in ${note.by} and never run: write yield* in front of it`,
    greenlet: note.by as unknown as greenlet,
    at: frame === undefined ? '' : formatFrame(frame),
    once: true,
  });
}

const watch = {
  built(operation: Blocking, by: object): void {
    if (!(by instanceof Fiber) || by === doors.main || by === doors.hub) return;
    const note: Note = {
      by,
      place: withStackLimit(16, () => new Error('built')),
      operation: new WeakRef(operation),
      ran: false,
    };
    notes.set(operation, note);
    dropped.register(operation, note);
    const all = byGreenlet.get(by) ?? new Set();
    all.add(note);
    byGreenlet.set(by, all);
  },
  ran(operation: Blocking): void {
    const note = notes.get(operation);
    if (note === undefined) return;
    note.ran = true;
    byGreenlet.get(note.by)?.delete(note);
  },
};

hubHooks.setDebug = (on) => {
  engine.watch = on ? watch : null;
  watchRuns(on);
  unlisten?.();
  unlisten = on ? listen({ ended: tellLeftOvers }) : null;
};

let unlisten: (() => void) | null = null;

function tellLeftOvers(ended: greenlet): void {
  for (const note of byGreenlet.get(ended) ?? []) tell(note);
}
