/** Jobs that do nothing: what a pool of workers costs by itself. */
import { POOLS, pipelined, SIZE } from '../lib/worker-pools.mjs';

export default ({ quick, size: count = quick ? 1000 : 10_000 }) => {
  // Everyone shows by the values that each job was run.
  const items = Array.from({ length: count }, (_, i) => i);
  const atOnce = (id, pool) => ({
    id,
    case: 'asked for at once',
    clock: 'wall',
    ...pool,
    run: (_, begun) => begun.run('same', items),
    ops: count,
    expected: items,
  });
  const few = items.slice(0, 200);
  const following = (id, pool) => ({
    id: `${id}-following`,
    case: 'one after the other',
    clock: 'wall',
    ...pool,
    grows: false,
    run: (_, begun) => begun.follow('same', few),
    ops: few.length,
    expected: few,
  });
  return {
    title: `workers: empty jobs for ${SIZE} workers, ${count.toLocaleString('en')} at once, and one after the other`,
    short: 'workers, empty jobs',
    growth: { what: 'jobs', sizes: [1000, 10_000, 100_000] },
    contestants: [
      atOnce('threads', POOLS.threads),
      atOnce('processes', POOLS.processes),
      atOnce('pipelined', pipelined(64)),
      atOnce('raw', POOLS.raw),
      atOnce('piscina', POOLS.piscina),
      atOnce('piscina-busy', POOLS.busyPiscina),
      atOnce('tinypool', POOLS.tinypool),
      atOnce('tinypool-processes', POOLS.tinypoolProcesses),
      following('threads', POOLS.threads),
      following('processes', POOLS.processes),
      following('raw', POOLS.raw),
      following('piscina', POOLS.piscina),
      following('tinypool', POOLS.tinypool),
    ],
    bars: [
      { text: 'empty job of `ThreadPool`, to piscina', of: 'threads', to: 'piscina', most: 0.25, goal: 0.1 },
      {
        text: 'empty job of `ThreadPool`, to tinypool',
        of: 'threads',
        to: 'tinypool',
        most: 0.25,
        goal: 0.1,
      },
      { text: 'empty job of processes, to piscina', of: 'processes', to: 'piscina', most: 0.25, goal: 0.1 },
      { text: 'empty job of processes, to tinypool', of: 'processes', to: 'tinypool', most: 0.25, goal: 0.1 },
    ],
  };
};
