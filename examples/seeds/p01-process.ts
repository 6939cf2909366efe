// P1-P3, P7: processes, a thread in one, pids, and a class with a run of its own.
import { joinall, spawn } from 'greenlets';
import { currentProcess, isMainProcess, Process } from 'greenlets/multiprocessing';
import { Thread } from 'greenlets/threading';

export function hello(name: string) {
  console.log('hello', name);
}

export function* world(name: string) {
  console.log('hello', name);
  const t = new Thread({ target: (text: string) => console.log(text), args: [`Thread ${name}`] });
  t.start();
  yield* t.join();
}

export function info(mainPid: number) {
  console.log("child's parent is main:", process.ppid === mainPid);
}

export class MyProcess extends Process {
  arg: string;

  constructor(arg = 'no argument') {
    super();
    this.arg = arg;
  }

  override run() {
    console.log(`run in ${currentProcess().name}: ${this.arg}, pid ${this.pid === process.pid}`);
  }
}

if (isMainProcess) {
  const names = ['bob', 'nick', ...Array.from({ length: 8 }, (_, i) => `bob ${i}`)];
  const all = names.map((name) => new Process({ target: hello, args: [name] }));
  all.push(new Process({ target: world, args: ['World'] }));
  all.push(new Process({ target: info, args: [process.pid] }));
  all.push(new MyProcess(), new MyProcess('an argument'));
  for (const p of all) p.start();
  await joinall(all.map((p) => spawn(() => p.join())));
  console.log('main: all have ended');
}
