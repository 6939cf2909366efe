/**
 * `greenlets/eslint`: lint rules for the mistakes that the types cannot refuse. With a parser that has types they go by the types,
 * else by the names that were imported from `greenlets`.
 *
 * @example export default [recommended]; // in eslint.config.js, after import { recommended } from 'greenlets/eslint'
 * @module
 */
export { eslintPlugin as default, recommended, rules } from './plugin.js';
export type { Rule } from './rule.js';
