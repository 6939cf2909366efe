// Wherever a function is taken: generic functions infer, a bare yield is refused, and an operation may stand for a function.
import {
  AsyncResult,
  all,
  attempt,
  Condition,
  call,
  enter,
  every,
  forEach,
  type Green,
  Greenlet,
  Group,
  green,
  Lock,
  main,
  type Operation,
  Pool,
  RWLock,
  race,
  retry,
  runWith,
  Semaphore,
  scope,
  select,
  settled,
  shield,
  sleep,
  spawn,
  spawnLater,
  spawnRaw,
  supervise,
  Timeout,
  until,
  withTimeout,
} from 'greenlets';
import { expectType } from './expect.js';

declare const n: number;
declare const op: Operation<string>;
declare const storage: { getStore(): number | undefined; enterWith(store: number): void };

function* identity<T>(value: T): Green<T> {
  yield* sleep(0);
  return value;
}
declare function later<T>(value: T): Promise<T>;
declare function operation<T>(value: T): Operation<T>;

// Generic functions.
function* generics(pool: Pool): Green<void> {
  const numbers: number[] = [
    yield* spawn(identity, n).get(),
    yield* spawn(later, n).get(),
    yield* spawn({ name: 'x' }, identity, n).get(),
    yield* spawnLater(5, identity, n).get(),
    yield* Greenlet.spawn(identity, n).get(),
    yield* Greenlet.spawnLater(5, identity, n).get(),
    yield* call(identity, n),
    yield* call(operation, n),
    yield* shield(identity, n),
    yield* shield(operation, n),
    yield* withTimeout(5, identity, n),
    yield* withTimeout(5, { timeoutValue: 0 }, identity, n),
    (yield* new Timeout(5).run(identity, n)) ?? 0,
    (yield* new Timeout(5).run(later, n)) ?? 0,
    yield* runWith(storage, 1, identity, n),
    yield* retry(identity),
    yield* supervise(() => n),
    yield* pool.apply(identity, [n]),
    yield* pool.applyAsync(identity, [n]).get(),
    yield* (yield* pool.spawn(identity, n)).get(),
    yield* pool.spawnNowait(identity, n).get(),
    yield* new Group().spawn(identity, n).get(),
    ...(yield* pool.map(identity, [n])),
    ...(yield* pool.imap(identity, [n]).toArray()),
    ...(yield* all([n].map((each) => call(identity, each)))),
    yield* scope(function* (s) {
      return yield* s.spawn(identity, n).get();
    }),
    yield* until(green(identity)(n)),
    yield* until(main(identity, n)),
  ];
  const tried = yield* attempt(identity, n);
  if (tried.ok) numbers.push(tried.value);
  const both: [number, string] = yield* all([call(identity, n), spawn(identity, '')]);
}

// An operation instead of a function.
function* operations(pool: Pool): Green<void> {
  expectType<Greenlet<string>>()(spawn(op));
  expectType<Greenlet<string>>()(spawn({ name: 'x' }, op));
  expectType<Greenlet<string>>()(spawnLater(5, op));
  expectType<Greenlet<string>>()(Greenlet.spawn(op));
  expectType<Greenlet<string>>()(Greenlet.spawnLater(5, op));
  expectType<Greenlet<string>>()(new Greenlet(op));
  expectType<Greenlet<string>>()(new Group().spawn(op));
  expectType<Greenlet<string>>()(yield* pool.spawn(op));
  expectType<Greenlet<string>>()(pool.spawnNowait(op));
  expectType<string>()(yield* shield(op));
  expectType<string>()(yield* retry(op));
  expectType<string>()(yield* supervise(op));
  expectType<string | undefined>()(yield* new Timeout(5).run(op));
  spawnRaw(op);
}

// What a constructor infers.
expectType<Greenlet<number>>()(new Greenlet(() => n));
expectType<Greenlet<number>>()(new Greenlet(async () => n));
expectType<Greenlet<number>>()(new Greenlet(operation<number>, 5));
expectType<Greenlet<number>>()(
  new Greenlet(function* () {
    yield* sleep(0);
    return n;
  }),
);

// Subclasses: the arguments are the constructor's.
class Worker extends Greenlet<string> {
  constructor(readonly job: number) {
    super();
  }
  override *run(): Green<string> {
    return '';
  }
}
class Adder extends Greenlet {
  override *run(a: number, b: number): Green<number> {
    return a + b;
  }
}
expectType<Worker>()(Worker.spawn(5));
expectType<Worker>()(Worker.spawnLater(5, 5));
expectType<Adder>()(Adder.spawn(1, 2));
// @ts-expect-error the job is a number
Worker.spawn('x');
// @ts-expect-error and it is needed
Worker.spawnLater(5);

// A bare yield.
declare function bare(): Generator<number, void, unknown>;
// @ts-expect-error
spawn(bare);
// @ts-expect-error
spawn({ name: 'x' }, bare);
// @ts-expect-error
spawnLater(5, bare);
// @ts-expect-error
spawnRaw(bare);
// @ts-expect-error
Greenlet.spawn(bare);
// @ts-expect-error
Greenlet.spawnLater(5, bare);
// @ts-expect-error
attempt(bare);
// @ts-expect-error
shield(bare);
// @ts-expect-error
withTimeout(5, bare);
// @ts-expect-error
withTimeout(5, { timeoutValue: 1 }, bare);
// @ts-expect-error
new Timeout(5).run(bare);
// @ts-expect-error
runWith(storage, 5, bare);
// @ts-expect-error
scope(bare);
// @ts-expect-error
green(bare);
// @ts-expect-error
main(bare);
// @ts-expect-error
forEach([1], bare);
// @ts-expect-error
enter(new Lock().hold(), bare);
// @ts-expect-error
retry(bare);
// @ts-expect-error
supervise(bare);
// @ts-expect-error
every(5, bare);
// @ts-expect-error
new Lock().with(bare);
// @ts-expect-error
new RWLock().read.with(bare);
// @ts-expect-error
new Semaphore().with(bare);
// @ts-expect-error
new Condition().with(bare);
// @ts-expect-error
new Condition().waitFor(bare);
// @ts-expect-error
new Group().spawn(bare);
// @ts-expect-error
new Pool().spawn(bare);
// @ts-expect-error
new Pool().spawnNowait(bare);
// @ts-expect-error
new Pool().apply(bare);
// @ts-expect-error
new Pool().applyAsync(bare);
// @ts-expect-error
new Pool().map(bare, [1]);
// @ts-expect-error
new Pool().starmap(bare, [[]]);
// @ts-expect-error
new Pool().imap(bare, [1]);
// @ts-expect-error
new Pool().imapUnordered(bare, [1]);
// @ts-expect-error
spawn(sleep, 1).link(bare);
// @ts-expect-error
spawn(sleep, 1).linkValue(bare);
// @ts-expect-error
spawn(sleep, 1).linkException(bare);
// @ts-expect-error
spawn(sleep, 1).rawlink(bare);
// @ts-expect-error
new AsyncResult().link(bare);

// Operands.
// @ts-expect-error a body that yields without a star
all([bare()]);
// @ts-expect-error a number is nothing to wait for
race([5]);
// @ts-expect-error a function is not called
select({ a: () => op });
// @ts-expect-error a number is nothing to wait for
settled({ a: op, b: 5 });
