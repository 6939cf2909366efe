/**
 * `greenlets/threading`: the names of Python's `threading`, over greenlets, and a pool of real worker threads.
 *
 * Empty for now.
 *
 * @module
 */
export {};
