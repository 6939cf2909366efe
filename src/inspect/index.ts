/**
 * `greenlets/inspect`: what the greenlets of this program are doing: trees, stacks, deadlocks, traces. Loading it also has the
 * lives of greenlets published on Node's `diagnostics_channel`: `greenlets:spawn`, `greenlets:end`, `greenlets:error`,
 * `greenlets:kill`.
 *
 * @module
 */
import './diagnostics.js';

export type { StackFrame } from '../runtime/place.js';
export { type DeadlockReport, deadlocks } from './deadlocks.js';
export type { GreenletMessage } from './diagnostics.js';
export { dump, onSignal } from './dump.js';
export { type FormatOptions, formatTree } from './format-tree.js';
export { log } from './log.js';
export { type MonitorOptions, monitorBlocking } from './monitor-blocking.js';
export { formatRunInfo, printRunInfo } from './run-info.js';
export { type Stack, stack } from './stack.js';
export { type Trace, type TraceOptions, trace } from './trace.js';
export type { TraceEvent } from './trace-event.js';
export { type GreenletNode, type GreenletState, type TreeOptions, tree } from './tree.js';
