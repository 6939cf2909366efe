/**
 * `greenlets/monkey/auto`: importing it will apply every patch of `greenlets/monkey`, for `node --import`.
 *
 * Empty for now.
 *
 * @module
 */
export {};
