// P8: a daemon ends with main, another process is waited for.
import { main, sleep } from 'greenlets';
import { type Event, isMainProcess, Event as MakeEvent, Process } from 'greenlets/multiprocessing';

export function* stars(begun: Event) {
  begun.set();
  for (;;) yield* sleep(50);
}

export function* task() {
  console.log('start of the task');
  yield* sleep(100);
  console.log('end of the task');
}

if (isMainProcess) {
  await main(function* () {
    const begun = new MakeEvent();
    const daemon = new Process({ target: stars, args: [begun], daemon: true });
    daemon.start();
    yield* begun.wait();
    new Process({ target: task }).start();
    process.on('exit', () => console.log('the daemon is', daemon.exitCode === null ? 'alive' : 'dead'));
    console.log('main ends');
  });
}
