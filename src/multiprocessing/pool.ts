/** Pools of processes. */
import { startMember } from '../io/workers/start-child.js';
import { WorkerPool } from '../io/workers/worker-pool.js';
import { fileOf } from '../runtime/home.js';
import { addChild, nextHome } from './router.js';
import { checkMayStart, childData, cpuCount, getStartMethod, ownPid } from './state.js';

export class Pool extends WorkerPool {
  /**
   * A pool of at most `size` processes (as many as there are processors unless given), which end with this one. Handles of shared objects may be passed to
   * its jobs. Errors: `ProcessError` while a child imports its main module, and in a daemon. Mirrors `multiprocessing.Pool`; it
   * lives as long as its jobs are awaited, and `dispose` terminates it.
   *
   * @example const pool = new Pool(4); console.log(yield* pool.map(square, [1, 2, 3])); pool.close(); yield* pool.join();
   */
  constructor(size: number = cpuCount()) {
    checkMayStart();
    const method = getStartMethod();
    super(size, Number.POSITIVE_INFINITY, (number) => {
      const home = nextHome();
      const name = `PoolWorker-${number}`;
      const parent = { name: childData?.name ?? 'MainProcess', pid: ownPid };
      const child = startMember(method, fileOf('multiprocessing/pool-child'), {
        home,
        name,
        daemon: true,
        parent,
        method,
      });
      addChild(home, child, name, () => `${name} (exit code ${child.exitCode})`);
      return child;
    });
  }
}
