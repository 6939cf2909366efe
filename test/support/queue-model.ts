/** A queue as it should be, without greenlets: lists that are searched from the beginning. */

export interface Step {
  readonly op: 'get' | 'peek' | 'put';
  /** What is put. */
  readonly item: number;
}

interface Waiting {
  readonly id: number;
  readonly step: Step;
  readonly key: string;
}

/** In which order items that are there together are given. */
export type Order = (items: readonly number[]) => number;

export class QueueModel {
  readonly items: number[] = [];
  /** What became of each run; none while it waits. */
  readonly outcomes = new Map<number, string>();
  #waiting: Waiting[] = [];
  #isShutdown = false;
  #maxsize: number;
  readonly #next: Order | null;

  /** `next`: the index of the item to be given; null: a channel, which holds none. */
  constructor(next: Order | null, maxsize: number) {
    this.#next = next;
    this.#maxsize = next === null ? 0 : maxsize;
  }

  count(op: 'get' | 'put'): number {
    return this.#waiting.filter(({ step }) => (step.op === 'put') === (op === 'put')).length;
  }

  /** Someone tries the steps in this order, of which one is to happen, and waits if told. */
  begin(id: number, steps: readonly Step[], waits: boolean): void {
    for (const [index, step] of steps.entries()) {
      const key = steps.length === 1 ? '' : String.fromCharCode(97 + index);
      const got = this.#attempt(id, step);
      if (got !== null) {
        this.#decide(id, key, got);
        this.#settle();
        return;
      }
      if (!waits) {
        this.#decide(id, key, step.op === 'put' ? 'FULL' : 'EMPTY');
        return;
      }
      this.#waiting.push({ id, step, key });
      if (step.op === 'put') this.#show();
    }
  }

  /** It goes away, if it still waits. */
  interrupt(id: number): void {
    if (!this.outcomes.has(id)) this.#decide(id, '', 'interrupted');
  }

  setMaxsize(maxsize: number): void {
    this.#maxsize = maxsize;
    this.#settle();
  }

  shutdown(immediate: boolean): void {
    this.#isShutdown = true;
    for (const each of this.#those('put')) this.#decide(each.id, '', 'SHUT_DOWN');
    if (immediate) this.items.length = 0;
    if (this.items.length > 0) return;
    for (const each of this.#those('get', 'peek')) this.#decide(each.id, '', 'SHUT_DOWN');
  }

  #those(...ops: string[]): Waiting[] {
    return this.#waiting.filter(({ step }) => ops.includes(step.op));
  }

  #decide(id: number, key: string, got: string): void {
    if (this.outcomes.has(id)) return;
    const failed = got === 'SHUT_DOWN' || got === 'interrupted';
    this.outcomes.set(id, key === '' || failed ? got : `${key} ${got}`);
    this.#waiting = this.#waiting.filter((each) => each.id !== id);
  }

  /** What the step gives at once; null: it would have to wait. */
  #attempt(id: number, { op, item }: Step): string | null {
    if (op === 'put' && this.#isShutdown) return 'SHUT_DOWN';
    if (this.#next === null) return this.#meet(id, op, item);
    if (op === 'put') {
      if (this.items.length >= this.#maxsize) return null;
      this.items.push(item);
      return 'put';
    }
    if (this.items.length > 0) return String(this.#give(op));
    return this.#isShutdown ? 'SHUT_DOWN' : null;
  }

  #give(op: string): number {
    const index = (this.#next as Order)(this.items);
    const item = this.items[index] as number;
    if (op === 'get') this.items.splice(index, 1);
    return item;
  }

  #settle(): void {
    if (this.#next === null) return;
    for (;;) {
      const [first] = this.#those('get', 'peek');
      if (first !== undefined && this.items.length > 0) {
        this.#decide(first.id, first.key, String(this.#give(first.step.op)));
        continue;
      }
      const [putter] = this.#those('put');
      if (putter === undefined || this.items.length >= this.#maxsize) return;
      this.items.push(putter.step.item);
      this.#decide(putter.id, putter.key, 'put');
    }
  }

  /** A channel: nobody deals with himself. */
  #meet(id: number, op: string, item: number): string | null {
    if (op !== 'put') {
      const putter = this.#those('put').find((each) => each.id !== id);
      if (putter === undefined) return this.#isShutdown ? 'SHUT_DOWN' : null;
      if (op === 'get') this.#decide(putter.id, putter.key, 'put');
      return String(putter.step.item);
    }
    const getter = this.#those('get').find((each) => each.id !== id);
    if (getter === undefined) return null;
    const ahead = this.#waiting.slice(0, this.#waiting.indexOf(getter));
    this.#decide(getter.id, getter.key, String(item));
    for (const each of ahead) {
      if (each.step.op === 'peek' && each.id !== id) this.#decide(each.id, each.key, String(item));
    }
    return 'put';
  }

  /** Somebody waits to put into a channel: whoever waits to see does. */
  #show(): void {
    if (this.#next !== null) return;
    for (const looker of this.#those('peek')) {
      const putter = this.#those('put').find((each) => each.id !== looker.id);
      if (putter !== undefined) this.#decide(looker.id, looker.key, String(putter.step.item));
    }
  }
}
