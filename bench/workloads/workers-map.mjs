/** A map of very small items, which has to be cut into chunks; pools that do not do that get each item by itself, and chunks by hand. */
import { spawn } from '../greenlets.mjs';
import { job, POOLS, SIZE } from '../lib/worker-pools.mjs';

const CHUNKS = SIZE * 4;

/** As large as those that `map` makes. */
function chunksOf(items) {
  const size = Math.ceil(items.length / CHUNKS);
  return Array.from({ length: CHUNKS }, (_, i) => items.slice(i * size, (i + 1) * size));
}

async function chunked(pool, items) {
  return (await pool.run('halves', chunksOf(items))).flat();
}

function* mapping(pool, fn, items) {
  return yield* pool.map(fn, items);
}

export default ({ quick, size: count = quick ? 10_000 : 100_000 }) => {
  const items = Array.from({ length: count }, (_, i) => i);
  // Most of the time passes in other threads and processes.
  const task = { clock: 'wall', ops: count, expected: items.map((x) => x / 2) };
  const half = job('half');
  const ours = (id, pool, label) => ({
    id,
    ...pool,
    label,
    run: (_, { pool: begun }) => spawn(mapping, begun, half, items).get().promise(),
    ...task,
  });
  const single = (id, pool) => ({
    id,
    ...pool,
    label: `${pool.label}, each item by itself`,
    run: (_, begun) => begun.run('half', items),
    ...task,
  });
  const inChunks = (id, pool) => ({
    id: `${id}-chunks`,
    ...pool,
    label: `${pool.label}, ${CHUNKS} chunks by hand`,
    run: (_, begun) => chunked(begun, items),
    ...task,
  });
  return {
    title: `workers: map of ${count.toLocaleString('en')} numbers, for ${SIZE} workers`,
    short: 'workers, map',
    growth: { what: 'items', sizes: [10_000, 100_000, 1_000_000] },
    contestants: [
      ours('threads', POOLS.threads, 'greenlets: `ThreadPool.map`'),
      ours('processes', POOLS.processes, 'greenlets: `Pool.map`, processes'),
      inChunks('raw', POOLS.raw),
      inChunks('piscina', POOLS.piscina),
      inChunks('tinypool', POOLS.tinypool),
      single('piscina', POOLS.piscina),
      single('tinypool', POOLS.tinypool),
    ],
    bars: [
      { text: '`ThreadPool.map`, to piscina', of: 'threads', to: 'piscina', most: 0.1 },
      { text: '`ThreadPool.map`, to tinypool', of: 'threads', to: 'tinypool', most: 0.1 },
      {
        text: '`ThreadPool.map`, to piscina with chunks by hand',
        of: 'threads',
        to: 'piscina-chunks',
        most: 1,
      },
      {
        text: '`ThreadPool.map`, to tinypool with chunks by hand',
        of: 'threads',
        to: 'tinypool-chunks',
        most: 1,
      },
    ],
  };
};
