/** What the hub tells is kept, and a test that does not take it fails. */
import { type greenlet, hub, type Warning } from 'greenlets';
import { afterEach, beforeEach, expect } from 'vitest';

export interface HubWatch {
  /** The errors told since the last call. */
  takeErrors(): unknown[];
  /** The warnings told since the last call. */
  takeWarnings(): Warning[];
  /** Of whom the errors were, in order. */
  readonly sources: (greenlet | null)[];
}

/** Call it at the top of a test file. */
export function watchHub(): HubWatch {
  let errors: unknown[] = [];
  let warnings: Warning[] = [];
  const sources: (greenlet | null)[] = [];
  beforeEach(() => {
    errors = [];
    warnings = [];
    sources.length = 0;
    hub.onError = (error, from) => {
      errors.push(error);
      sources.push(from);
    };
    hub.onWarning = (warning) => {
      warnings.push(warning);
    };
  });
  afterEach(async () => {
    // What was done last is told by the end of its turn.
    await new Promise((resolve) => setImmediate(resolve));
    hub.onError = null;
    hub.onWarning = null;
    expect(errors.map(String), 'errors that nobody observed').toEqual([]);
    expect(
      warnings.map(({ message }) => message),
      'warnings that nobody expected',
    ).toEqual([]);
  });
  return {
    takeErrors() {
      const taken = errors;
      errors = [];
      return taken;
    },
    takeWarnings() {
      const taken = warnings;
      warnings = [];
      return taken;
    },
    sources,
  };
}

/** The host has had a pass: every promise job has run, and every turn of the hub that was due. */
export async function pass(): Promise<void> {
  // A turn that is cut short, as on a busy machine, goes on in a later pass.
  do await new Promise((resolve) => setImmediate(resolve));
  while (hub.stats().awake);
}
