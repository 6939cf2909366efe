/** Every scheduled greenlet that has not ended, in the order of their start: an intrusive list. */
import { hooks } from './hub.js';

export interface Registered {
  /** @internal */ _after: Registered | null;
  /** @internal */ _before: Registered | null;
}

let first: Registered | null = null;
let last: Registered | null = null;
let count = 0;

export function register(greenlet: Registered): void {
  greenlet._before = last;
  if (last === null) first = greenlet;
  else last._after = greenlet;
  last = greenlet;
  count++;
}

export function unregister(greenlet: Registered): void {
  const { _after: after, _before: before } = greenlet;
  if (before === null) first = after;
  else before._after = after;
  if (after === null) last = before;
  else after._before = before;
  greenlet._after = null;
  greenlet._before = null;
  count--;
}

/** All of them, as they are now. */
export function registered(): Registered[] {
  const all: Registered[] = [];
  for (let each = first; each !== null; each = each._after) all.push(each);
  return all;
}

hooks.countGreenlets = () => count;
