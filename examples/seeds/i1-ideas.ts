// I1: what a process, a thread and a coroutine are, and the words around them; each with a few lines that show it.
import { readFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { all, Event, type Green, joinall, Lock, main, Queue, sleep, spawn } from 'greenlets';
import { type GreenletNode, tree } from 'greenlets/inspect';
import { fs } from 'greenlets/io';
import {
  Event as FarEvent,
  Queue as FarQueue,
  isMainProcess,
  Pool,
  Process,
  SharedArray,
  setStartMethod,
} from 'greenlets/multiprocessing';

let count = 10;

export interface Where {
  readonly pid: number;
  readonly thread: number;
  readonly count: number;
}

/** Adds to a global, and tells where that was. */
export function where(): Where {
  return { pid: process.pid, thread: threadId, count: ++count };
}

/** A process has memory of its own; threads share the process, greenlets share the thread as well. */
function* kinds(): Green<void> {
  const told: Record<string, Where> = { greenlet: yield* spawn(where).get() };
  for (const method of ['worker', 'process'] as const) {
    setStartMethod(method);
    const pool = new Pool(1);
    told[method === 'worker' ? 'thread' : 'process'] = yield* pool.apply(where);
    pool.terminate();
  }
  const mine = { pid: process.pid, thread: threadId };
  for (const [name, { pid, thread, count: seen }] of Object.entries(told)) {
    const same = (is: boolean) => (is ? 'the same' : 'another');
    console.log(
      `${name}: ${same(pid === mine.pid)} process, ${same(pid === mine.pid && thread === mine.thread)} thread, count ${seen}`,
    );
  }
  console.log(`main: count ${count}`);
}

/** Says that it is there, and does nothing else until the other one is: which it can only be told while this one runs. */
export function meets(flags: SharedArray, me: number): boolean {
  const until = performance.now() + 20_000;
  flags[me] = 1;
  while (flags[1 - me] === 0 && performance.now() < until);
  return flags[1 - me] === 1;
}

/** One after the other; several that take turns; several at the same time. */
function* ways(): Green<void> {
  const steps: string[] = [];
  const job = function* (name: string) {
    steps.push(`${name} begins`);
    yield* sleep(5);
    steps.push(`${name} ends`);
  };
  for (const name of ['a', 'b']) yield* job(name);
  console.log('serial:', steps.splice(0).join(', '));
  yield* all([job('a'), job('b')]);
  console.log('concurrent:', steps.splice(0).join(', '));
  setStartMethod('worker');
  const flags = new SharedArray('i', 2);
  const pool = new Pool(2);
  const both = [pool.applyAsync(meets, [flags, 0]), pool.applyAsync(meets, [flags, 1])];
  console.log(
    'parallel:',
    (yield* all(both.map((each) => each.get()))).every(Boolean) ? 'two ran at the same time' : 'no',
  );
  pool.terminate();
}

/** Who waits for the result; and what else stands still meanwhile. */
function* calls(): Green<void> {
  const file = new URL(import.meta.url);
  let ticks = 0;
  const clock = spawn(function* () {
    for (;;) {
      yield* sleep(0);
      ticks++;
    }
  });
  yield* sleep(0);
  const before = ticks;
  readFileSync(file);
  console.log('a call that blocks the thread: others ran', ticks - before, 'times');
  yield* fs.readFile(file);
  console.log('a call that blocks the greenlet: others ran', ticks > before ? 'meanwhile' : 'not');
  const later = spawn(() => fs.readFile(file, 'utf8'));
  console.log('asynchronous: it was asked for, and is', later.ready() ? 'there' : 'not there yet');
  later.link((done) => console.log('asynchronous: a callback is told of', typeof done.value));
  yield* later.join();
  yield* sleep(0);
  const queue = new Queue();
  try {
    queue.getNowait();
  } catch (error) {
    console.log('a call that does not block: at once', (error as Error).name);
  }
  yield* clock.kill();
}

function flat(node: GreenletNode): GreenletNode[] {
  return [node, ...node.children.flatMap(flat)];
}

/** Ready, running, blocked: the states of a process are those of a greenlet. */
function* states(): Green<void> {
  const lock = new Lock({ name: 'lock' });
  yield* lock.acquire();
  const [blocked, ready] = [spawn(() => lock.acquire()), spawn(sleep, 0)];
  blocked.name = 'first';
  ready.name = 'second';
  const show = (when: string) => {
    const nodes = flat(tree()).filter(({ name }) => ['first', 'second', 'third'].includes(name));
    const texts = nodes.map(
      ({ name, state, operation }) => `${name} ${state}${operation === null ? '' : ` in ${operation}`}`,
    );
    console.log(when, texts.join(', '));
  };
  show('spawned:');
  yield* sleep(0);
  show('later:');
  lock.release();
  show('released:');
  yield* joinall([blocked, ready]);
}

export function* echoes(asks: FarQueue, answers: FarQueue, begun: FarEvent): Green<void> {
  yield* begun.set();
  for (;;) yield* answers.put(yield* asks.get());
}

/** us for control to go to another one and back. */
function* costs(): Green<void> {
  const told: [string, number][] = [];
  const [a, b] = [new Event(), new Event()];
  const other = spawn(function* () {
    for (;;) {
      yield* a.wait();
      a.clear();
      b.set();
    }
  });
  const rounds = 20_000;
  let since = performance.now();
  for (let round = 0; round < rounds; round++) {
    a.set();
    yield* b.wait();
    b.clear();
  }
  told.push(['greenlet', ((performance.now() - since) * 1000) / rounds]);
  yield* other.kill();
  for (const method of ['worker', 'process'] as const) {
    setStartMethod(method);
    const [asks, answers, begun] = [new FarQueue(), new FarQueue(), new FarEvent()];
    const p = new Process({ target: echoes, args: [asks, answers, begun], daemon: true });
    p.start();
    yield* begun.wait();
    since = performance.now();
    for (let round = 0; round < 200; round++) {
      yield* asks.put(round);
      yield* answers.get();
    }
    told.push([method === 'worker' ? 'thread' : 'process', ((performance.now() - since) * 1000) / 200]);
    p.terminate();
    yield* p.join();
  }
  for (const [name, us] of told) console.log(`to a ${name} and back: ${us.toFixed(1)} us`);
  const [[, greenlet], ...others] = told as [[string, number], ...[string, number][]];
  console.log(
    'a greenlet is the cheapest:',
    others.every(([, us]) => us > greenlet),
  );
}

if (isMainProcess) {
  await main(function* () {
    for (const part of [kinds, ways, calls, states, costs]) {
      console.log(`-- ${part.name}`);
      // In a greenlet of its own, which the states show, too.
      yield* spawn({ name: 'third' }, part).get();
    }
  });
}
