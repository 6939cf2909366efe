/** What a generator function costs that is made for each greenlet, beside one that all share. */
import { call, joinall, spawn } from '../greenlets.mjs';

const MANY = 20_000;
const SUM = (MANY * (MANY + 1)) / 2;

function* life(x) {
  return x + 1;
}

function* sharing() {
  const list = [];
  for (let i = 0; i < MANY; i++) list.push(spawn(life, i));
  let sum = 0;
  for (const each of yield* joinall(list)) sum += each.value;
  return sum;
}

function* closing() {
  const list = [];
  for (let i = 0; i < MANY; i++) {
    list.push(
      spawn(function* () {
        return i + 1;
      }),
    );
  }
  let sum = 0;
  for (const each of yield* joinall(list)) sum += each.value;
  return sum;
}

function* sharingPlain() {
  const list = [];
  for (let i = 0; i < MANY; i++) list.push(spawn(() => i + 1));
  let sum = 0;
  for (const each of yield* joinall(list)) sum += each.value;
  return sum;
}

function* sharingArrows() {
  const list = [];
  for (let i = 0; i < MANY; i++) list.push(spawn(() => life(i)));
  let sum = 0;
  for (const each of yield* joinall(list)) sum += each.value;
  return sum;
}

function* sharingCalls() {
  let sum = 0;
  for (let i = 0; i < MANY; i++) sum += yield* call(life, i);
  return sum;
}

function* closingCalls() {
  let sum = 0;
  for (let i = 0; i < MANY; i++) {
    sum += yield* call(function* () {
      return i + 1;
    });
  }
  return sum;
}

function* arrowCalls() {
  let sum = 0;
  for (let i = 0; i < MANY; i++) sum += yield* call(() => life(i));
  return sum;
}

function bareSharing() {
  let sum = 0;
  for (let i = 0; i < MANY; i++) sum += life(i).next().value;
  return sum;
}

function bareClosing() {
  let sum = 0;
  for (let i = 0; i < MANY; i++) {
    const own = function* () {
      return i + 1;
    };
    sum += own().next().value;
  }
  return sum;
}

const green = (fn) => () => spawn(fn).get().promise();

const ROWS = [
  ['spawn', 'shared', 'spawn(fn, x)`, one `fn` for all', green(sharing)],
  ['spawn', 'closure', 'spawn(function* () { … })`, made for each', green(closing)],
  ['spawn', 'arrow', 'spawn(() => fn(x))`, an arrow function made for each', green(sharingArrows)],
  ['spawn', 'plain', 'spawn(() => x)`, the same that gives a value', green(sharingPlain)],
  ['call', 'shared', 'yield* call(fn, x)`, one `fn` for all', green(sharingCalls)],
  ['call', 'closure', 'yield* call(function* () { … })`, made for each', green(closingCalls)],
  ['call', 'arrow', 'yield* call(() => fn(x))`, an arrow function made for each', green(arrowCalls)],
  ['no library', 'shared', 'fn(x).next()`, one `fn` for all', bareSharing],
  ['no library', 'closure', '(function* () { … })().next()`, made for each', bareClosing],
];

export default () => ({
  title: 'closures: a generator function made for each greenlet, or shared by all',
  contestants: ROWS.map(([which, id, label, run]) => ({
    id: `${which}-${id}`,
    case: which,
    label: `\`${label}`,
    run,
    ops: MANY,
    expected: SUM,
  })),
});
