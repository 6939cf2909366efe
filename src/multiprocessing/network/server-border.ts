/** What a manager sends to a client, and takes from it: it answers for the objects that the client has been given. */
import { checkPacked, type Mark } from '../../io/workers/codec.js';
import { farRoot, here, isWithin } from '../router.js';
import { knownMemory } from '../shared-cells.js';
import type { SentCells } from '../values.js';
import {
  Border,
  CELLS,
  type Fields,
  fields,
  KINDS,
  nameOf,
  type Payload,
  refused,
  text,
  violation,
  whole,
  writesOf,
} from './border.js';

export class ServerBorder extends Border {
  protected readonly sends = new Set(['reply', 'write']);
  protected readonly takes = new Set(['call', 'cancel', 'write', 'attach', 'gone']);
  /** What the client has been given: its kind, by home and number. */
  readonly #given = new Map<string, string>();
  readonly #homes = new Set<string>([here]);
  readonly #cells = new Map<string, SentCells>();
  /** What the client has sent back, and so is known to others. */
  readonly kept = new Set<number>();

  /** The client may use the object of that number. */
  give(id: number, kind: string, home = here): void {
    this.#given.set(`${home}#${id}`, kind);
    this.#homes.add(home);
  }

  giveCells(data: SentCells, kind: string): void {
    this.#cells.set(`${kind} ${data.key}`, data);
    this.#cells.set(data.key, data);
    this.give(data.lock.id, 'mp.RLock', data.lock.home);
  }

  /** Whether the client may call the object. */
  has(home: string, id: number): boolean {
    return this.#given.has(`${home}#${id}`);
  }

  protected tellsOf(home: string): boolean {
    return [...this.#homes].some((each) => isWithin(each, home));
  }

  protected answersFor(home: string): boolean {
    return this.#homes.has(home);
  }

  protected leaving(mark: Mark): Mark {
    const { kind } = mark;
    if (CELLS.has(kind)) return this.#cellsLeave(kind, mark.data as SentCells);
    if (!KINDS.has(kind)) throw refused(nameOf(mark));
    const { home, id } = mark.data as { readonly home: string; readonly id: number };
    if (farRoot(home) !== null) throw refused(`${nameOf(mark)} of another network`);
    this.give(id, kind, home);
    return mark;
  }

  #cellsLeave(kind: string, data: SentCells): Mark {
    const memory = knownMemory(data.key);
    if (memory === undefined || data.home !== here)
      throw refused(`${nameOf({ kind, data })} of another process`);
    this.giveCells(data, kind);
    const { buffer } = memory.cells;
    return { kind, data: { ...data, buffer: new Uint8Array(buffer).slice().buffer } };
  }

  protected arriving({ kind, data }: Mark): Mark {
    const given = fields(data, kind);
    const home = this.home(given['home']);
    if (CELLS.has(kind)) {
      const known = this.#cells.get(`${kind} ${this.key(given['key'])}`);
      if (known === undefined) throw violation(kind);
      this.kept.add(known.lock.id);
      return { kind, data: known };
    }
    const id = whole(given['id'], 'a number');
    if (this.#given.get(`${home}#${id}`) !== kind) throw violation(`${kind} of that number`);
    this.kept.add(id);
    return { kind, data: { home, id } };
  }

  protected memory(value: unknown): string {
    const key = this.key(value);
    if (!this.#cells.has(key)) throw violation('a memory');
    return key;
  }

  protected override checked(topic: string, payload: Fields): Payload {
    switch (topic) {
      case 'call': {
        checkPacked(payload['args']);
        if (!Array.isArray(payload['args'].value)) throw violation('a call');
        return {
          id: whole(payload['id'], 'a number'),
          actor: whole(payload['actor'], 'a number'),
          actorName: text(payload['actorName'], 'a name'),
          object: whole(payload['object'], 'a number'),
          method: text(payload['method'], 'a method'),
          args: payload['args'],
        };
      }
      case 'cancel':
        return { id: whole(payload['id'], 'a number') };
      case 'attach':
        return { memory: this.memory(payload['memory']) };
      case 'write':
        this.#checkWrites(this.memory(payload['memory']), writesOf(payload) as [number, unknown][]);
        return super.checked(topic, payload);
      default:
        return super.checked(topic, payload);
    }
  }

  /** Each is an item of the memory's type, at a place that is there. */
  #checkWrites(key: string, writes: readonly (readonly [number, unknown])[]): void {
    const cells = knownMemory(key)?.cells;
    for (const [index, item] of writes) {
      const old = cells?.get(index);
      if (old !== undefined && typeof old !== typeof item) throw violation('an item of another type');
      if (cells !== undefined && index >= cells.length) throw violation('an index');
    }
  }
}
