// T6: which thread am I?
import { currentThread, Thread } from 'greenlets/threading';

class MyThreading extends Thread {
  override run() {
    console.log('I am the child thread:', currentThread());
  }
}

const t = new MyThreading();
t.start();
console.log('I am the main thread:', currentThread());
