/** A daemon in one of several waits that would last long. */
import { type Green, idle, joinall, sleep, spawn, Timeout, wait, withTimeout } from 'greenlets';

const FAR = 100_000;
const [which] = process.argv.slice(2);
const other = spawn({ daemon: true }, sleep, FAR);
const waits: Record<string, () => Green<unknown>> = {
  *sleep() {
    return yield* sleep(FAR);
  },
  *timeout() {
    return yield* withTimeout(FAR, () => other.join());
  },
  *started() {
    new Timeout(FAR).start();
    return yield* other.join();
  },
  *get() {
    return yield* other.get({ timeout: FAR });
  },
  *join() {
    return yield* other.join({ timeout: FAR });
  },
  *joinall() {
    return yield* joinall([other], { timeout: FAR });
  },
  *wait() {
    return yield* wait([other], { timeout: FAR });
  },
};

spawn({ daemon: true, name: 'daemon' }, function* () {
  try {
    yield* (waits[which as string] as () => Green<unknown>)();
  } finally {
    console.log('cleaned');
  }
});
await idle();
console.log('end of the program');
