// I2: a process and its children are a group, which a signal ends as a whole: Ctrl-C ends greenlets, threads and children, and their
// finally blocks run. At a terminal (or as `I2 waits`) it waits for you to press it; otherwise it sends the signal itself.
import { type Green, main, sleep, spawn } from 'greenlets';
import { Event, isMainProcess, Process, setStartMethod } from 'greenlets/multiprocessing';

export function* works(name: string, begun: Event): Green<void> {
  try {
    yield* begun.set();
    yield* sleep(3_600_000);
  } finally {
    console.log(`${name} puts its tools away`);
  }
}

/** A child that has a child of its own. */
export function* leads(begun: Event): Green<void> {
  const child = new Process({ target: works, args: ['the grandchild', begun] });
  child.start();
  try {
    yield* child.join();
  } finally {
    console.log('the child puts its tools away');
  }
}

if (isMainProcess) {
  process.on('exit', (code) => console.log(`the exit code is ${code}`));
  await main(function* () {
    const [family, thread] = [new Event(), new Event()];
    new Process({ target: leads, args: [family] }).start();
    yield* family.wait();
    setStartMethod('worker');
    new Process({ target: works, args: ['the thread', thread] }).start();
    yield* thread.wait();
    spawn(works, 'the greenlet', new Event());
    try {
      yield* sleep(0);
      console.log('all are at work; press Ctrl-C');
      if (!process.stdin.isTTY && process.argv[2] !== 'waits') process.kill(process.pid, 'SIGINT');
      yield* sleep(3_600_000);
    } finally {
      console.log('main puts its tools away');
    }
  });
}
