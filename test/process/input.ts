/** Reads its standard input in one of several ways. */
import { attempt, idle, main, sleep, spawn, withTimeout } from 'greenlets';
import { input } from 'greenlets/io';

const ways = {
  *lines() {
    for (let line = yield* input('name? '); line !== null; line = yield* input('name? '))
      console.log('hello', line);
    console.log('end', yield* input());
  },
  *two() {
    const first = spawn(() => input());
    yield* sleep(0);
    const { error } = yield* attempt(input());
    console.log('second', (error as Error).name);
    yield* idle();
    // Nothing else holds the process now.
    setImmediate(() => console.log('a pass later'));
    console.log('first', yield* first.get());
  },
  *interrupted() {
    console.log(yield* withTimeout(5, { timeoutValue: 'interrupted' }, input()));
    console.log('got', yield* input());
  },
};
await main(ways[process.argv[2] as keyof typeof ways]);
