/** What code leaves on the heap. */

const used = () => process.memoryUsage().heapUsed;

/**
 * Bytes of heap that one of `count` runs of something takes: `repeat(count)` runs it so often, and may be async. So few that the young
 * generation, of 16 MB, has room for all that they make; so many that one page of it, of 256 KB, does not count.
 */
export async function allocated(repeat, count) {
  await repeat(count);
  for (;;) {
    globalThis.gc();
    const before = used();
    await repeat(count);
    const bytes = used() - before;
    // Else something was collected.
    if (bytes >= 0) return bytes / count;
  }
}

/** Bytes of heap that one of `count` runs leaves behind when all that can be has been collected. */
export async function surviving(repeat, count) {
  await repeat(count);
  globalThis.gc();
  const before = used();
  await repeat(count);
  globalThis.gc();
  // Code and statistics of V8 itself come and go.
  return Math.max(0, used() - before) / count;
}
