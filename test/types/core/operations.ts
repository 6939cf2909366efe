import {
  all,
  any,
  attempt,
  call,
  callback,
  type Event,
  each,
  forEach,
  type Green,
  green,
  isExit,
  main,
  type Operation,
  type Queue,
  type Results,
  race,
  rethrowExit,
  select,
  settled,
  shield,
  sleep,
  spawn,
  suspend,
  until,
  type Waker,
  withTimeout,
} from 'greenlets';
import { expectType } from './expect.js';

declare const num: Operation<number>;
declare const str: Operation<string>;
declare const promised: Promise<boolean>;
declare function body(n: number): Green<'literal'>;

function* identity<T>(value: T): Green<T> {
  yield* sleep(0);
  return value;
}

// Operations.
async function outside() {
  expectType<number>()(await num);
  expectType<number>()(await num.promise());
  expectType<string>()(await num.then((n) => `${n}`));
  const like: PromiseLike<number> = num;
}

function* suspends(): Green<void> {
  expectType<string>()(yield* suspend<string>('name', (wake) => wake.resolve('x')));
  expectType<number>()(
    yield* suspend((wake: Waker<number>) => {
      setTimer(wake.resolve);
      return () => {};
    }),
  );
  // @ts-expect-error it waits for a number
  yield* suspend<number>('name', (wake) => wake.resolve('x'));
  // @ts-expect-error an undo is a function
  yield* suspend<number>('name', () => 5);
}
declare function setTimer(fn: (n: number) => void): void;

function* untils(
  signal: { readonly aborted: boolean } & Parameters<
    Parameters<typeof until>[0] & ((s: never) => unknown)
  >[0],
): Green<void> {
  expectType<boolean>()(yield* until(promised));
  expectType<boolean>()(yield* until(promised, { signal }));
  expectType<number>()(
    yield* until(
      async (s) => {
        const aborted: boolean = s.aborted;
        return 5;
      },
      { signal, late: (value) => value.toFixed() },
    ),
  );
  yield* until(promised, { signal: undefined });
  // @ts-expect-error a number is no promise
  yield* until(5);
  expectType<string>()(yield* callback<string>((cb) => cb(null, 'x')));
  // @ts-expect-error the callback takes a string
  yield* callback<string>((cb) => cb(null, 5));
}

function* calls(): Green<void> {
  expectType<'literal'>()(yield* call(body, 1));
  expectType<number>()(yield* call(() => 5 as number));
  expectType<number>()(yield* call(async () => 5 as number));
  expectType<number>()(yield* call(() => num));
  expectType<number>()(yield* call(identity<number>, 5));
  const generic: number = yield* call(identity, 5 as number);
  // @ts-expect-error body takes a number
  yield* call(body, 'one');
  // @ts-expect-error body takes an argument
  yield* call(body);
  yield* call(
    // @ts-expect-error a bare yield: the star is missing
    function* () {
      yield 5;
    },
  );
  yield* call(
    // @ts-expect-error a bare yield of an operation
    function* () {
      yield num;
    },
  );

  const result = yield* attempt(body, 1);
  if (result.ok) {
    expectType<'literal'>()(result.value);
  } else {
    expectType<unknown>()(result.error);
    // @ts-expect-error no value after an error
    const none: 'literal' = result.value;
  }
  const ofOperation = yield* attempt(num);
  if (ofOperation.ok) expectType<number>()(ofOperation.value);
  expectType<'literal'>()(yield* shield(body, 1));
  expectType<number>()(yield* shield(num));
}

function* combinations(): Green<void> {
  const tuple = yield* all([num, str, promised, body(1), spawn(body, 1)]);
  expectType<[number, string, boolean, 'literal', 'literal']>()(tuple);
  const [a, b] = tuple;
  expectType<number>()(a);
  expectType<string>()(b);
  const record = yield* all({ num, str, promised, child: spawn(async () => 5 as number) });
  expectType<number>()(record.num);
  expectType<string>()(record.str);
  expectType<boolean>()(record.promised);
  expectType<number>()(record.child);
  // @ts-expect-error there is no such operand
  record.other;
  const many: number[] = yield* all([1, 2, 3].map((n) => call(identity<number>, n)));
  const ofSet: number[] = yield* all(new Set([num]));

  const outcomes = yield* settled([num, str]);
  const [first] = outcomes;
  if (first.ok) expectType<number>()(first.value);
  else expectType<unknown>()(first.error);
  const named = yield* settled({ num });
  if (named.num.ok) expectType<number>()(named.num.value);

  expectType<number | string>()(yield* race([num, str]));
  expectType<number | string>()(yield* any([num, str]));
  expectType<number | boolean>()(yield* race({ num, promised }));
}

