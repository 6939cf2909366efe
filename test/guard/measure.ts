/**
 * Counts what the hot paths allocate and what a greenlet takes, and prints it as JSON; run by guard.test.ts, with the bounds as its
 * argument. Nothing here is a time: a loaded machine gives the same.
 */
import { greenlet, hub, joinall, Lock, Queue, settrace, sleep, spawn, suspend, type Waker } from 'greenlets';

const gc = (globalThis as unknown as { gc(): void }).gc;
const used = () => process.memoryUsage().heapUsed;

const bounds: Record<string, number> = JSON.parse(process.argv[2] ?? '{}');
const figures: Record<string, unknown> = {};

/** Runs of each thing. */
const RUNS = 200_000;
/** At first nothing is optimised, and code that is not optimised allocates numbers; how soon it is depends on the machine. */
const ATTEMPTS = 60;

/**
 * Bytes that one of `RUNS` runs of something allocates, which `repeat(RUNS)` runs so often: the least of several attempts, for all that
 * disturbs adds to it. The young generation has room for all, so nothing is collected meanwhile; if it was, the attempt does not count.
 */
async function allocated(name: string, repeat: (runs: number) => unknown): Promise<void> {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < ATTEMPTS && least > (bounds[name] ?? 0); attempt++) {
    gc();
    const before = used();
    await repeat(RUNS);
    const bytes = (used() - before) / RUNS;
    if (bytes >= 0) least = Math.min(least, bytes);
  }
  figures[name] = least;
}

let left: greenlet;
let right: greenlet;

function* ping(runs: number) {
  for (let i = 0; i < runs; i += 2) yield* right.switch();
}

function* pong() {
  for (;;) yield* left.switch();
}

function switching(runs: number): void {
  left = new greenlet(ping);
  right = new greenlet(pong);
  left.switch(runs);
}

function* giving(turns: number) {
  for (let i = 0; i < turns; i++) yield* sleep(0);
}

function* all(list: () => greenlet[]) {
  yield* joinall(list() as never[]);
}

const inGreenlet = (make: () => greenlet[]) => spawn(all, make).get().promise();

const sleeping = (runs: number) =>
  inGreenlet(() => Array.from({ length: 100 }, () => spawn(giving, runs / 100)));

const lock = new Lock();

function* taking(runs: number) {
  for (let i = 0; i < runs; i++) {
    yield* lock.acquire();
    lock.release();
  }
}

function* holding(runs: number) {
  for (let i = 0; i < runs; i++) {
    yield* lock.acquire();
    yield* sleep(0);
    lock.release();
  }
}

const contended = (runs: number) =>
  inGreenlet(() => Array.from({ length: 10 }, () => spawn(holding, runs / 10)));

const ready = new Queue<number>(10);

function* passing(runs: number) {
  for (let i = 0; i < runs; i++) {
    yield* ready.put(1);
    yield* ready.get();
  }
}

const between = new Queue<number>(10);

function* putting(runs: number) {
  for (let i = 0; i < runs; i++) yield* between.put(1);
}

function* getting(runs: number) {
  for (let i = 0; i < runs; i++) yield* between.get();
}

const handedOver = (runs: number) => inGreenlet(() => [spawn(putting, runs), spawn(getting, runs)]);

const GREENLETS = 100_000;
let parked = 0;

const wakers = new Array<Waker<number> | null>(GREENLETS).fill(null);
const parking = suspend<number>('park', (waker) => {
  wakers[parked++] = waker;
});

function* suspended(x: number) {
  return x + (yield* parking);
}

function* sleepingLong(x: number) {
  parked++;
  yield* sleep(1e9);
  return x;
}

function settledHeap(): number {
  for (let i = 0; i < 3; i++) gc();
  return used() + process.memoryUsage().arrayBuffers;
}

/** Bytes of heap that a parked greenlet takes. The arrays that this program itself keeps were there before. */
async function parkedBytes(fn: (x: number) => Generator<never, number>): Promise<number> {
  parked = 0;
  const kept = new Array<greenlet | null>(GREENLETS).fill(null);
  const before = settledHeap();
  for (let i = 0; i < GREENLETS; i++) kept[i] = spawn(fn as never, i);
  while (parked < GREENLETS) await new Promise((resolve) => setImmediate(resolve));
  const bytes = (settledHeap() - before) / kept.length;
  for (const each of kept) (each as ReturnType<typeof spawn>).kill({ block: false });
  await joinall(kept as never[]);
  return bytes;
}

/** A program whose every switch is counted: what is ready runs first in, first out, and a turn ends when nothing is. */
async function fixedProgram() {
  hub.switchInterval = 1e9;
  const queue = new Queue<number>(3);
  let switches = 0;
  function* producer() {
    for (let i = 0; i < 20; i++) yield* queue.put(i);
  }
  function* consumer() {
    let sum = 0;
    for (let i = 0; i < 20; i++) sum += yield* queue.get();
    return sum;
  }
  function* program() {
    const list = Array.from({ length: 5 }, () => spawn(giving, 10));
    const consumed = spawn(consumer);
    yield* joinall([...list, spawn(producer), consumed]);
    return consumed.value;
  }
  await sleep(0);
  const before = hub.stats().turns;
  settrace(() => {
    switches++;
  });
  const value = await spawn(program).get();
  settrace(null);
  return { value, switches, turns: hub.stats().turns - before };
}

await allocated('switch', switching);
await allocated('sleep(0)', sleeping);
await allocated('acquire + release', (runs) => spawn(taking, runs).get().promise());
await allocated('acquire + release of a lock that others want', contended);
await allocated('put + get', (runs) => spawn(passing, runs).get().promise());
await allocated('put + get that wait', handedOver);
figures['parked in suspend'] = await parkedBytes(suspended as never);
figures['parked in sleep'] = await parkedBytes(sleepingLong as never);
figures.program = await fixedProgram();
process.stdout.write(JSON.stringify(figures), () => process.exit());
