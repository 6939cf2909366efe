/** Lines that say who wrote them, and when. */
import { getcurrent } from '../runtime/greenlet.js';

interface Console {
  log(...args: unknown[]): void;
}

/**
 * `console.log` with the time of day (UTC, to the millisecond) and the name of the current greenlet in front; `main` outside of
 * greenlets. Never switches. Stands where Python programs log with `%(asctime)s %(threadName)s`.
 *
 * @example log('got', url); // 12:30:05.250 worker-3: got http://…
 */
export function log(...args: unknown[]): void {
  const time = new Date().toISOString().slice(11, 23);
  const lead = `${time} ${getcurrent().name}:`;
  const { console } = globalThis as unknown as { console: Console };
  // A format stays the first argument, as `console.log` wants it; the name is no format.
  const [first, ...rest] = args;
  if (typeof first === 'string') console.log(`${lead.replaceAll('%', '%%')} ${first}`, ...rest);
  else console.log(lead, ...args);
}
