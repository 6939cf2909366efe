/** Programs that start processes: the first argument says which, the second how they are started. */
import { main, sleep } from 'greenlets';
import {
  activeChildren,
  currentProcess,
  isMainProcess,
  Process,
  parentProcess,
  ref,
  sendable,
  setStartMethod,
} from 'greenlets/multiprocessing';

let count = 10;

export function hello(name: string) {
  console.log(
    'hello',
    name,
    currentProcess().name,
    parentProcess()?.name,
    parentProcess()?.pid === process.ppid,
  );
}

export function* add(by: number) {
  yield* sleep(1);
  count += by;
  console.log('child', count, currentProcess().daemon);
}

export function fails() {
  throw new TypeError('broken on purpose');
}

export function exits(code: number) {
  process.exit(code);
}

export function* waits(say: string) {
  console.log(say);
  try {
    yield* sleep(60_000);
  } finally {
    console.log('finally', say);
  }
}

function hidden() {
  console.log('hidden');
}
sendable(import.meta, { hidden });

export class Mine extends Process {
  greeting: string;

  constructor(greeting: string) {
    super({ name: 'mine' });
    this.greeting = greeting;
  }

  override *run() {
    yield* sleep(1);
    console.log(this.greeting, this.name, this.constructor.name, this.pid === process.pid);
  }
}

export function* parentOf() {
  const child = new Process({ target: hello, args: ['grandchild'] });
  child.start();
  yield* child.join();
  console.log('code', child.exitCode);
}

const programs: Record<string, () => Generator<any, void, unknown>> = {
  *runs() {
    const all = [
      new Process({ target: hello, args: ['bob'] }),
      new Process({ target: add, args: [1], daemon: true }),
      new Process({ target: fails }),
      new Process({ target: exits, args: [3] }),
      new Process({ target: hidden }),
      new Process({ target: ref(import.meta.url, 'hello'), args: ['ref'] }),
      new Mine('hi'),
    ];
    for (const each of all) each.start();
    console.log('alive', activeChildren().length, all[0]?.isAlive(), all[0]?.exitCode);
    for (const each of all) yield* each.join();
    console.log('codes', all.map((each) => each.exitCode).join(' '), 'count', count, activeChildren().length);
    console.log(String(all[0]), String(all[1]));
  },
  *nested() {
    const p = new Process({ target: parentOf });
    p.start();
    yield* p.join();
  },
  *signals() {
    for (const end of ['terminate', 'kill'] as const) {
      const p = new Process({ target: waits, args: ['waiting'] });
      p.start();
      console.log('timed', yield* p.join({ timeout: 5 }));
      yield* sleep(Number(process.argv[4] ?? 700));
      p[end]();
      yield* p.join();
      console.log(end, p.exitCode);
    }
  },
  *daemon() {
    new Process({ target: waits, args: ['daemon'], daemon: true }).start();
    new Process({ target: waits, args: ['daemon too'], daemon: true }).start();
    const p = new Process({ target: add, args: [5] });
    p.start();
    console.log('main ends');
  },
  *group() {
    const p = new Process({ target: waits, args: ['child'] });
    p.start();
    yield* p.join();
    console.log('never');
  },
  *closure() {
    const f = () => 1;
    for (const make of [
      () => new Process({ target: f }).start(),
      () => new Process({ target: () => 1 }).start(),
      () => new Process({ target: hello, args: [{ a: [1, { b: f }] } as never] }).start(),
      () =>
        new Process({ target: hello, args: [{ a: new Map([['k', Promise.resolve()]]) } as never] }).start(),
    ]) {
      try {
        make();
      } catch (error) {
        console.log(String(error).slice(0, 90));
      }
    }
  },
  *orphan() {
    const p = new Process({ target: waits, args: ['child'] });
    const q = new Process({ target: parentWaits });
    const r = new Process({ target: busy });
    p.start();
    q.start();
    r.start();
    console.log('pids', p.pid, q.pid, r.pid);
    yield* p.join();
  },
  *unguarded() {
    const p = new Process({ target: ref(new URL('./mp-unguarded.ts', import.meta.url), 'f') });
    p.start();
    yield* p.join();
  },
};

/** Never looks at its messages again. */
export function busy() {
  console.log('busy');
  for (;;);
}

export function* parentWaits() {
  const p = new Process({ target: waits, args: ['grandchild'] });
  p.start();
  console.log('grandpid', p.pid);
  yield* p.join();
}

if (isMainProcess) {
  const [, , program = '', method = 'process'] = process.argv;
  setStartMethod(method as 'process');
  await main(programs[program] as never);
}
