/** `select` over ten channels, beside a `get` from one: where something is ready, and where it has to wait. */
import { deepStrictEqual } from 'node:assert';
import { Channel, killall, select, sleep, spawn } from '../greenlets.mjs';
import { AsyncQueue } from '../lib/async-queue.mjs';
import { effectRow } from '../lib/peer.mjs';
import { programRow } from '../lib/tools.mjs';

const CHANNELS = 10;
const TIMES = 2000;
/** For those that take far longer. */
const FEWER = 200;
const sumOf = (times) => (times * (times - 1)) / 2;
/** How often it is done: as `settings.size` has it. */
let times = TIMES;

const KEYS = Array.from({ length: CHANNELS }, (_, i) => `c${i}`);
const makeChannels = (count) => Array.from({ length: count }, () => new Channel());

/** Operands of channels other than ten: to make a record of a hundred costs several times what the `select` does. */
const records = new WeakMap();

function recordOf(channels) {
  const known = records.get(channels);
  if (known !== undefined) return known;
  const record = Object.fromEntries(channels.map((each, i) => [`c${i}`, each.get()]));
  records.set(channels, record);
  return record;
}

/** What is usually written, made anew for each turn. */
function pick(channels) {
  if (channels.length !== CHANNELS) return select(recordOf(channels));
  const [c0, c1, c2, c3, c4, c5, c6, c7, c8, c9] = channels;
  return select({
    c0: c0.get(),
    c1: c1.get(),
    c2: c2.get(),
    c3: c3.get(),
    c4: c4.get(),
    c5: c5.get(),
    c6: c6.get(),
    c7: c7.get(),
    c8: c8.get(),
    c9: c9.get(),
  });
}

function* selecting(channels) {
  let sum = 0;
  for (let i = 0; i < times; i++) sum += (yield* pick(channels)).value;
  return sum;
}

/** Made once: an operation can be run again. */
function* selectingAgain(channels) {
  const picked = pick(channels);
  let sum = 0;
  for (let i = 0; i < times; i++) sum += (yield* picked).value;
  return sum;
}

function* getting([channel]) {
  let sum = 0;
  for (let i = 0; i < times; i++) sum += yield* channel.get();
  return sum;
}

function* puttingOne(channel, item) {
  yield* channel.put(item);
}

/** Puts all items, into one channel after the other. */
function* puttingInTurn(channels) {
  for (let i = 0; i < times; i++) yield* channels[i % channels.length].put(i);
}

/** Puts its share of the items. */
function* puttingShare(channels, index) {
  for (let i = index; i < times; i += channels.length) yield* channels[index].put(i);
}

/** All items wait in the first channel, and one item that nobody comes to in each of the others. */
async function readyFirst(count) {
  const channels = makeChannels(count);
  const putters = [];
  for (let i = 0; i < times; i++) putters.push(spawn(puttingOne, channels[0], i));
  const rest = channels.slice(1).map((channel) => spawn(puttingOne, channel, 0));
  await sleep(0);
  deepStrictEqual(channels[0].balance, times);
  return { channels, rest };
}

/** Whoever takes waits before anybody puts. */
function oneAfterTheOther(channels, taking) {
  const taker = spawn(taking, channels);
  spawn(puttingInTurn, channels);
  return taker.get().promise();
}

/** A producer each. */
function fromAll(channels, taking) {
  for (const index of channels.keys()) spawn(puttingShare, channels, index);
  return spawn(taking, channels).get().promise();
}

/** As it is written with promises: whoever waits for one of several queues is woken by any, and looks where something is. */
async function asyncTaking(queues) {
  let sum = 0;
  for (let i = 0; i < times; i++) {
    for (;;) {
      const ready = queues.find((each) => each.size > 0);
      if (ready !== undefined) {
        sum += await ready.get();
        break;
      }
      await Promise.race(queues.map((each) => each.filled()));
    }
  }
  return sum;
}

async function asyncPutting(queues) {
  for (let i = 0; i < times; i++) await queues[i % queues.length].put(i);
}

async function asyncFunctions() {
  const queues = Array.from({ length: CHANNELS }, () => new AsyncQueue(1));
  const [sum] = await Promise.all([asyncTaking(queues), asyncPutting(queues)]);
  return sum;
}

