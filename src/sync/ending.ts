/** What a set of greenlets does at the end of one of them. */

/** It takes it out, and keeps a failure for `join({ raiseError })`. */
export const COUNTS = 0 as const;
/** It takes it out: the outcome goes to whoever called `apply`. */
export const QUIET = 1 as const;
/** Nothing: whoever made the greenlet has it `_leave`. */
export const LEAVES = 2 as const;

export type Ending = typeof COUNTS | typeof QUIET | typeof LEAVES;
