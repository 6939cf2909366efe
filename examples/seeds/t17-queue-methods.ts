// T17: the methods of a queue.
import { Empty, Full, Queue } from 'greenlets';
import { Thread } from 'greenlets/threading';

const q = new Queue<string>(2);
console.log('empty:', q.empty(), 'full:', q.full(), 'qsize:', q.qsize());

await q.put('a');
await q.put('b', { block: true, timeout: 50 });
console.log('empty:', q.empty(), 'full:', q.full(), 'qsize:', q.qsize());

async function attempt(what: string, work: () => unknown) {
  try {
    console.log(`${what}:`, await work());
  } catch (error) {
    if (error instanceof Full) console.log(`${what}: Full`);
    else if (error instanceof Empty) console.log(`${what}: Empty`);
    else throw error;
  }
}

await attempt('put, no room for 50 ms', () => q.put('c', { timeout: 50 }));
await attempt('put without waiting', () => q.put('c', { block: false }));
await attempt('putNowait', () => q.putNowait('c'));

await attempt('get', () => q.get());
await attempt('get without waiting', () => q.get({ block: false }));
await attempt('get, nothing for 50 ms', () => q.get({ timeout: 50 }));
await attempt('get without waiting', () => q.get({ block: false }));
await attempt('getNowait', () => q.getNowait());

// What was got is not done yet: join() waits for as many taskDone() as there were items.
q.taskDone();
q.taskDone();

function* worker() {
  for (;;) {
    const item = yield* q.get();
    console.log('done:', item);
    q.taskDone();
  }
}

new Thread({ target: worker, daemon: true }).start();
for (const item of ['c', 'd', 'e', 'f']) await q.put(item);
await q.join();
console.log('all is done, unfinished:', q.unfinishedTasks);
