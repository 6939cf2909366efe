/** Waits for a signal, which somebody else handles, too. */
import { sleep, spawn } from 'greenlets';
import { signal } from 'greenlets/io';

signal.handle('SIGTERM', (name) => console.log('handled', name));
const waiting = spawn(function* () {
  const name = yield* signal.wait('SIGINT', 'SIGTERM');
  yield* sleep(1);
  console.log('got', name);
});
await sleep(0);
console.log('ready');
await waiting.get();
