/** What managed dicts and lists are where they live. Values are packed; keys keep their type. */
import { checkPacked, type Packed, pack, unpack } from '../io/workers/codec.js';
import { showValue } from '../runtime/check.js';

export type Key = string | number | bigint | boolean | null | undefined;

function checkKey(key: unknown): asserts key is Key {
  if ((typeof key === 'object' && key !== null) || typeof key === 'function' || typeof key === 'symbol')
    throw new TypeError(`key must be a string, a number or the like, got ${showValue(key)}`);
}

export class HomeDict {
  readonly #map = new Map<unknown, Packed>();

  constructor(entries: readonly (readonly [Key, Packed])[] = []) {
    this.update(entries);
  }

  get(key: Key, otherwise?: Packed): Packed | undefined {
    if (otherwise !== undefined) checkPacked(otherwise);
    return this.#map.get(key) ?? otherwise;
  }

  set(key: Key, value: Packed): void {
    checkKey(key);
    checkPacked(value);
    this.#map.set(key, value);
  }

  has(key: Key): boolean {
    return this.#map.has(key);
  }

  delete(key: Key): boolean {
    return this.#map.delete(key);
  }

  pop(key: Key, otherwise?: Packed): Packed | undefined {
    const value = this.get(key, otherwise);
    this.#map.delete(key);
    return value;
  }

  setdefault(key: Key, value: Packed): Packed {
    if (!this.#map.has(key)) this.set(key, value);
    return this.#map.get(key) as Packed;
  }

  update(entries: readonly (readonly [Key, Packed])[]): void {
    for (const [key, value] of entries) this.set(key, value);
  }

  entries(): [unknown, Packed][] {
    return [...this.#map];
  }

  size(): number {
    return this.#map.size;
  }

  clear(): void {
    this.#map.clear();
  }
}

/** In Python's order: numbers by value, text by its characters. */
function compare(a: unknown, b: unknown): number {
  const [x, y] = [a as number, b as number];
  return x < y ? -1 : x > y ? 1 : 0;
}

export class HomeList {
  #items: Packed[];

  constructor(items: Packed[]) {
    items.forEach(checkPacked);
    this.#items = items;
  }

  at(index: number): Packed | undefined {
    return this.#items.at(index);
  }

  set(index: number, value: Packed): void {
    const place = index < 0 ? this.#items.length + index : index;
    if (!Number.isInteger(place) || place < 0 || place >= this.#items.length)
      throw new RangeError(`list assignment index out of range: ${index} of ${this.#items.length}`);
    checkPacked(value);
    this.#items[place] = value;
  }

  push(...values: Packed[]): number {
    values.forEach(checkPacked);
    return this.#items.push(...values);
  }

  pop(index = -1): Packed | undefined {
    return this.#items.splice(index, 1)[0];
  }

  /** Puts back what `pop` has taken. */
  unpop(index: number, value: Packed): void {
    this.insert(index < 0 ? this.#items.length + index + 1 : index, value);
  }

  insert(index: number, value: Packed): void {
    checkPacked(value);
    this.#items.splice(index, 0, value);
  }

  remove(value: unknown): boolean {
    const index = this.indexOf(value);
    if (index >= 0) this.#items.splice(index, 1);
    return index >= 0;
  }

  reverse(): void {
    this.#items.reverse();
  }

  sort(reverse: boolean): void {
    this.#items.sort((a, b) => compare(unpack(a), unpack(b)) * (reverse ? -1 : 1));
  }

  slice(start?: number, end?: number): Packed[] {
    return this.#items.slice(start, end);
  }

  indexOf(value: unknown): number {
    return this.#items.findIndex((each) => unpack(each) === value);
  }

  length(): number {
    return this.#items.length;
  }
}

export function packEach(values: Iterable<unknown>, name: string): Packed[] {
  return [...values].map((each, index) => pack(each, `${name}[${index}]`));
}
