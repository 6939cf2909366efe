/**
 * `greenlets/monkey`: functions that patch Node and its globals to wait cooperatively. Importing it patches nothing.
 *
 * Empty for now.
 *
 * @module
 */
export {};
