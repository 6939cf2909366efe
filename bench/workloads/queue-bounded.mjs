/** One producer and one consumer with a bounded queue between them: each waits for the other, again and again. */
import { barsOf, contestantsOf, verifyOrder } from '../lib/producer-consumer.mjs';

const BOUND = 100;

export default ({ size: count = 100_000, quick }) => ({
  title: `a queue of ${BOUND}: ${count.toLocaleString('en')} items from one to another`,
  growth: { what: 'items', sizes: [10_000, 100_000, 1_000_000] },
  contestants: contestantsOf(BOUND, count, quick),
  bars: barsOf(BOUND, count),
  verify: () => verifyOrder(BOUND),
});
