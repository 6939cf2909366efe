/** Managers over the network: programs that serve, and programs that connect to them, by the first argument. */
import { attempt, type Green, joinall, main, sleep, spawn } from 'greenlets';
import { subprocess } from 'greenlets/io';
import {
  type Barrier,
  type ConnectedManager,
  type DictProxy,
  type Event,
  isMainProcess,
  type Lock,
  Manager,
  Process,
  type Queue,
  type SharedManager,
  setStartMethod,
} from 'greenlets/multiprocessing';

const authkey = 'network';

/** What a client does with an object until it is killed. */
const USES: Record<string, (object: any) => Green<unknown>> = {
  *holds(lock: Lock) {
    yield* lock.acquire();
  },
  *gets(queue: Queue) {
    yield* queue.get();
  },
  *puts(queue: Queue) {
    yield* queue.put('of the dead');
  },
  *waits(condition: any) {
    yield* condition.acquire();
    yield* condition.wait();
  },
  *arrives(barrier: Barrier) {
    yield* barrier.wait();
  },
};

/** Uses every object in its way, tells when it does, and lives on. */
export function* uses(
  objects: Record<string, readonly [use: string, object: unknown]>,
  told: Event,
): Green<void> {
  const all = Object.values(objects).map(([use, object]) => spawn(USES[use] as never, object as never));
  yield* sleep(0);
  // What was asked before this was asked has been done.
  yield* told.isSet();
  yield* told.set();
  yield* joinall(all);
  yield* sleep(60_000);
}

export function* adds(numbers: any, lock: Lock, value: any, times: number): Green<void> {
  for (let i = 0; i < times; i++) {
    yield* lock.with(function* () {
      yield* numbers.set('n', (yield* numbers.get('n')) + 1);
      value.value = value.value + 1;
    });
  }
}

function client(...args: unknown[]): subprocess.Popen {
  const file = process.argv[1] as string;
  return new subprocess.Popen([process.execPath, ...process.execArgv, file, ...args.map(String)], {
    stdout: 'inherit',
    stderr: 'inherit',
  });
}

function* serve(manager: SharedManager): Green<number> {
  return (yield* manager.serve({ authkey })).port;
}

function* outcome(then: (object: any) => any, object: any): Green<unknown> {
  const got = yield* attempt(() => then(object));
  return got.ok
    ? got.value
    : String(got.error)
        .replace(/127\.0\.0\.1:\d+/, 'HERE')
        .replace(/<[^>]*>/, 'X');
}

function* connect(): Green<ConnectedManager> {
  return yield* Manager.connect({ port: Number(process.argv[3]), authkey });
}

/** What a client is to use, and how it tells. */
function* given(remote: ConnectedManager): Green<[Record<string, readonly [string, unknown]>, Event]> {
  const objects: Record<string, readonly [string, unknown]> = {};
  const uses = yield* remote.get<DictProxy<string>>('uses');
  for (const [name, use] of yield* uses.items())
    objects[String(name)] = [use, yield* remote.get(String(name))];
  return [objects, yield* remote.get<Event>('dying')];
}