/** A race of takes, of which the losers are interrupted. */
function effectProgram({ Effect, Fiber, Queue }) {
  return Effect.gen(function* () {
    const queues = [];
    for (let i = 0; i < CHANNELS; i++) queues.push(yield* Queue.bounded(1));
    yield* Effect.forkChild(
      Effect.gen(function* () {
        for (let i = 0; i < FEWER; i++) yield* Queue.offer(queues[i % CHANNELS], i);
      }),
    );
    const taker = yield* Effect.forkChild(
      Effect.gen(function* () {
        let sum = 0;
        for (let i = 0; i < FEWER; i++)
          sum += yield* Effect.raceAllFirst(queues.map((each) => Queue.take(each)));
        return sum;
      }),
    );
    return yield* Fiber.join(taker);
  });
}

/** In the order written when several are ready; what was not chosen is still there. */
async function verify() {
  const channels = makeChannels(CHANNELS);
  const putters = channels.map((channel, index) => spawn(puttingOne, channel, index));
  await sleep(0);
  function* chosen() {
    const seen = [];
    for (const _ of channels) seen.push(yield* pick(channels));
    return seen;
  }
  deepStrictEqual(
    await spawn(chosen).get(),
    KEYS.map((key, value) => ({ key, value })),
  );
  await sleep(0);
  deepStrictEqual(
    putters.map((each) => each.dead),
    channels.map(() => true),
  );
}

const TAKERS = [
  { id: 'select', family: 'greenlets', label: 'greenlets: `select` over', taking: selecting },
  { id: 'again', label: 'greenlets: `select`, made once and run again, over', taking: selectingAgain },
  { id: 'get', label: 'greenlets: `get` from', alone: true, taking: getting },
];

const CASES = [
  {
    id: 'ready',
    label: 'the first is ready',
    prepare: (count) => readyFirst(count),
    run: async ({ channels, rest }, taking) => {
      const sum = await spawn(taking, channels).get();
      await killall(rest);
      return sum;
    },
  },
  { id: 'wait', label: 'it has to wait', prepare: makeChannels, run: oneAfterTheOther },
  { id: 'all', label: 'a producer each', prepare: makeChannels, run: fromAll },
];

export default ({ size: given }) => {
  const size = given ?? CHANNELS;
  // An operand of a select, of which the greater ones have more; else a select.
  if (given !== undefined) times = (TIMES * CHANNELS) / size;
  const task = { ops: given === undefined ? times : times * size, expected: sumOf(times) };
  const wait = CASES[1].label;
  return {
    title: `select over ${size} channels`,
    short: 'select',
    growth: { what: 'operands', sizes: [10, 100, 1000] },
    contestants: [
      ...CASES.flatMap(({ id, label, prepare, run }) =>
        TAKERS.map((taker) => ({
          id: `${taker.id}-${id}`,
          label: `${taker.label} ${taker.alone ? 'one' : size}`,
          family: taker.family,
          case: label,
          prepare: () => prepare(taker.alone ? 1 : size),
          run: (prepared) => run(prepared, taker.taking),
          ...task,
        })),
      ),
      {
        id: 'async',
        label: `async functions: ${CHANNELS} queues of promises and \`Promise.race\``,
        family: 'async/await',
        case: wait,
        grows: false,
        run: asyncFunctions,
        ...task,
      },
      effectRow({
        id: 'effect',
        label: `effect: \`raceAllFirst\` of \`take\` from ${CHANNELS} queues`,
        case: wait,
        program: effectProgram,
        grows: false,
        ops: FEWER,
        expected: sumOf(FEWER),
      }),
      programRow({
        id: 'go',
        label: `Go: \`select\` over ${CHANNELS} channels`,
        family: 'Go',
        case: wait,
        tool: 'go',
        args: ['select', TIMES],
      }),
    ],
    bars: CASES.flatMap(({ id, label }) => [
      {
        text: `\`select\` over ${size}, to a \`get\`: ${label}`,
        of: `select-${id}`,
        to: `get-${id}`,
        most: 3,
      },
      {
        text: `\`select\` over ${size}, made once, to a \`get\`: ${label}`,
        of: `again-${id}`,
        to: `get-${id}`,
        most: 3,
      },
    ]),
    verify,
  };
};
