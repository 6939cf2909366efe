/**
 * `greenlets/testing`: a virtual clock and tools that explore schedules and interruptions.
 *
 * Empty for now.
 *
 * @module
 */
export {};
