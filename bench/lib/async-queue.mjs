/** A queue as it is usually written with promises; without `maxsize` it is unbounded. */
export class AsyncQueue {
  #items = [];
  #getters = [];
  #putters = [];
  #maxsize;

  constructor(maxsize = Number.POSITIVE_INFINITY) {
    this.#maxsize = maxsize;
  }

  async put(item) {
    if (this.#getters.length > 0) {
      this.#getters.shift()(item);
    } else if (this.#items.length < this.#maxsize) {
      this.#items.push(item);
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
}
