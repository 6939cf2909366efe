/** What a client may ask of a manager itself: what is registered, and to make more. */
import { GreenletError } from '../../runtime/errors.js';
import { RLock } from '../locks.js';
import { makeKind } from '../makers.js';
import { here } from '../router.js';
import { publish, published, unpublish } from '../server.js';
import { dropMemory, newMemory } from '../shared-cells.js';
import type { SharedObject } from '../shared-object.js';
import { checkTypecode, type Item, type Typecode } from '../typecodes.js';
import type { SharedArray, Value } from '../values.js';
import { violation, whole } from './border.js';
import type { ServerBorder } from './server-border.js';

const METHODS = new Set(['get', 'names', 'create', 'createCells']);
/** How many objects a client may make: their numbers are its own choice. */
export const SPAN: number = 2 ** 32;

let spans = 0;

/** What a manager has, by name. */
export type Registered = ReadonlyMap<string, SharedObject | Value | SharedArray>;

export class Root {
  /** Its own number. */
  readonly id: number;
  /** The numbers of what the client makes are greater, by at most `SPAN`. */
  readonly base: number = ++spans * SPAN;
  readonly #registered: Registered;
  readonly #far: string;
  readonly #border: ServerBorder;
  readonly #made = new Set<number>();

  constructor(registered: Registered, far: string, border: ServerBorder) {
    this.#registered = registered;
    this.#far = far;
    this.#border = border;
    this.id = publish({ target: this, methods: METHODS });
    border.give(this.id, 'root');
  }

  /** What was registered as `name`. */
  get(name: string): unknown {
    const found = this.#registered.get(name);
    if (found !== undefined) return found;
    throw new GreenletError(
      `nothing is registered as '${name}'; there is: ${this.names().join(', ') || 'nothing'}`,
    );
  }

  names(): string[] {
    return [...this.#registered.keys()];
  }

  /** Makes an object that the client knows as `id` already. */
  create(kind: string, id: number, args: unknown): void {
    this.#claim(id);
    const object = makeKind(kind, args);
    object._publishAs(id);
    this.#border.give(id, `mp.${kind}`);
  }

  /** Makes the memory of a value or an array, and its lock. */
  createCells(kind: string, id: number, lockId: number, code: Typecode, items: Item[]): void {
    checkTypecode(code);
    if (kind !== 'ValueCell' && kind !== 'SharedArray') throw violation(kind);
    this.#claim(id);
    this.#claim(lockId);
    const memory = newMemory(code, items, `${here}#@${id}`);
    memory.expect(this.#far);
    const lock = new RLock();
    lock._publishAs(lockId);
    const { key, cells } = memory;
    const data = { key, home: here, code, buffer: cells.buffer, isReader: false, lock: lock._address };
    this.#border.giveCells(data, `mp.${kind}`);
  }

  #claim(id: number): void {
    whole(id, 'a number');
    if (id <= this.base || id > this.base + SPAN || published(id) !== undefined || this.#made.has(id))
      throw violation('a number');
    this.#made.add(id);
  }

  /** The client has gone: what it has made, and nobody else knows of, goes too. */
  close(): void {
    unpublish(this.id);
    for (const id of this.#made) {
      if (this.#border.kept.has(id)) continue;
      unpublish(id);
      dropMemory(`${here}#@${id}`);
    }
  }
}
