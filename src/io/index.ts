/**
 * `greenlets/io`: files, sockets, streams, processes and the other parts of Node as operations.
 *
 * Empty for now.
 *
 * @module
 */
export {};
