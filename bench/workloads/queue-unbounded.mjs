/** One producer and one consumer with an unbounded queue between them: the producer never waits. */
import { barsOf, contestantsOf, verifyOrder } from '../lib/producer-consumer.mjs';

export default ({ size: count = 100_000, quick }) => ({
  title: `an unbounded queue: ${count.toLocaleString('en')} items from one to another`,
  growth: { what: 'items', sizes: [10_000, 100_000, 1_000_000] },
  contestants: contestantsOf(Number.POSITIVE_INFINITY, count, quick),
  bars: barsOf(Number.POSITIVE_INFINITY, count),
  verify: () => verifyOrder(Number.POSITIVE_INFINITY),
});
