/**
 * Places in the user's program, noted for reports. A stack costs some microseconds, so outside of debug mode a place is noted
 * only as often as cannot be felt: a program that does a thing a million times pays for the first few.
 */
import { engine } from './engine.js';
import { Fiber } from './fiber.js';
import { withStackLimit } from './host.js';
import { formatFrame, held, parseStack } from './place.js';

const MOST = 32;
const PER_MS = 0.1;

/** Notes of one kind, with a budget of their own. */
export class PlaceNotes {
  readonly #what: string;
  #tokens = MOST;
  #refilled = 0;

  constructor(what: string) {
    this.#what = what;
  }

  /** Notes where the code stands, if the budget has it. */
  note(): Error | undefined {
    if (this.#tokens < MOST) this.#refill();
    if (this.#tokens < 1 && engine.watch === null) return undefined;
    this.#tokens--;
    return noted(this.#what);
  }

  /** By the last look at the clock, which is somebody else's. */
  #refill(): void {
    const now = engine.lastLook;
    this.#tokens = Math.min(MOST, this.#tokens + (now - this.#refilled) * PER_MS);
    this.#refilled = now;
  }

  /** `function (file:line:column)`, '' when it was not noted. */
  text(note: Error | undefined): string {
    const frame = parseStack(note?.stack ?? '')[0];
    return frame === undefined ? '' : formatFrame(frame);
  }
}

// By itself: a closure in `note` would cost every call of it a context.
function noted(what: string): Error {
  const note = withStackLimit(13, () => new Error(what));
  const { current } = engine;
  if (current instanceof Fiber && current._frame !== null && parseStack(note.stack ?? '').length === 0) {
    // Called by a function of the library: who called that is a frame that the runtime holds.
    note.stack = held
      .frames()
      .map((frame) => `at ${formatFrame(frame)}`)
      .join('\n');
  }
  return note;
}
