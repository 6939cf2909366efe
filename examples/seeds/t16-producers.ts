// T16: twelve producers and ten consumers with a queue between them that has room for ten.
import { Queue } from 'greenlets';
import { Thread } from 'greenlets/threading';

const que = new Queue<number>(10);
let put = 0;

function* s(i: number) {
  yield* que.put(i);
  put++;
}

function* x() {
  const g = yield* que.get();
  console.log('get:', g);
}

const producers: Thread[] = [];
for (let i = 1; i < 13; i++) {
  const t = new Thread({ target: s, args: [i] });
  t.start();
  producers.push(t);
}
for (const t of producers.slice(0, 10)) await t.join();
console.log(
  `put: ${put}, full: ${que.full()}, producers that wait: ${producers.filter((t) => t.isAlive()).length}`,
);

const consumers: Thread[] = [];
for (let i = 1; i < 11; i++) {
  const t = new Thread({ target: x });
  t.start();
  consumers.push(t);
}
for (const t of [...producers, ...consumers]) await t.join();
console.log(`put: ${put}, size: ${que.qsize()}`);
