import { LifoQueue } from 'greenlets';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { queueContract } from '../support/queue-contract.js';
import { lifoKind } from '../support/queue-kinds.js';
import { queueModelContract } from '../support/queue-model-contract.js';
import { queueStoreContract } from '../support/queue-store-contract.js';

watchHub();

queueContract(lifoKind);
queueStoreContract(lifoKind);
queueModelContract(lifoKind, 0.1);

describe('LifoQueue', () => {
  it('gives the youngest first, of the items that it begins with too', () => {
    const queue = new LifoQueue<number>(5, { items: [1, 2, 3] });
    queue.putNowait(4);
    expect([queue.peekNowait(), ...[1, 2, 3, 4].map(() => queue.getNowait())]).toEqual([4, 4, 3, 2, 1]);
    expect(queue.unfinishedTasks).toBe(4);
  });
});
