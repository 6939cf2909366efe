/** How `console.log` shows an object: as its `toString` does, and not by what it is made of. A method of this name says so to Node. */
export const SHOWN: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;
