// T7: how many threads are alive?
import { activeCount, Thread } from 'greenlets/threading';

class MyThreading extends Thread {
  override run() {
    console.log('here is the child');
  }
}

const t = new MyThreading();
t.start();
// The main thread and one child.
console.log('threads:', activeCount());
await t.join();
console.log('threads:', activeCount());
