/**
 * Behaviours that Node's and undici's own test suites assert, in our words: each a generator, run without patches, with them
 * outside of greenlets, and with them in a greenlet.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'greenlets';
import { type TestContext, test } from 'vitest';

/** The steps of a behaviour. */
export type Steps<T = unknown> = Generator<any, T, any>;

/** What a behaviour has at hand. */
export interface Kit {
  /** Waits for a promise, as the mode has it: `await`, or `yield*` of the very promise. */
  wait<T>(promise: PromiseLike<T>): Steps<T>;
  /** The error that a promise rejects with. */
  fails(promise: PromiseLike<unknown>): Steps<Error & NodeJS.ErrnoException>;
  /** A promise of what a Node-style callback gets after the error, as an array. */
  called<A extends unknown[] = unknown[]>(register: (callback: (...args: any[]) => void) => void): Promise<A>;
  /** A path in an empty folder of this run's own. */
  path(name: string): string;
  /** Called at the end. */
  after(act: () => unknown): void;
}

export type Behaviours = Readonly<Record<string, (kit: Kit) => Steps<void>>>;

export type Mode = 'awaited' | 'in a greenlet';

function* awaited<T>(promise: PromiseLike<T>): Steps<T> {
  return yield promise;
}

const delegated = <T>(promise: PromiseLike<T>) => promise as unknown as Steps<T>;

/** Runs the steps as an async function would. */
async function drive(steps: Steps<void>): Promise<void> {
  for (let step = steps.next(); step.done !== true; ) {
    let value: unknown;
    try {
      value = await step.value;
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(value);
  }
}

/** One test a behaviour. */
export function testAll(behaviours: Behaviours, mode: Mode): void {
  for (const [name, behaviour] of Object.entries(behaviours)) {
    test(name, async (context: TestContext) => {
      const folder = mkdtempSync(join(tmpdir(), 'greenlets-behaviour-'));
      const wait: Kit['wait'] = mode === 'awaited' ? awaited : delegated;
      const ends: (() => unknown)[] = [];
      context.onTestFinished(async () => {
        for (const end of ends.reverse()) await end();
        rmSync(folder, { recursive: true, force: true });
      });
      const kit: Kit = {
        wait,
        *fails(promise) {
          try {
            yield* wait(promise);
          } catch (error) {
            return error as Error;
          }
          throw new Error('it was expected to fail');
        },
        called: (register) =>
          new Promise((resolve, reject) => {
            register((error, ...rest) => {
              if (error) reject(error);
              else resolve(rest as never);
            });
          }),
        path: (each) => join(folder, each),
        after: (act) => void ends.push(act),
      };
      if (mode === 'awaited') await drive(behaviour(kit));
      else await spawn(behaviour as never, kit).get();
    });
  }
}

/** What a call throws. */
export function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('it was expected to throw');
}
