/** The figures as tables. */
import { readFileSync, writeFileSync } from 'node:fs';
import { median, table } from '../lib/figures.mjs';
import { JOBS, TOTAL, WAIT } from './job.mjs';
import { KINDS } from './kinds.mjs';

const TITLES = { io: 'waiting', cpu: 'computing', mixed: 'both' };
export const titleOf = (job) => TITLES[job];

/** The medians of a field over the runs of all `rows`. */
function middle(rows, field) {
  const values = rows.flatMap(({ runs }) => runs.map((run) => run[field])).filter((value) => value !== null);
  return values.length === 0 ? undefined : median(values);
}

/** One line a kind and count: what does not depend on the job, then wall and CPU time of each job. */
export function linesOf({ rows }) {
  return KINDS.flatMap(({ id, label, counts }) =>
    counts.flatMap((count) => {
      const mine = rows.filter((row) => row.kind === id && row.count === count);
      if (mine.length === 0) return [];
      const jobs = Object.fromEntries(
        JOBS.map((job) => {
          const those = mine.filter((row) => row.job === job);
          return [
            job,
            those.length === 0 ? undefined : { wall: middle(those, 'wall'), cpu: middle(those, 'cpu') },
          ];
        }),
      );
      return [
        { kind: id, label, count, startUp: middle(mine, 'startUp'), memory: middle(mine, 'memory'), jobs },
      ];
    }),
  );
}

function ms(value) {
  if (value === undefined) return '';
  if (value >= 9950) return `${(value / 1000).toFixed(0)} s`;
  if (value >= 995) return `${(value / 1000).toFixed(1)} s`;
  return `${value >= 9.95 ? value.toFixed(0) : value.toFixed(1)} ms`;
}

function bytes(value) {
  if (value === undefined) return '';
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} MB`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(0)} kB`;
  if (value >= 1e3) return `${(value / 1e3).toFixed(1)} kB`;
  return `${Math.round(value)} B`;
}

function tableOf(lines) {
  const head = ['', 'tasks', 'start-up', 'memory a task', ...JOBS.map((job) => `${TITLES[job]}: wall (CPU)`)];
  const cells = lines.map(({ label, count, startUp, memory, jobs }) => [
    label,
    count.toLocaleString('en'),
    ms(startUp),
    bytes(memory),
    ...JOBS.map((job) => (jobs[job] === undefined ? '' : `${ms(jobs[job].wall)} (${ms(jobs[job].cpu)})`)),
  ]);
  return table(head, '-::::::', cells);
}

function howTaken({ date, cpu, load, rounds, versions, missing }) {
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${date.slice(0, 10)}, ${cpu}, load ${load.toFixed(1)}, ${software.join(', ')}; ${rounds === 1 ? 'one round' : `medians of ${rounds} rounds`}. Start-up: until all`,
    `tasks are there and wait. Then they are let go: they ask a local server twice that takes ${WAIT} ms to answer (waiting), do the same`,
    `computation of ${TOTAL.toLocaleString('en')} parts together, however many they are (computing), or both. CPU: from the first to the last, of all threads and`,
    'processes. Memory while all wait: growth of the heap (greenlets), of the resident set (threads, gevent), proportional set',
    '(processes). Up to 100 tasks have a connection each; more share 100.',
    ...missing.map((each) => `Not measured, because the machine does not have it: ${each}.`),
  ];
}

export function formatAll(report) {
  return [
    '# Greenlets, threads, processes',
    '',
    ...howTaken(report),
    '',
    ...tableOf(linesOf(report)),
    '',
  ].join('\n');
}

/** The lines that answer the question: each kind with as many tasks as it was tried with, and with a hundred. */
function short(report) {
  return linesOf(report).filter(({ count }) => count >= 100);
}

const MARKED = /(<!-- threads -->\n)[\s\S]*?(<!-- \/threads -->)/;

/** Puts the short table in the README, between its marks. */
export function writeReadme(file, report) {
  const page = readFileSync(file, 'utf8');
  if (!MARKED.test(page))
    throw new Error(`${file} has no place for the table: <!-- threads --> … <!-- /threads -->`);
  const text = [...tableOf(short(report)), '', ...howTaken(report)].join('\n');
  writeFileSync(
    file,
    page.replace(MARKED, (_, start, end) => `${start}\n${text}\n\n${end}`),
  );
}
