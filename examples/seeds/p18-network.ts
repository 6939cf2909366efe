// P18: one manager, shared by programs on several machines, which know its key.
//
//     npm run example P18                                   three programs on this machine
//     npm run example P18 serve 50000                       on one machine,
//     npm run example P18 connect 192.168.1.5 50000         and on as many others as you like
import { attempt, type Green, main } from 'greenlets';
import { subprocess } from 'greenlets/io';
import {
  type DictProxy,
  isMainProcess,
  type JoinableQueue,
  type Lock,
  Manager,
} from 'greenlets/multiprocessing';

const authkey = 'only those who know this come in';

/** Serves a queue of jobs, a dict for the results and a lock. */
function* serve(host: string, port: number) {
  const manager = Manager();
  const jobs = manager.register('jobs', manager.JoinableQueue<number>());
  const results = manager.register('results', manager.dict<number | string>());
  manager.register('lock', manager.Lock());
  const server = yield* manager.serve({ host, port, authkey });
  return { manager, server, jobs, results };
}

/** What the other machines run: they take jobs until there are no more. */
function* work(host: string, port: number): Green<void> {
  const remote = yield* Manager.connect({ host, port, authkey });
  const jobs = yield* remote.get<JoinableQueue<number>>('jobs');
  const results = yield* remote.get<DictProxy<number | string>>('results');
  const lock = yield* remote.get<Lock>('lock');
  for (;;) {
    const job = yield* attempt(() => jobs.getNowait());
    if (!job.ok) break;
    yield* lock.with(function* () {
      const done = Number((yield* results.get('done')) ?? 0);
      yield* results.set('done', done + 1);
      yield* results.set(job.value, `${job.value} squared is ${job.value ** 2}`);
    });
    yield* jobs.taskDone();
  }
  yield* remote.close();
}

function* play(): Green<void> {
  const { server, jobs, results } = yield* serve('127.0.0.1', 0);
  for (let number = 1; number <= 6; number++) yield* jobs.put(number);
  const stranger = yield* attempt(() => Manager.connect({ port: server.port, authkey: 'a guess' }));
  if (!stranger.ok) console.log('a stranger is refused:', (stranger.error as Error).name);
  const [node = '', self = ''] = process.argv;
  const args = [node, ...process.execArgv, self, 'connect', '127.0.0.1', String(server.port)];
  const machines = [new subprocess.Popen(args), new subprocess.Popen(args)];
  yield* jobs.join();
  for (const each of machines) console.log('a machine has ended with', yield* each.wait());
  const items = yield* results.copy();
  console.log(items.get('done'), 'jobs were done');
  for (let number = 1; number <= 6; number++) console.log(items.get(number));
  yield* server.stop();
}

const [, , role, ...rest] = process.argv;
if (isMainProcess) {
  await main(function* () {
    if (role === 'connect') yield* work(rest[0] ?? '127.0.0.1', Number(rest[1]));
    else if (role === 'serve') {
      const { server, jobs, results } = yield* serve('0.0.0.0', Number(rest[0] ?? 50000));
      for (let number = 1; number <= 6; number++) yield* jobs.put(number);
      console.log(`waiting for others at port ${server.port}`);
      yield* jobs.join();
      console.log(yield* results.copy());
      yield* server.stop();
    } else yield* play();
  });
}
