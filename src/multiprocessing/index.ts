/**
 * `greenlets/multiprocessing`: the names of Python's `multiprocessing`: processes, pools, pipes and shared values.
 *
 * Empty for now.
 *
 * @module
 */
export {};
