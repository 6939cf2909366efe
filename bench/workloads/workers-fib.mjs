/** Jobs that compute for a millisecond or two: whoever keeps the workers from waiting is as fast as they are. */
import { POOLS, pipelined, SIZE } from '../lib/worker-pools.mjs';

const N = 27;
const FIB = 196_418;

export default ({ quick }) => {
  const count = quick ? 50 : 200;
  const items = Array(count).fill(N);
  const row = (id, pool) => ({
    id,
    clock: 'wall',
    ...pool,
    run: (_, begun) => begun.run('fib', items),
    ops: count,
    expected: Array(count).fill(FIB),
  });
  const best = 'to worker threads pipelined by hand';
  return {
    title: `workers: fib(${N}), ${count} times, for ${SIZE} workers`,
    short: `workers, fib(${N})`,
    contestants: [
      row('threads', POOLS.threads),
      row('processes', POOLS.processes),
      row('pipelined', pipelined(2)),
      row('raw', POOLS.raw),
      row('piscina', POOLS.piscina),
      row('tinypool', POOLS.tinypool),
    ],
    bars: [
      { text: `fib(${N}) by \`ThreadPool\`, ${best}`, of: 'threads', to: 'pipelined', most: 1.05, goal: 1 },
      { text: `fib(${N}) by processes, ${best}`, of: 'processes', to: 'pipelined', most: 1.05, goal: 1 },
    ],
  };
};
