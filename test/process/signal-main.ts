/** Takes signals for itself under main(): by `wait`, once, or by `handle`, as long as it likes. */
import { idle, main, sleep, spawn } from 'greenlets';
import { signal } from 'greenlets/io';

const [which] = process.argv.slice(2);

// Also one that was there ahead of main()'s own.
const early = spawn(() => signal.wait('SIGINT'));
await sleep(0);
if (which !== 'early') await early.kill();

await main(function* () {
  try {
    if (which === 'handle') {
      const handler = signal.handle('SIGINT', (name) => console.log('handled', name));
      spawn(() => console.log('ready'));
      yield* signal.wait('SIGTERM');
      handler[Symbol.dispose]();
      yield* idle();
      console.log('disposed');
    } else {
      spawn(() => console.log('ready'));
      console.log('got', which === 'early' ? yield* early.get() : yield* signal.wait('SIGINT', 'SIGTERM'));
    }
    yield* sleep(1_000_000);
  } finally {
    console.log('cleaned');
  }
});
