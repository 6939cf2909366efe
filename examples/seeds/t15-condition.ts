// T15: two consumers wait for a condition, and the producer notifies both.
import { Condition, Thread } from 'greenlets/threading';
import { sleep } from './time.js';

function consumer(cond: Condition) {
  return cond.with(function* () {
    console.log('consumer before wait');
    yield* cond.wait();
    console.log('consumer after wait');
  });
}

function producer(cond: Condition) {
  return cond.with(() => {
    console.log('producer before notifyAll');
    cond.notifyAll();
    console.log('producer after notifyAll');
  });
}

const condition = new Condition();
const c1 = new Thread({ name: 'c1', target: consumer, args: [condition] });
const c2 = new Thread({ name: 'c2', target: consumer, args: [condition] });
const p = new Thread({ name: 'p', target: producer, args: [condition] });

c1.start();
await sleep(2);
c2.start();
await sleep(2);
p.start();
// The consumers go on when the producer has let go of the condition.
