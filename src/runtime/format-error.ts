/** An error as it is printed for humans. */
import type { Fiber } from './fiber.js';
import type { greenlet } from './greenlet.js';
import { hooks } from './hub.js';
import { failExit } from './observe.js';
import { spawnPlace } from './spawn-place.js';

/** Name, spawn place and stack, with the chain of causes, and all of an `AggregateError`. */
export function formatError(error: unknown, from: greenlet | null): string {
  const place = from === null ? '' : spawnPlace(from as Fiber);
  const where =
    from === null
      ? 'an error reached nobody'
      : `${from} failed${place === '' ? '' : `, spawned at ${place}`}`;
  return `greenlets: ${where}\n${stackOf(error)}`;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${String(error)}`;
  const { cause, errors } = error as AggregateError;
  let text = error.stack ?? String(error);
  for (const each of [cause].concat(errors)) if (each !== undefined) text += `\ncaused by ${stackOf(each)}`;
  return text;
}

hooks.printable = (error, from) => {
  failExit();
  return formatError(error, from);
};
