/** The process ends at once, by `mode`, while greenlets are alive. */
import { type Green, main, sleep, spawn } from 'greenlets';

const [mode] = process.argv.slice(2);

function* worker(name: string): Green<void> {
  try {
    yield* sleep(1e9);
  } finally {
    console.log(`${name} cleans up`);
    yield* sleep(0);
    console.log(`${name} is clean`);
    yield* sleep(1e9);
    console.log('this is never printed');
  }
}

function* failing(): Green<void> {
  try {
    yield* sleep(1e9);
  } catch (error) {
    throw new Error('at the end', { cause: error });
  }
}

function* stubborn(): Green<void> {
  for (;;) {
    try {
      yield* sleep(0);
    } catch {
      // A kill is swallowed.
    }
  }
}

const ENDS: Readonly<Record<string, () => void>> = {
  exit: () => process.exit(3),
  callback: () => setImmediate(() => process.exit(4)),
  uncaught: () =>
    setImmediate(() => {
      throw new Error('what happened');
    }),
  error: () => {
    throw new Error('what happened');
  },
  failing: () => {
    spawn(failing);
    setImmediate(() => process.exit(5));
  },
  stubborn: () => {
    spawn(stubborn);
    setImmediate(() => process.exit(6));
  },
};

await main(function* () {
  for (const name of ['one', 'two']) spawn(worker, name);
  yield* sleep(0);
  ENDS[mode as string]?.();
  yield* sleep(1e9);
});
