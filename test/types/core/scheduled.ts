import {
  AsyncResult,
  type Body,
  currentGreenlet,
  type Fn,
  type Green,
  Greenlet,
  type GreenletExit,
  type greenlet,
  hub,
  iwait,
  joinall,
  kill,
  killall,
  type Operation,
  type Results,
  type Returned,
  scope,
  seconds,
  sleep,
  spawn,
  spawnLater,
  spawnRaw,
  Timeout,
  wait,
} from 'greenlets';
import { expectType } from './expect.js';

declare const num: Operation<number>;

function* identity<T>(value: T): Green<T> {
  yield* sleep(0);
  return value;
}
function* pair<A, B>(a: A, b: B): Green<[A, B]> {
  return [a, b];
}

// spawn.
expectType<Greenlet<number>>()(spawn(() => 5 as number));
expectType<Greenlet<number>>()(spawn(async () => 5 as number));
expectType<Greenlet<number>>()(
  spawn(function* () {
    yield* sleep(0);
    return 5 as number;
  }),
);
expectType<Greenlet<void>>()(spawn(sleep, 5));
expectType<Greenlet<number>>()(spawn(() => num));
const generic: Greenlet<number> = spawn(identity, 5 as number);
const two: Greenlet<[number, string]> = spawn(pair, 5 as number, 'x' as string);
expectType<Greenlet<string>>()(spawn({ name: 'named', daemon: true }, identity<string>, 'x'));
expectType<Greenlet<void>>()(spawn({ context: 'fresh' }, sleep, 5));
expectType<Greenlet<string>>()(spawnLater(5, identity<string>, 'x'));
const raw: greenlet = spawnRaw(identity, 5);

// @ts-expect-error the argument is of the wrong type
spawn(identity<string>, 5);
// @ts-expect-error an argument is missing
spawn(identity<string>);
// @ts-expect-error one too many
spawn(() => 5, 1);
// @ts-expect-error a number is no function
spawn(5);
// @ts-expect-error no such option
spawn({ nmae: 'x' }, () => {});
spawn(
  // @ts-expect-error a bare yield: the star is missing
  function* () {
    yield 5;
  },
);
spawn(
  // @ts-expect-error a bare yield of nothing
  function* () {
    yield;
  },
);
spawn(
  // @ts-expect-error a bare yield of a promise
  function* () {
    yield Promise.resolve(5);
  },
);

function* uses(g: Greenlet<number>): Green<void> {
  expectType<number>()(yield* g.get());
  expectType<number>()(yield* g.get({ timeout: 5, block: true }));
  expectType<boolean>()(yield* g.join({ timeout: 5 }));
  expectType<boolean>()(yield* g.kill({ exception: new Error(), block: false, timeout: 5, grace: 5 }));
  yield* kill(g);
  yield* killall([g], { exception: TypeError, block: false });
  const finished: Greenlet<number>[] = yield* joinall([g, g], { timeout: 5, count: 1, raiseError: true });
  yield* joinall(new Set([g]));
  yield* wait([g], { count: 1 });
  const waits = iwait([g]);
  const results: Results<unknown> = waits;
  using disposed = spawn(() => {});
}

expectType<number | undefined>()(spawn(() => 5 as number).result());
expectType<number | GreenletExit | undefined>()(spawn(() => 5 as number).value);
const g = spawn(() => 5 as number);
expectType<boolean>()(g.ready());
expectType<boolean>()(g.successful());
expectType<boolean>()(g.killed);
expectType<unknown>()(g.error);
expectType<unknown>()(g.exception);
g.link((dead) => dead.value);
spawn(() => 1).link(new AsyncResult<number>());
spawn(() => 1).rawlink(new AsyncResult<number | string>());
spawn(() => 1).link(new AsyncResult());
spawn(sleep, 1).linkValue(new AsyncResult<void>());
spawn(sleep, 1).linkException(new AsyncResult<number>());
const wider: Greenlet<unknown> = spawn(() => 1);
wider.link(new AsyncResult());
// @ts-expect-error its value is a number
spawn(() => 1).link(new AsyncResult<string>());
// @ts-expect-error its value is a number
new AsyncResult<number>().link(new AsyncResult<string>());
g.linkValue(function* (dead): Green<void> {
  yield* sleep(0);
});
g.linkException(async () => {});
g.rawlink(() => {});
g.unlink(() => {});
g.ref();
g.unref();
g.start();
g.startLater(5);
const aborted: boolean = g.signal.aborted;
const spawner: Greenlet | null = g.spawnedBy;
const arguments_: readonly unknown[] = g.args;
const current: Greenlet | null = currentGreenlet();

// A subclass with its own run.
class Worker extends Greenlet<string> {
  constructor(
    readonly job: number,
    readonly label: string,
  ) {
    super();
  }
  override *run(): Green<string> {
    yield* sleep(this.job);
    return this.label;
  }
}
function* workers(): Green<void> {
  const worker = new Worker(1, 'x');
  worker.start();
  expectType<string>()(yield* worker.get());
  expectType<number>()(worker.job);
  const spawned: Worker = Worker.spawn(1, 'x');
  const later: Worker = Worker.spawnLater(5, 1, 'x');
  const plain: Greenlet<number> = Greenlet.spawn(() => 5 as number);
}

// scope, Timeout, helpers.
function* structured(): Green<void> {
  const value = yield* scope(function* (s): Green<number> {
    const child = s.spawn(identity<number>, 5);
    expectType<Greenlet<number>>()(child);
    return yield* child.get();
  });
  expectType<number>()(value);
  const timeout = new Timeout(5);
  timeout.start();
  timeout.cancel();
  expectType<boolean>()(timeout.pending);
  expectType<boolean>()(timeout.mine(new Error()));
  const started: Timeout = Timeout.startNew(5);
  const run: number | undefined = yield* timeout.run(identity<number>, 5);
  yield* sleep(seconds(1));
  yield* sleep(5, { ref: false });
  // @ts-expect-error a time is a number
  yield* sleep('5');
}

hub.onError = (error, from) => {
  expectType<unknown>()(error);
  expectType<greenlet | null>()(from);
};
hub.onError = null;
hub.onWarning = ({ code, message, greenlet, at }) => {
  expectType<string>()(code);
  expectType<string>()(message);
  expectType<string>()(at);
};
hub.onWarning = null;
hub.debug = true;
hub.killGrace = 5;
hub.switchInterval = 5;

// The named types.
type A = Returned<Green<number>>;
type B = Returned<Promise<number>>;
type C = Returned<Operation<number>>;
type D = Returned<number>;
declare const a: A;
declare const b: B;
declare const c: C;
declare const d: D;
expectType<number>()(a);
expectType<number>()(b);
expectType<number>()(c);
expectType<number>()(d);
const bodies: Body<number>[] = [5, num, Promise.resolve(5), identity(5)];
function takes<P extends unknown[], R>(fn: Fn<P, R>, ...args: P): Returned<R> {
  throw [fn, args];
}
expectType<number>()(takes(identity<number>, 5));
