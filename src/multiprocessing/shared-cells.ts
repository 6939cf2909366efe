/**
 * The memory of `Value` and `SharedArray`.
 *
 * For worker threads it is shared memory. For processes, each has a copy of its own: what is written goes to the home of the memory before
 * anything else that the process sends, and from there to all who have a copy, before anything else that they are sent. So what was written before a
 * lock was released, or before a process ended, is seen by whoever takes the lock after that, or has joined the process.
 */
import process from 'node:process';
import { beforeSending, type Envelope, here, onGone, parentChannel, receives, send } from './router.js';
import { getStartMethod } from './state.js';
import { type Cells, type Item, makeCells, type Typecode } from './typecodes.js';

type Write = readonly [index: number, item: Item];

interface WriteMessage extends Envelope {
  readonly memory: string;
  readonly writes: readonly Write[];
}

const memories = new Map<string, Memory>();
/** What was written to memory that is still on its way to here. */
const early = new Map<string, Write[]>();
const dirty = new Set<Memory>();
let made = 0;
let flushing = false;

export class Memory {
  readonly key: string;
  readonly home: string;
  readonly cells: Cells;
  readonly readers = new Set<string>();
  #writes: Write[] = [];

  constructor(key: string, home: string, cells: Cells) {
    this.key = key;
    this.home = home;
    this.cells = cells;
    memories.set(key, this);
    for (const [index, item] of early.get(key) ?? []) cells.set(index, item);
    early.delete(key);
  }

  get isShared(): boolean {
    return this.cells.buffer instanceof SharedArrayBuffer;
  }

  write(index: number, item: Item): void {
    this.cells.set(index, item);
    if (this.isShared) return;
    this.#writes.push([index, this.cells.get(index)]);
    if (dirty.size === 0) queueMicrotask(flush);
    dirty.add(this);
  }

  /** Tells the others what was written here. @internal */
  flush(): void {
    const writes = this.#writes;
    this.#writes = [];
    if (this.home !== here) send('write', this.home, { memory: this.key, writes });
    else this.tell(writes, null);
  }

  tell(writes: readonly Write[], except: string | null): void {
    for (const reader of this.readers) {
      if (reader !== except) send('write', reader, { memory: this.key, writes });
    }
  }
}

function flush(): void {
  if (flushing) return;
  flushing = true;
  for (const memory of dirty) {
    dirty.delete(memory);
    memory.flush();
  }
  flushing = false;
}

beforeSending.push(() => {
  if (dirty.size > 0) flush();
});

process.on('exit', () => {
  flush();
  parentChannel()?.flush();
});

receives<WriteMessage>('write', ({ memory: key, writes, from }) => {
  const memory = memories.get(key);
  if (memory === undefined) {
    early.set(key, [...(early.get(key) ?? []), ...writes]);
    return;
  }
  for (const [index, item] of writes) memory.cells.set(index, item);
  if (memory.home === here) memory.tell(writes, from);
});

onGone((home) => {
  for (const memory of memories.values()) memory.readers.delete(home);
});

/** Memory for `items`. */
export function newMemory(code: Typecode, items: readonly Item[]): Memory {
  const cells = makeCells(code, items.length, getStartMethod() === 'worker');
  for (const [index, item] of items.entries()) cells.set(index, item);
  return new Memory(`${here}#${++made}`, here, cells);
}

export function knownMemory(key: string): Memory | undefined {
  return memories.get(key);
}
