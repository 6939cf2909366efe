/**
 * `greenlets/inspect`: trees, stacks, deadlock reports and traces of the running greenlets.
 *
 * Empty for now.
 *
 * @module
 */
export {};
