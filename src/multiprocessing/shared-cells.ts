/**
 * The memory of `Value` and `SharedArray`.
 *
 * For worker threads it is shared memory. For processes, each has a copy of its own: what is written goes to the home of the memory before
 * anything else that the process sends, and from there to all who have a copy, before anything else that they are sent. So what was written before a
 * lock was released, or before a process ended, is seen by whoever takes the lock after that, or has joined the process.
 */
import process from 'node:process';
import {
  beforeSending,
  type Envelope,
  here,
  isWithin,
  onGone,
  parentChannel,
  receives,
  send,
} from './router.js';
import { getStartMethod } from './state.js';
import { type Cells, type Item, makeCells, type Typecode } from './typecodes.js';

type Write = readonly [index: number, item: Item];

interface WriteMessage extends Envelope {
  readonly memory: string;
  readonly writes: readonly Write[];
  /** It is all that there is, for one who has asked for it. */
  readonly all?: boolean;
}

interface AttachMessage extends Envelope {
  readonly memory: string;
}

const memories = new Map<string, Memory>();
/** What was written to memory that is still on its way to here. */
const early = new Map<string, Write[]>();
const dirty = new Set<Memory>();
/** Shared memory that others have copies of: what threads write to it is found by comparing. */
const compared = new Set<Memory>();
let made = 0;
let flushing = false;

export class Memory {
  readonly key: string;
  readonly home: string;
  readonly cells: Cells;
  readonly #readers = new Set<string>();
  #writes: Write[] = [];
  /** What the readers of shared memory have. */
  #told: Item[] | null = null;
  /** What was written here since the home was asked for what it has. */
  #newer: Set<number> | null = null;

  /** `isReader`: its home knows already that this process has a copy. */
  constructor(key: string, home: string, cells: Cells, isReader = true) {
    this.key = key;
    this.home = home;
    this.cells = cells;
    memories.set(key, this);
    this.#take(early.get(key) ?? []);
    early.delete(key);
    if (isReader || this.isShared) return;
    this.#newer = new Set();
    send('attach', home, { memory: key });
  }

  get isShared(): boolean {
    return this.cells.buffer instanceof SharedArrayBuffer;
  }

  write(index: number, item: Item): void {
    this.cells.set(index, item);
    if (this.isShared) return;
    this.#newer?.add(index);
    this.#writes.push([index, this.cells.get(index)]);
    if (dirty.size === 0) queueMicrotask(flush);
    dirty.add(this);
  }

  /** Tells the others what was written here. @internal */
  flush(): void {
    const writes = this.#writes;
    this.#writes = [];
    if (this.home !== here) send('write', this.home, { memory: this.key, writes });
    else this.#tell(writes, null);
  }

  /** Somebody else has written. @internal */
  written({ writes, from, all = false }: WriteMessage): void {
    const newer = all ? this.#newer : null;
    if (all) this.#newer = null;
    this.#take(newer === null ? writes : writes.filter(([index]) => !newer.has(index)));
    if (this.home === here) this.#tell(writes, from);
  }

  #take(writes: readonly Write[]): void {
    for (const [index, item] of writes) this.cells.set(index, item);
  }

  #tell(writes: readonly Write[], except: string | null): void {
    for (const reader of this.#readers) {
      if (reader !== except) send('write', reader, { memory: this.key, writes });
    }
  }

  /** `reader` has a copy from now on, and is told all that is in it. @internal */
  attach(reader: string): void {
    if (this.isShared && this.#told === null) {
      this.#told = this.#items();
      compared.add(this);
    }
    this.#readers.add(reader);
    const writes = this.#items().map((item, index) => [index, item] as const);
    send('write', reader, { memory: this.key, writes, all: true });
  }

  /** It will have a copy, made of what is there now. @internal */
  expect(reader: string): void {
    this.#readers.add(reader);
  }

  /** The process at `home`, and all below it, have gone. @internal */
  leave(home: string): void {
    for (const reader of this.#readers) if (isWithin(reader, home)) this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#told = null;
    compared.delete(this);
  }

  /** Finds what threads have written to shared memory since, and tells of it. @internal */
  compare(): void {
    const told = this.#told ?? [];
    const writes: Write[] = [];
    for (const [index, item] of this.#items().entries()) {
      if (Object.is(told[index], item)) continue;
      told[index] = item;
      writes.push([index, item]);
    }
    if (writes.length > 0) this.#tell(writes, null);
  }

  #items(): Item[] {
    return Array.from({ length: this.cells.length }, (_, index) => this.cells.get(index));
  }
}

function flush(): void {
  if (flushing) return;
  flushing = true;
  for (const memory of dirty) {
    dirty.delete(memory);
    memory.flush();
  }
  for (const memory of compared) memory.compare();
  flushing = false;
}

/** Tells of all that was written and nobody knows yet, before anything else is sent. */
export function settle(): void {
  if (dirty.size > 0 || compared.size > 0) flush();
}

beforeSending.push(settle);

process.on('exit', () => {
  flush();
  parentChannel()?.flush();
});

receives<WriteMessage>('write', (message) => {
  const { memory: key, writes } = message;
  const memory = memories.get(key);
  if (memory !== undefined) memory.written(message);
  else early.set(key, [...(early.get(key) ?? []), ...writes]);
});

receives<AttachMessage>('attach', ({ memory, from }) => memories.get(memory)?.attach(from));

onGone((home) => {
  for (const memory of memories.values()) memory.leave(home);
});

/** Memory for `items`, known as `key` where that is given. */
export function newMemory(code: Typecode, items: readonly Item[], key = `${here}#${++made}`): Memory {
  const cells = makeCells(code, items.length, getStartMethod() === 'worker');
  for (const [index, item] of items.entries()) cells.set(index, item);
  return new Memory(key, here, cells);
}

export function knownMemory(key: string): Memory | undefined {
  return memories.get(key);
}

/** It is nobody's any more. */
export function dropMemory(key: string): void {
  memories.delete(key);
}
