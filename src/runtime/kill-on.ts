/** Kills that come from outside: an abort signal, or an event. */
import { checkSignal } from './check.js';
import type { Link } from './links.js';
import { onAbort } from './on-abort.js';
import type { Signal } from './types.js';

/** An `EventEmitter`, as far as it is used here. */
export interface Emitter {
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

interface Killable {
  _kill(exception: unknown): void;
  _link(link: Link): void;
  _unlink(link: Link): void;
}

function isEmitter(source: Signal | Emitter | null): source is Emitter {
  return typeof (source as Emitter | null)?.on === 'function';
}

/** Kills `greenlet` when `source` says so; disposing the result takes that back, and so does its end. */
export function killOn(greenlet: Killable, source: Signal | Emitter, event: string | undefined): Disposable {
  const onEvent = () => greenlet._kill(undefined);
  let off: () => void;
  // A request of the host's is an emitter that has a property `aborted`, too.
  if (typeof event === 'string' && isEmitter(source)) {
    source.on(event, onEvent);
    off = () => source.off(event, onEvent);
  } else {
    checkSignal(source, '; for an emitter pass the event');
    off = onAbort(source, onEvent);
  }
  // Of one that is dead, this ends it at once.
  const link: Link = { _waiter: null, _died: off };
  greenlet._link(link);
  return {
    [Symbol.dispose]: () => {
      off();
      greenlet._unlink(link);
    },
  };
}
