// P9-P11: a lock, a semaphore and an event between processes; a lock taken twice is a deadlock, and explained.
import { attempt, hub, main, sleep } from 'greenlets';
import { Event, isMainProcess, Lock, Process, Semaphore, Value } from 'greenlets/multiprocessing';

export function* writes(lock: Lock, i: number) {
  yield* lock.acquire();
  console.log('hello', i);
  yield* sleep(5);
  console.log('world', i);
  yield* lock.release();
}

export function* sings(person: string, room: Semaphore, inside: Value, most: Value) {
  yield* room.acquire();
  yield* inside.with(() => {
    inside.value = Number(inside.value) + 1;
    most.value = Math.max(Number(most.value), Number(inside.value));
  });
  console.log(`${person} sings`);
  yield* sleep(20);
  yield* inside.with(() => {
    inside.value = Number(inside.value) - 1;
  });
  yield* room.release();
}

export function* waits(e: Event) {
  yield* e.wait();
  console.log('the child goes on');
}

if (isMainProcess) {
  await main(function* () {
    const lock = new Lock();
    const writers = [0, 1, 2].map((i) => new Process({ target: writes, args: [lock, i] }));
    for (const p of writers) p.start();
    for (const p of writers) yield* p.join();

    hub.raiseOnDeadlock = true;
    const twice = new Lock();
    yield* twice.acquire();
    const again = yield* attempt(() => twice.acquire());
    if (!again.ok) console.log(String(again.error).split(',')[0]);

    const [room, inside, most] = [new Semaphore(4), new Value('i', 0), new Value('i', 0)];
    const people = ['ss', 'bb', 'dd', 'aa', 'cc', 'ee'].map(
      (person) => new Process({ target: sings, args: [person, room, inside, most] }),
    );
    for (const p of people) p.start();
    for (const p of people) yield* p.join();
    console.log('at most 4:', Number(most.value) <= 4);

    const e = new Event();
    console.log('set:', yield* e.isSet(), 'timed wait:', yield* e.wait({ timeout: 10 }));
    const p = new Process({ target: waits, args: [e] });
    p.start();
    e.set();
    yield* p.join();
    e.clear();
    console.log('set:', yield* e.isSet());
  });
}
