/** Daemon threads, beside others that wait or do not. */
import { Queue, sleep, spawn } from 'greenlets';
import { Event, Lock, Thread, Timer } from 'greenlets/threading';

const FAR = 100_000;
const [which] = process.argv.slice(2);

function* far() {
  try {
    yield* sleep(FAR);
  } finally {
    console.log('cleaned');
  }
}

function* soon(what: string) {
  yield* sleep(20);
  console.log(what);
}

const daemon = (target: () => Generator<any, void>) => new Thread({ target, daemon: true });

const programs: Record<string, () => unknown> = {
  alone() {
    daemon(far).start();
  },
  inherited() {
    daemon(function* () {
      new Thread({ target: far }).start();
      yield* sleep(FAR);
    }).start();
  },
  beside() {
    daemon(far).start();
    new Thread({ target: soon, args: ['the other has ended'] }).start();
  },
  'timer as a daemon'() {
    const timer = new Timer(FAR, () => console.log('never'));
    timer.daemon = true;
    timer.start();
  },
  async joined() {
    const thread = daemon(() => soon('the daemon has ended'));
    thread.start();
    console.log(await thread.join());
  },
  async 'joined by a thread'() {
    const thread = daemon(() => soon('the daemon has ended'));
    thread.start();
    new Thread({
      *target() {
        console.log(yield* thread.join());
      },
    }).start();
  },
  async queue() {
    const queue = new Queue<number>();
    for (let i = 0; i < 2; i++) {
      daemon(function* () {
        for (;;) {
          const item = yield* queue.get();
          yield* sleep(10);
          console.log('done', item);
          queue.taskDone();
        }
      }).start();
    }
    for (const item of [1, 2, 3]) queue.putNowait(item);
    await queue.join();
  },
  async timeout() {
    const event = new Event();
    daemon(function* () {
      console.log(yield* event.wait({ timeout: 20 }));
      event.set();
    }).start();
    await event.wait();
  },
  stuck() {
    daemon(() => soon('the daemon has ended')).start();
    const lock = new Lock();
    new Thread({
      name: 'stuck',
      *target() {
        yield* lock.acquire();
        yield* new Event().wait();
      },
    }).start();
  },
  async 'beside a daemon of spawn'() {
    daemon(function* () {
      yield* new Event().wait();
    }).start();
    const other = spawn({ daemon: true }, sleep, FAR);
    await other
      .join()
      .promise()
      .catch((error) => console.log(error.code));
  },
};

await programs[which as string]?.();
console.log('end of the program');
