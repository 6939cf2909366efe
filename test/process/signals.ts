/** Ends by a signal; the first argument tells how the greenlets take it. */
import { type Green, hub, joinall, main, sleep, spawn } from 'greenlets';

const [mode] = process.argv.slice(2);
hub.exitGrace = mode === 'stubborn' ? 50 : 5000;

function cleaned(name: string): void {
  console.log(`${name} cleaned`);
  if (mode === 'fails') throw new Error(`${name} failed to clean up`);
}

function* worker(name: string): Green<void> {
  try {
    yield* sleep(1_000_000);
  } finally {
    yield* sleep(1);
    cleaned(name);
  }
}

function* stubborn(): Green<void> {
  for (;;) {
    try {
      yield* sleep(1_000_000);
    } catch {
      // Takes no notice.
    }
  }
}

function* program(): Green<void> {
  const a = spawn({ name: 'a' }, worker, 'a');
  spawn({ name: 'b' }, worker, 'b');
  if (mode === 'stubborn' || mode === 'twice') spawn({ name: 'mule' }, stubborn);
  spawn(() => console.log('ready'));
  try {
    yield* joinall([a]);
  } finally {
    if (mode === 'prints') console.log('x'.repeat(5_000_000));
    cleaned('main');
  }
}

if (mode === 'handle') {
  hub.handleSignals();
  spawn(program);
} else {
  await main(program);
}
