/** Kills that come from outside: an abort signal, or an event. */
import { checkSignal } from './check.js';
import type { Link } from './links.js';
import type { Signal } from './types.js';

/** An `EventEmitter`, as far as it is used here. */
export interface Emitter {
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

interface Killable {
  readonly dead: boolean;
  _kill(exception: unknown): void;
  _link(link: Link): void;
  _unlink(link: Link): void;
}

/** Kills `greenlet` when `source` says so; disposing the result takes that back, and so does its end. */
export function killOn(greenlet: Killable, source: Signal | Emitter, event: string | undefined): Disposable {
  const nothing = { [Symbol.dispose]: () => {} };
  if (typeof event !== 'string' || typeof (source as Emitter | null)?.on !== 'function')
    checkSignal(source, '; for an emitter pass the event, too');
  if (greenlet.dead) return nothing;
  const onEvent = () => greenlet._kill(undefined);
  let off: () => void;
  if ('aborted' in source) {
    if (source.aborted) {
      onEvent();
      return nothing;
    }
    source.addEventListener('abort', onEvent, { once: true });
    off = () => source.removeEventListener('abort', onEvent);
  } else {
    const name = event as string;
    source.on(name, onEvent);
    off = () => source.off(name, onEvent);
  }
  const link: Link = { _waiter: null, _died: off };
  greenlet._link(link);
  return {
    [Symbol.dispose]: () => {
      off();
      greenlet._unlink(link);
    },
  };
}
