/** The kinds of queues that the contract suites are run on. */
import { Channel, LifoQueue, PriorityQueue, Queue } from 'greenlets';
import type { Order } from './queue-model.js';

export type AnyQueue = Queue<number> | Channel<number>;

export interface QueueKind {
  readonly name: string;
  /** The name of its class, as messages have it. */
  readonly type: string;
  /** An empty one; not bounded unless told. */
  make(options?: { readonly maxsize?: number; readonly name?: string }): AnyQueue;
  /** One that takes no more: it holds `held` items, which are 0. */
  full(options?: { readonly name?: string }): AnyQueue;
  readonly held: number;
  /** The index of the item that is given next; null: it never holds any. */
  readonly order: Order | null;
  /** The item number `i` of a test of random programs. */
  items(i: number): number;
}

/** A kind that holds items. */
export interface StoreKind extends QueueKind {
  make(options?: { readonly maxsize?: number; readonly name?: string }): Queue<number>;
  full(options?: { readonly name?: string }): Queue<number>;
  readonly order: Order;
}

function storeKind(
  name: string,
  type: string,
  create: (maxsize: number | undefined, name: string | undefined) => Queue<number>,
  order: Order,
  items = (i: number) => i,
): StoreKind {
  return {
    name,
    type,
    make: (options = {}) => create(options.maxsize, options.name),
    full(options = {}) {
      const queue = create(1, options.name);
      queue.putNowait(0);
      return queue;
    },
    held: 1,
    order,
    items,
  };
}

/** Storage of its own, in the hooks that subclasses may override: whole numbers as a sorted list of texts. */
export class HookedQueue extends Queue<number> {
  declare private texts: string[];
  declare calls: string[];

  protected override _init(): void {
    this.texts = [];
    this.calls = ['_init'];
  }

  protected override _put(item: number): void {
    this.calls.push('_put');
    this.texts.push(String(item));
  }

  protected override _get(): number {
    this.calls.push('_get');
    return Number(this.texts.shift());
  }

  protected override _peek(): number {
    return Number(this.texts[0]);
  }

  protected override _qsize(): number {
    return this.texts.length;
  }
}

const oldest: Order = () => 0;

export const queueKind = storeKind('Queue', 'Queue', (maxsize, name) => new Queue(maxsize, { name }), oldest);

export const hookedKind = storeKind(
  'a subclass with hooks',
  'HookedQueue',
  (maxsize, name) => new HookedQueue(maxsize, { name }),
  oldest,
);

export const lifoKind = storeKind(
  'LifoQueue',
  'LifoQueue',
  (maxsize, name) => new LifoQueue(maxsize, { name }),
  (items) => items.length - 1,
);

export const priorityKind = storeKind(
  'PriorityQueue',
  'PriorityQueue',
  (maxsize, name) => new PriorityQueue<number>(undefined, { maxsize, name }),
  (items) => items.indexOf(Math.min(...items)),
  (i) => (i * 7919) % 1009,
);

export const channelKind: QueueKind = {
  name: 'Channel',
  type: 'Channel',
  make: ({ name } = {}) => new Channel({ name }),
  full: ({ name } = {}) => new Channel({ name }),
  held: 0,
  order: null,
  items: (i) => i,
};
