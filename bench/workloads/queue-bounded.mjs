/** One producer and one consumer with a bounded queue between them: each waits for the other, again and again. */
import { deepStrictEqual } from 'node:assert';
import {
  asyncFunctions,
  effect,
  effects,
  generators,
  greenlets,
  inOrder,
  sumOf,
} from '../lib/producer-consumer.mjs';

const BOUND = 100;

export default ({ count }) => {
  const items = count.toLocaleString('en');
  const task = { ops: count, expected: sumOf(count) };
  return {
    title: `a queue of ${BOUND}: ${items} items from one to another`,
    weight: count > 100_000 ? 'huge' : 'medium',
    contestants: [
      {
        id: 'greenlets',
        label: `greenlets: \`Queue(${BOUND})\``,
        run: () => greenlets(BOUND, count),
        ...task,
      },
      {
        id: 'generators',
        label: 'bare generators with a ring, stepped in turn',
        run: () => generators(BOUND, count),
        ...task,
      },
      {
        id: 'async',
        label: `async functions: a queue of promises, at most ${BOUND} items`,
        run: () => asyncFunctions(BOUND, count),
        ...task,
      },
      {
        id: 'effect',
        label: `effect: \`Queue.bounded(${BOUND})\``,
        peer: effect,
        run: () => effects((Queue) => Queue.bounded(BOUND), count),
        ...task,
      },
    ],
    bars: [
      {
        text: `\`Queue(${BOUND})\`, ${items} items, to a queue of promises`,
        of: 'greenlets',
        to: 'async',
        most: 1,
      },
      {
        text: `\`Queue(${BOUND})\`, ${items} items, to bare generators (wanted)`,
        of: 'greenlets',
        to: 'generators',
        most: 2,
      },
    ],
    verify: async () => deepStrictEqual(await inOrder(BOUND), true),
  };
};