function* selects(queue: Queue<Date>, event: Event, body: () => Green<'done'>): Green<void> {
  const got = yield* select({
    job: queue.get(),
    room: queue.put(new Date()),
    stop: event.wait(),
    child: spawn(async () => 'x' as string),
    body: body(),
    promised,
    queue,
    nested: select({ num }),
  });
  expectType<'job' | 'room' | 'stop' | 'child' | 'body' | 'promised' | 'queue' | 'nested'>()(got.key);
  switch (got.key) {
    case 'job':
      expectType<Date>()(got.value);
      break;
    case 'room':
      expectType<void>()(got.value);
      break;
    case 'stop':
    case 'promised':
      expectType<boolean>()(got.value);
      break;
    case 'child':
      expectType<string>()(got.value);
      break;
    case 'body':
      expectType<'done'>()(got.value);
      break;
    case 'queue':
      expectType<Queue<Date>>()(got.value);
      break;
    case 'nested':
      expectType<{ readonly key: 'num'; readonly value: number }>()(got.value);
      break;
    default:
      expectType<never>()(got);
  }
  const timed = yield* select({ num, str }, { timeout: 5 });
  if (timed.key === null) expectType<undefined>()(timed.value);
  else if (timed.key === 'num') expectType<number>()(timed.value);
  else expectType<string>()(timed.value);
  const perhaps: { timeout?: number } = {};
  const perhapsTimed = yield* select({ num }, perhaps);
  expectType<'num' | null>()(perhapsTimed.key);
  if (perhapsTimed.key !== null) expectType<number>()(perhapsTimed.value);
  const untimed = yield* select({ num }, {});
  expectType<'num'>()(untimed.key);
  // @ts-expect-error there is no such operand
  got.key === 'other';
  // @ts-expect-error a number is no record
  select(5);
  // @ts-expect-error the timeout is a number
  select({ num }, { timeout: '5' });
  // @ts-expect-error options come in one object
  select({ num }, 5);
}

function* sources(queue: { items(): Results<Date> }, stream: AsyncIterable<string>): Green<void> {
  const numbers = each([1, 2, 3]);
  while (yield* numbers.more()) expectType<number>()(numbers.value);
  expectType<number[]>()(yield* numbers.toArray());
  const result = yield* numbers.next();
  if (!result.done) expectType<number>()(result.value);
  else expectType<undefined>()(result.value);
  numbers.close();
  const lines: Results<string> = each(stream);
  const dates: Results<Date> = each(queue);
  const same: Results<string> = each(lines);
  const characters: Results<string> = each('text');
  const generated: Results<number> = each(
    (function* () {
      yield 5;
    })(),
  );
  // @ts-expect-error a number is no source
  each(5);
  using disposable = each([1]);
  yield* forEach([1, 2], function* (n): Green<void> {
    expectType<number>()(n);
    yield* sleep(n);
  });
  yield* forEach(stream, async (line) => line.length);
  yield* forEach([1], (n) => n);
}

async function forAwait() {
  for await (const n of each([1, 2])) expectType<number>()(n);
}

// green: an ordinary async function.
const handler = green(function* (name: string, n: number): Green<boolean> {
  yield* sleep(n);
  return name === '';
});
expectType<(name: string, n: number) => Promise<boolean>>()(handler);
const plain: () => Promise<number> = green(() => 5, { name: 'five' });
const inferred = green(identity<string>);
async function greens() {
  const value: string = await inferred('x');
  // @ts-expect-error it takes a string
  await inferred(5);
}
green(
  // @ts-expect-error a bare yield
  function* () {
    yield 5;
  },
);

// main, exits.
async function program() {
  expectType<'literal'>()(await main(body, 1));
}
expectType<boolean>()(isExit(new Error()));
expectType<void>()(rethrowExit(new Error()));

function* timeouts(): Green<void> {
  expectType<'literal'>()(yield* withTimeout(5, body, 1));
  expectType<number>()(yield* withTimeout(5, num));
  expectType<'literal' | null>()(yield* withTimeout(5, { timeoutValue: null }, body, 1));
  expectType<number | null>()(yield* withTimeout(5, { timeoutValue: null }, num));
  // @ts-expect-error body takes a number
  yield* withTimeout(5, body, 'one');
}
