/** The first use of any AsyncLocalStorage happens inside of greenlets, in one of several ways. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Green, joinall, runWith, sleep, spawn, until } from 'greenlets';

const [mode] = process.argv.slice(2);
const storage = new AsyncLocalStorage<string>();
const seen: Record<string, unknown> = {};

function* bystander(name: string): Green<void> {
  for (let i = 0; i < 5; i++) {
    yield* sleep(1);
    seen[name] ??= storage.getStore();
  }
}

function* user(): Green<void> {
  yield* sleep(2);
  if (mode === 'enterWith') {
    storage.enterWith('mine');
    seen['at once'] = storage.getStore();
  } else if (mode === 'run') {
    storage.run('mine', () => {
      seen['in run'] = storage.getStore();
      spawn(function* (): Green<void> {
        yield* sleep(1);
        seen['child of run'] = storage.getStore();
      });
    });
    seen['after run'] = storage.getStore();
  } else {
    yield* runWith(storage, 'mine', function* (): Green<void> {
      yield* sleep(1);
      seen['in runWith'] = storage.getStore();
    });
    seen['after runWith'] = storage.getStore();
  }
  yield* sleep(1);
  seen['after a sleep'] = storage.getStore();
  yield* until(Promise.resolve());
  seen['after until'] = storage.getStore();
  seen['child'] = yield* spawn(() => storage.getStore()).get();
}

if (mode === 'alone') {
  await spawn(() => runWith(storage, 'mine', () => sleep(1))).get();
  setTimeout(() => {
    seen['timer'] = storage.getStore();
  });
  seen['child'] = await spawn(() => storage.getStore()).get();
  await sleep(5);
} else {
  await joinall([spawn(bystander, 'before'), spawn(user), spawn(bystander, 'behind')]);
}
seen['main'] = storage.getStore();
console.log(JSON.stringify(Object.fromEntries(Object.entries(seen).map(([k, v]) => [k, v ?? null]))));