const programs: Record<string, () => Green<void>> = {
  *crash() {
    const manager = Manager();
    const [full, empty, tasks] = [manager.Queue(1), manager.Queue(), manager.JoinableQueue()];
    yield* full.put('first');
    yield* tasks.put('task');
    const acquire = (lock: Lock) => lock.acquire();
    /** What the client does with each, and what this process does when it is dead. */
    const cases: Record<string, [use: string, object: any, then: (object: any) => any]> = {
      Lock: ['holds', manager.Lock(), acquire],
      RLock: ['holds', manager.RLock(), acquire],
      Semaphore: ['holds', manager.Semaphore(1), acquire],
      BoundedSemaphore: ['holds', manager.BoundedSemaphore(1), acquire],
      Condition: ['holds', manager.Condition(), acquire],
      Value: ['holds', manager.Value('i', 1).getLock(), acquire],
      'Condition.wait': ['waits', manager.Condition(), acquire],
      'Queue.put': ['puts', full, (queue) => queue.qsize()],
      'Queue.get': ['gets', empty, (queue) => queue.put('mine')],
      Barrier: ['arrives', manager.Barrier(3), (barrier) => barrier.wait()],
      'JoinableQueue.join': ['gets', tasks, (queue) => queue.join()],
    };
    for (const [name, [, object]] of Object.entries(cases)) manager.register(name, object);
    manager.register(
      'uses',
      manager.dict(Object.entries(cases).map(([name, [use]]) => [name, use] as const)),
    );
    const told = manager.register('dying', manager.Event());
    const [, , , who = 'client'] = process.argv;
    const child = client(who === 'client' ? 'client' : 'parent', yield* serve(manager), who);
    yield* told.wait();
    const waiting = spawn(outcome, (barrier: Barrier) => barrier.wait(), cases['Barrier']?.[1]);
    yield* sleep(0);
    if (who === 'kills') yield* told.clear();
    else child.kill('SIGKILL');
    for (const [name, [, object, then]] of Object.entries(cases)) {
      console.log(name, yield* name === 'Barrier' ? waiting.get() : outcome(then, object));
    }
    console.log(yield* full.get(), yield* full.empty(), yield* empty.get());
    child.kill('SIGKILL');
    yield* child.wait();
    manager.shutdown();
  },
  *client() {
    const remote = yield* connect();
    yield* uses(...(yield* given(remote)));
  },
  *parent() {
    const remote = yield* connect();
    const [objects, told] = yield* given(remote);
    const p = new Process({ target: uses, args: [objects, told] });
    p.start();
    if (process.argv[4] !== 'kills') yield* p.join();
    yield* told.wait();
    while (yield* told.isSet()) yield* sleep(5);
    p.kill();
    // This one lives, and keeps the connection.
    yield* sleep(60_000);
  },
  *counts() {
    setStartMethod(process.argv[3] as 'process');
    const manager = Manager();
    manager.register('numbers', manager.dict({ n: 0 }));
    manager.register('lock', manager.Lock());
    const value = manager.register('value', manager.Value('i', 0));
    const port = yield* serve(manager);
    const clients = [client('adder', port), client('adder', port)];
    const [numbers, lock] = [yield* remoteOf(port, 'numbers'), yield* remoteOf(port, 'lock')];
    yield* adds(numbers, lock, yield* remoteOf(port, 'value'), 10);
    for (const each of clients) console.log('code', yield* each.wait());
    console.log(yield* numbers.get('n'), value.value);
    manager.shutdown();
  },
  *adder() {
    const remote = yield* connect();
    const [numbers, lock, value] = [
      yield* remote.get<any>('numbers'),
      yield* remote.get<any>('lock'),
      yield* remote.get<any>('value'),
    ];
    const p = new Process({ target: adds, args: [numbers, lock, value, 10] });
    p.start();
    yield* adds(numbers, lock, value, 10);
    yield* p.join();
  },
  *serves() {
    const manager = Manager();
    manager.register('queue', manager.Queue());
    console.log('port', yield* serve(manager));
    yield* sleep(60_000);
  },
  *waits() {
    const remote = yield* connect();
    const queue = yield* remote.get<Queue>('queue');
    yield* queue.empty();
    console.log('waits');
    const got = yield* attempt(() => queue.get());
    console.log(got.ok ? got.value : `${got.error}`.replace(/127\.0\.0\.1:\d+/, 'HERE'));
  },
  *ends() {
    const remote = yield* connect();
    yield* (yield* remote.get<Queue>('queue')).put('of one that ends without a word');
    console.log('ends');
  },
};

let mine: ConnectedManager | null = null;

/** What this program has registered, as a client gets it. */
function* remoteOf(port: number, name: string): Green<any> {
  mine ??= yield* Manager.connect({ port, authkey });
  return yield* mine.get(name);
}

if (isMainProcess) await main(programs[process.argv[2] as string] as never);
