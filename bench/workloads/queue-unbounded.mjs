/** One producer and one consumer with an unbounded queue between them: the producer never waits. */
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

export default ({ count }) => {
  const items = count.toLocaleString('en');
  const task = { ops: count, expected: sumOf(count) };
  return {
    title: `an unbounded queue: ${items} items from one to another`,
    weight: count > 100_000 ? 'huge' : 'medium',
    contestants: [
      {
        id: 'greenlets',
        label: 'greenlets: `Queue()`',
        run: () => greenlets(Number.POSITIVE_INFINITY, count),
        ...task,
      },
      {
        id: 'generators',
        label: 'bare generators with a ring that has room for all, stepped in turn',
        run: () => generators(count, count),
        ...task,
      },
      {
        id: 'async',
        label: 'async functions: a queue of promises',
        run: () => asyncFunctions(Number.POSITIVE_INFINITY, count),
        ...task,
      },
      {
        id: 'effect',
        label: 'effect: `Queue.unbounded()`',
        peer: effect,
        run: () => effects((Queue) => Queue.unbounded(), count),
        ...task,
      },
    ],
    bars: [
      { text: `\`Queue()\`, ${items} items, to a queue of promises`, of: 'greenlets', to: 'async', most: 1 },
      {
        text: `\`Queue()\`, ${items} items, to bare generators (wanted)`,
        of: 'greenlets',
        to: 'generators',
        most: 2,
      },
    ],
    verify: async () => deepStrictEqual(await inOrder(Number.POSITIVE_INFINITY), true),
  };
};
