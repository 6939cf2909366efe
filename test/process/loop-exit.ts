/** All greenlets wait for ever; `awaited`: and somebody outside awaits one of them. */
import { type Green, main, sleep, spawn, suspend } from 'greenlets';

const [mode] = process.argv.slice(2);
const never = suspend<void>('Door.open', () => undefined);

function* first(): Green<void> {
  try {
    yield* never;
  } finally {
    console.log('first cleaned');
  }
}

function* second(): Green<void> {
  try {
    yield* sleep(Number.POSITIVE_INFINITY);
  } finally {
    yield* sleep(1);
    console.log('second cleaned');
  }
}

const a = spawn({ name: 'alpha' }, first);
spawn({ name: 'beta' }, second);

if (mode === 'caught') {
  try {
    await a.get();
  } catch (error) {
    console.log(`caught ${(error as { code: string }).code} ${(error as Error).message}`);
  }
} else if (mode === 'awaited') {
  await a.get();
} else if (mode === 'main') {
  await main(function* () {
    try {
      yield* a.get();
    } finally {
      console.log('main cleaned');
    }
  });
}
