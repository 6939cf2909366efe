/**
 * `greenlets/monkey/types`: global declarations that make a `Promise` `yield*`-able in the types. Nothing at run time.
 *
 * Empty for now.
 *
 * @module
 */
export {};
