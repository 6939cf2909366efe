/**
 * `greenlets/inspect`: what the greenlets of this program are doing: trees and stacks.
 *
 * @module
 */
export type { StackFrame } from '../runtime/place.js';
export { type FormatOptions, formatTree } from './format-tree.js';
export { formatRunInfo, printRunInfo } from './run-info.js';
export { type Stack, stack } from './stack.js';
export { type GreenletNode, type GreenletState, type TreeOptions, tree } from './tree.js';
