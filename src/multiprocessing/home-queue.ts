/** A queue as it lives in its home: what it holds is packed, and what somebody who died or gave up had got can be put back. */
import { checkPacked, type Packed } from '../io/workers/codec.js';
import { Queue as SyncQueue } from '../sync/queue.js';
import { called } from './called.js';
import type { Client, Served } from './server.js';

export class HomeQueue extends SyncQueue<Packed> {
  declare private front: Packed[];
  /** Who has died with work that was got and not done. @internal */
  lost: string | null = null;

  static {
    called(HomeQueue, 'Queue');
  }

  protected override _init(): void {
    super._init();
    this.front = [];
  }

  protected override _put(item: Packed): void {
    checkPacked(item);
    super._put(item);
  }

  protected override _get(): Packed {
    return this.front.pop() ?? super._get();
  }

  protected override _peek(): Packed {
    return this.front.at(-1) ?? super._peek();
  }

  protected override _qsize(): number {
    return super._qsize() + this.front.length;
  }

  /** Puts back what was got and did not arrive, as the first. */
  unget(item: Packed): void {
    checkPacked(item);
    this.front.push(item);
    this._serve();
  }

  /** How many items are in it, and whether it is empty or full. */
  level(): { readonly size: number; readonly empty: boolean; readonly full: boolean } {
    return { size: this.qsize(), empty: this.empty(), full: this.full() };
  }

  /** Who has died with work not done, once. */
  takeLost(): string | null {
    const { lost } = this;
    this.lost = null;
    return lost;
  }
}

const QUEUE = new Set(['put', 'get', 'unget', 'level', 'taskDone', 'join', 'shutdown', 'takeLost']);

/** Serves a queue; with `tasks`, work that a process had got and not done when it died is told to those that `join`. */
export function serveQueue(queue: HomeQueue, tasks: boolean): Served {
  const got = new Map<Client, number>();
  return {
    target: queue,
    methods: QUEUE,
    after(client, method) {
      if (!tasks) return;
      const before = got.get(client) ?? 0;
      if (method === 'get') got.set(client, before + 1);
      else if ((method === 'taskDone' || method === 'unget') && before > 0) got.set(client, before - 1);
    },
    late(method, _args, result) {
      if (method === 'get') queue.unget(result as Packed);
    },
    gone(client) {
      const open = Math.min(got.get(client) ?? 0, queue.unfinishedTasks);
      got.delete(client);
      if (open === 0) return;
      queue.lost = `${client.name} has died with ${open} of the tasks that it had got not done`;
      for (let left = open; left > 0; left--) queue.taskDone();
    },
  };
}
