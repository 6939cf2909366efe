// T4: main waits for each thread before it starts the next one, so that they run one after the other.
import { Thread } from 'greenlets/threading';
import { elapsed, sleep, time } from './time.js';

function* princ(string: string) {
  console.log('task', string);
  yield* sleep(1);
  console.log('done', string);
}

const startTime = time();
for (let i = 0; i < 10; i++) {
  const t = new Thread({ target: princ, args: [`t-${i}`] });
  t.start();
  // The next thread is started when this one has ended.
  await t.join();
}
console.log('ten threads that sleep 1 s:', elapsed(startTime));
