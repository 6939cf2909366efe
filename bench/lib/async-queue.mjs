/** A queue as it is usually written with promises; without `maxsize` it is unbounded. */
export class AsyncQueue {
  #items = [];
  #getters = [];
  #putters = [];
  #watchers = [];
  #maxsize;

  constructor(maxsize = Number.POSITIVE_INFINITY) {
    this.#maxsize = maxsize;
  }

  get size() {
    return this.#items.length;
  }

  /** When something is put into an empty queue that nobody waits to get from. */
  filled() {
    return new Promise((resolve) => this.#watchers.push(resolve));
  }

  async put(item) {
    if (this.#getters.length > 0) {
      this.#getters.shift()(item);
    } else if (this.#items.length < this.#maxsize) {
      this.#items.push(item);
      if (this.#watchers.length > 0) this.#watched();
    } else {
      await new Promise((resolve) => this.#putters.push({ item, resolve }));
    }
  }

  async get() {
    if (this.#items.length === 0) return await new Promise((resolve) => this.#getters.push(resolve));
    const item = this.#items.shift();
    if (this.#putters.length > 0) {
      const putter = this.#putters.shift();
      this.#items.push(putter.item);
      putter.resolve();
    }
    return item;
  }

  #watched() {
    for (const resolve of this.#watchers) resolve();
    this.#watchers = [];
  }
}
