// T2: a subclass of Thread that overrides run.
import { Thread } from 'greenlets/threading';
import { sleep } from './time.js';

class MyThread extends Thread {
  readonly num: number;

  constructor(num: number) {
    super();
    this.num = num;
  }

  // What each thread is to do.
  override *run() {
    console.log(`running on number:${this.num}`);
    yield* sleep(2);
  }
}

const t1 = new MyThread(1);
const t2 = new MyThread(2);
t1.start();
t2.start();
