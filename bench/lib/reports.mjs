/** Reports: the JSON of a session, how it comes about, and where it is kept. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FAMILIES } from './growth.mjs';
import { FILES, JOBS } from './jobs.mjs';
import { describe, runSession } from './session.mjs';

/** ms, and at most so many rounds. Reading what the workloads have, and the first round, are not cut short. */
const LIMITS = {
  quick: { budget: 100_000, rounds: 3 },
  full: { budget: 580_000, rounds: 9 },
  growth: { budget: 200_000, rounds: 3 },
};

/** All workloads, or those of `only`, on one version of Node: { kind: 'table', … }. */
export async function measureAll({ node, quick, clock, only = FILES, rounds, found, log }) {
  const effort = quick ? 'quick' : 'full';
  const limits = LIMITS[effort];
  const jobs = JOBS.filter(({ file, full }) => only.includes(file) && !(full && quick)).map(
    ({ file, size }) => ({ file, size }),
  );
  return await report({
    kind: 'table',
    quick,
    effort,
    clock,
    node,
    found,
    log,
    jobs,
    ...limits,
    rounds: rounds ?? limits.rounds,
  });
}

/** Each workload that has sizes, at each of them: { kind: 'growth', … }. */
export async function measureGrowth({ node, clock, only = FILES, rounds, found, log }) {
  const jobs = [];
  for (const file of only) {
    const { growth } = await describe(node, { file, quick: true, tools: {}, trusted: true });
    for (const size of growth?.sizes ?? []) jobs.push({ file, size, trusted: true });
  }
  const wanted = ({ family, grows }) => grows && FAMILIES.includes(family);
  const limits = LIMITS.growth;
  return await report({
    kind: 'growth',
    effort: 'growth',
    clock,
    node,
    found,
    log,
    jobs,
    wanted,
    ...limits,
    rounds: rounds ?? limits.rounds,
  });
}

async function report({ kind, quick = false, clock, node, found, log, ...session }) {
  const date = new Date().toISOString();
  const before = loadavg()[0];
  const workloads = await runSession({ node, clock, tools: found.tools, log, ...session });
  return {
    kind,
    date,
    quick,
    clock,
    cpu: `${cpus().length} x ${cpus()[0]?.model.trim()}`,
    load: [before, loadavg()[0]],
    tools: found.versions,
    versions: workloads.find(({ versions }) => versions !== undefined)?.versions,
    workloads: workloads.map(({ versions, ...workload }) => workload),
  };
}

const RESULTS = fileURLToPath(new URL('../results', import.meta.url));

const majorOf = ({ versions }) => versions?.node.split('.')[0] ?? 'unknown';
const nameOf = (report) => `${report.kind === 'growth' ? 'growth-' : ''}node-${majorOf(report)}.json`;

/** Keeps a report in results/local, or, where the docs are made from it, in results: one a version of Node. Gives the file's name. */
export function keep(report, { documented = false } = {}) {
  const file = documented
    ? `${RESULTS}/${nameOf(report)}`
    : `${RESULTS}/local/${report.date.replace(/\..*/, '').replaceAll(':', '-')}-${nameOf(report)}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${format(report)}\n`);
  return file;
}

/** A line a contestant. */
function format(report) {
  const lines = [];
  const marked = JSON.stringify(
    report,
    (key, value) =>
      key === 'contestants' || key === 'bars'
        ? value.map((each) => `#${lines.push(JSON.stringify(each)) - 1}#`)
        : value,
    1,
  );
  return marked.replace(/"#(\d+)#"/g, (_, index) => lines[index]);
}

export const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
