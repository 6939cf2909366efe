/** A daemon that is always ready. */
import { createServer } from 'node:net';
import { type Green, hub, idle, Queue, sleep, spawn, until } from 'greenlets';

const [which] = process.argv.slice(2);
let swallowed = false;
const server = createServer();
const queue = new Queue<number>();

const loops: Record<string, () => Green<unknown>> = {
  *sleeps() {
    for (;;) yield* sleep(0);
  },
  *queues() {
    for (;;) {
      yield* queue.put(1);
      yield* queue.get();
    }
  },
  *awaits() {
    for (;;) yield* until(Promise.resolve());
  },
  *idles() {
    for (;;) yield* idle();
  },
  *swallows() {
    for (;;) {
      try {
        yield* sleep(0);
      } catch {
        swallowed = true;
      }
    }
  },
  // As long as anything else holds the process the daemon goes on: it is what ends this one.
  *closes() {
    for (let i = 0; i < 100_000; i++) yield* sleep(0);
    server.close();
    for (;;) yield* sleep(0);
  },
  // The same where the host is so slow that time passes between its timers and the rest of its pass.
  *slow() {
    let passes = 0;
    let waits = false;
    while (passes < 20) {
      if (!waits) {
        waits = true;
        void Promise.resolve().then(() => {
          for (const end = performance.now() + 3; performance.now() < end; );
          passes++;
          waits = false;
        });
      }
      yield* sleep(0);
    }
    server.close();
    for (;;) yield* sleep(0);
  },
  *counts() {
    for (let i = 0; i < 100_000; i++) yield* sleep(0);
    return 'counted';
  },
};

hub.killGrace = which === 'swallows' ? 20 : 1000;
hub.onWarning = ({ code }) => console.log(code);
const daemon = spawn({ daemon: true }, function* () {
  try {
    return yield* (loops[which as string] as () => Green<unknown>)();
  } finally {
    for (let i = 0; i < 1000; i++) yield* sleep(0);
    console.log(swallowed ? 'swallowed, closed' : 'cleaned');
  }
});
if (which === 'closes' || which === 'slow') server.listen(0, () => console.log('listening'));
if (which === 'counts') console.log(await daemon.get());
console.log('end of the program');
