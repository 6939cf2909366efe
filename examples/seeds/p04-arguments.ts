// P4-P6: arguments, side by side with main; globals are isolated; join, and then the last line.
import { main, sleep } from 'greenlets';
import { Event, isMainProcess, Process } from 'greenlets/multiprocessing';

let count = 10;

export function* loop(n: number, begun: Event) {
  begun.set();
  for (let i = 1; i <= n; i++) {
    console.log('child', i);
    yield* sleep(10);
  }
}

export function add() {
  count += 1;
  console.log('count in the child', count);
}

export function* letter(i: number) {
  yield* sleep(10);
  console.log(`letter ${i}`);
}

if (isMainProcess) {
  await main(function* () {
    const begun = new Event();
    const p = new Process({ target: loop, args: [3, begun] });
    p.start();
    yield* begun.wait();
    for (let i = 1; i <= 3; i++) {
      console.log('main', i);
      yield* sleep(10);
    }
    yield* p.join();
    const q = new Process({ target: add });
    q.start();
    yield* q.join();
    console.log('count in main', count);
    const all = [0, 1, 2].map((i) => new Process({ target: letter, args: [i] }));
    for (const each of all) each.start();
    for (const each of all) yield* each.join();
    console.log('the last letter is from main');
  });
}
