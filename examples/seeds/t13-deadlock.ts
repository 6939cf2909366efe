// T13: a Lock that is acquired twice by the same thread: a deadlock, found and explained as soon as it is there.
import { Deadlock, hub } from 'greenlets';
import { Lock, Thread } from 'greenlets/threading';

hub.onWarning = ({ code, message }) => console.log(`${code}: ${message}\n`);

const lock = new Lock({ name: 'lock' });

function* twice() {
  yield* lock.acquire();
  yield* lock.acquire(); // waits for itself
  console.log('this is never printed');
}

// A daemon, so that the program can end.
const t = new Thread({ target: twice, daemon: true });
t.start();
console.log('it has ended:', await t.join({ timeout: 50 }));

// It can be an error, too.
hub.raiseOnDeadlock = true;
const lock2 = new Lock({ name: 'lock2' });

function* twiceRaising() {
  yield* lock2.acquire();
  try {
    yield* lock2.acquire();
  } catch (error) {
    if (!(error instanceof Deadlock)) throw error;
    console.log('it was raised:', error.code);
  }
  lock2.release();
}

const t2 = new Thread({ target: twiceRaising });
t2.start();
console.log('it has ended:', await t2.join());
