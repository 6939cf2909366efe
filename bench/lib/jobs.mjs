/** What is run: a file of workloads/ and its size, where it has several. `full`: not with --quick. */
export const JOBS = [
  { file: 'switch' },
  { file: 'sleep0' },
  { file: 'spawn-join' },
  { file: 'closures' },
  { file: 'parked-bytes', size: 100_000 },
  { file: 'parked-bytes', size: 1_000_000, full: true },
  { file: 'parked-wake', size: 100_000 },
  { file: 'parked-wake', size: 1_000_000, full: true },
  { file: 'timers' },
  { file: 'depth' },
  { file: 'kill' },
  { file: 'with-timeout' },
  { file: 'lock-uncontended' },
  { file: 'mutex' },
  { file: 'queue-ready' },
  { file: 'queue-bounded', size: 100_000 },
  { file: 'queue-bounded', size: 1_000_000, full: true },
  { file: 'queue-unbounded', size: 100_000 },
  { file: 'queue-unbounded', size: 1_000_000, full: true },
  { file: 'select' },
  { file: 'pool' },
  { file: 'observers' },
  { file: 'echo' },
  { file: 'http-hello' },
  { file: 'crawl-http' },
  { file: 'fs-read' },
  { file: 'monkey' },
  { file: 'start-up' },
];

/** The workloads without their sizes. */
export const FILES = [...new Set(JOBS.map(({ file }) => file))];
