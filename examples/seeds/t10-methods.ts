// T10: every method of a thread.
import { mainThread, Thread } from 'greenlets/threading';
import { sleep } from './time.js';

function* worker(num: number) {
  yield* sleep(1);
  console.log('worker', num);
}

const t = new Thread({ target: worker, args: [1] });
console.log('getName:', t.getName());
t.setName('first');
console.log('name:', t.name);

console.log('isDaemon:', t.isDaemon());
t.setDaemon(true);
console.log('isDaemon after setDaemon(true):', t.isDaemon());

console.log('ident before start:', t.ident);
console.log('isAlive before start:', t.isAlive());
t.start();
console.log('ident after start is a number other than 0:', typeof t.ident === 'number' && t.ident !== 0);
console.log('ident is not that of the main thread:', t.ident !== mainThread().ident);
console.log('isAlive after start:', t.isAlive());

console.log('join, half a second:', await t.join({ timeout: 25 }));
console.log('join:', await t.join());
console.log('isAlive after join:', t.isAlive());

// Run by hand, it runs in the calling thread.
await new Thread({ target: worker, args: [2] }).run();

for (const wrong of [() => t.start(), () => t.setDaemon(false), () => new Thread().join()]) {
  try {
    wrong();
  } catch (error) {
    console.log(String(error).replace(/: <.*/, ''));
  }
}
