/** Tools for testing programs of greenlets: virtual time, seeded orders, kills at every suspension. */
export { type ExploreOptions, explore, sweepKills } from './explore.js';
export { waitAllBlocked } from './quiet.js';
export { runVirtual, type VirtualOptions, virtual } from './run-virtual.js';
export { TestClock } from './test-clock.js';
