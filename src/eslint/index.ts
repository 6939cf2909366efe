/**
 * `greenlets/eslint`: lint rules for the mistakes that the types cannot refuse.
 *
 * Empty for now.
 *
 * @module
 */
export {};
