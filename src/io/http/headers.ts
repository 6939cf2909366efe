/** The headers of a message, parsed when somebody asks for them. */

/** A name and its value. */
export type Field = [name: string, value: string];

/** The names in lower case; of a name that is there several times, the values in order. */
export class HttpHeaders implements Iterable<Field> {
  /** The lines, without the first line and the empty one. */
  readonly #text: string;
  #raw: readonly (readonly [name: string, value: string])[] | null = null;
  #map: Map<string, string[]> | null = null;

  /** `text` was checked by a parser: header lines, each with its end. @internal */
  constructor(text: string) {
    this.#text = text;
  }

  /** Names and values as they came, in order. The values are Latin-1. */
  get raw(): readonly (readonly [name: string, value: string])[] {
    this.#raw ??= parse(this.#text);
    return this.#raw;
  }

  /** The value of `name`, in upper or lower case; several joined by `, `; null without one. */
  get(name: string): string | null {
    return this.#values(name)?.join(', ') ?? null;
  }

  /** The values of `name`, each as it came. */
  getAll(name: string): string[] {
    return [...(this.#values(name) ?? [])];
  }

  /** The values of `set-cookie`, which cannot be joined. */
  getSetCookie(): string[] {
    return this.getAll('set-cookie');
  }

  has(name: string): boolean {
    return this.#values(name) !== undefined;
  }

  /** Names and values, as `get` gives them; each `set-cookie` by itself. */
  *[Symbol.iterator](): Generator<Field, void, undefined> {
    for (const [name, values] of this.#all()) {
      if (name === 'set-cookie') for (const value of values) yield [name, value];
      else yield [name, values.join(', ')];
    }
  }

  entries(): Generator<Field, void, undefined> {
    return this[Symbol.iterator]();
  }

  *keys(): Generator<string, void, undefined> {
    for (const [name] of this) yield name;
  }

  *values(): Generator<string, void, undefined> {
    for (const [, value] of this) yield value;
  }

  forEach(fn: (value: string, name: string) => void): void {
    for (const [name, value] of this) fn(value, name);
  }

  toJSON(): Record<string, string | string[]> {
    return Object.fromEntries(
      [...this.#all()].map(([name, values]) => [name, name === 'set-cookie' ? values : values.join(', ')]),
    );
  }

  #values(name: string): string[] | undefined {
    return this.#all().get(String(name).toLowerCase());
  }

  #all(): Map<string, string[]> {
    if (this.#map !== null) return this.#map;
    const map = new Map<string, string[]>();
    for (const [name, value] of this.raw) {
      const key = name.toLowerCase();
      const values = map.get(key);
      if (values === undefined) map.set(key, [value]);
      else values.push(value);
    }
    this.#map = map;
    return map;
  }
}

function parse(text: string): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n', at);
    if (end === at || end === -1) break;
    const colon = text.indexOf(':', at);
    found.push([text.slice(at, colon), trimmed(text, colon + 1, end)]);
    at = end + 2;
  }
  return found;
}

/** `trim` would take away more: a no-break space belongs to the value. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}
