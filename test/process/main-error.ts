/** main() with an error that is thrown on or caught, or a value. */
import { type Green, main, sleep, spawn } from 'greenlets';

const [mode] = process.argv.slice(2);

function* failing(): Green<void> {
  spawn({ name: 'other' }, sleep, 1);
  yield* sleep(1);
  throw new Error('what happened');
}

if (mode === 'value') {
  console.log(await main((n: number) => n + 1, 41));
} else if (mode === 'caught') {
  await main(failing).catch(() => console.log('caught'));
} else {
  await main(failing);
}
