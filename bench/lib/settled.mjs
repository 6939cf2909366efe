/** When `done()`, looked at once a macrotask; what is alive then has grown old, as whatever waits for long has. */
export async function settled(done) {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 1));
  // Young collections: unlike full ones they leave optimised code alone (measure.mjs).
  for (let i = 0; i < 3; i++) globalThis.gc({ type: 'minor' });
}
