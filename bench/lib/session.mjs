/**
 * A session: contestants in interleaved rounds, each measurement in a process of its own. A round goes through all workloads, and
 * in each through its contestants, A B C, then A B C in the next round: whatever slows the machine for a while slows all of a workload, and ratios
 * are taken within a round. There are as many rounds as the time allows, and one at least.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EFFORTS } from './measure.mjs';

/** A process that takes longer than this many ms hangs. */
const LONGEST = 180_000;
const CHILD = fileURLToPath(new URL('./child.mjs', import.meta.url));

/**
 * `jobs`: [{ file, size?, trusted? }]; `wanted(contestant)`: which of theirs; `budget`: ms; `rounds`: at most so many; `log(text)`.
 * `effort` is one of EFFORTS; `clock: 'cpu'`: CPU time, also where a workload has the time on the wall. With 'quick' the later rounds have only the contestants that a bar speaks of.
 */
export async function runSession({
  jobs,
  node,
  effort,
  clock,
  tools,
  budget,
  rounds,
  wanted = () => true,
  log,
}) {
  const begun = performance.now();
  const left = () => budget - (performance.now() - begun);
  const quick = effort !== 'full';
  const base = { quick, tools };
  const entries = [];
  for (const job of jobs) entries.push(await describe(node, { ...base, ...job }, wanted));
  for (let round = 0; round < rounds; round++) {
    if (round > 0 && entries.every((entry) => entry.error !== undefined || entry.time > left())) break;
    for (const entry of entries) {
      // One that does not fit any more is left out of the round; the first round is for all.
      if (entry.error !== undefined || (round > 0 && entry.time > left())) continue;
      const started = performance.now();
      await measureRound(node, base, entry, round, effort, clock);
      const time = performance.now() - started;
      if (round === 0 && effort === 'quick') entry.time = (time * barred(entry).length) / entry.units.length;
      else entry.time = time;
      log(`round ${round + 1}: ${nameOf(entry)}, ${(time / 1000).toFixed(1)} s\n`);
    }
  }
  return entries.map(({ units, time, ...workload }) => workload);
}

/**
 * What a workload has; `units` are its contestants, and `contestants` the figures that they give. Unless the settings say that it is
 * `trusted`, it is verified.
 */
export async function describe(node, settings, wanted = () => true) {
  const { file, size } = settings;
  const answer = await inChild(node, settings);
  if (answer.error !== undefined) return { file, size, title: file, error: answer.error };
  const contestants = answer.contestants.filter(wanted).map((each) => ({ ...each, values: [] }));
  const units = [...new Set(contestants.map(({ from }) => from))];
  return { file, size, time: 0, failed: [], ...answer, units, contestants };
}

/** Those that a bar speaks of. */
function barred({ units, bars, contestants }) {
  const spoken = new Set(bars.flatMap(({ of, to, floor }) => [of, to, floor]));
  const froms = new Set(contestants.filter(({ id }) => spoken.has(id)).map(({ from }) => from));
  return units.filter((unit) => froms.has(unit));
}

async function measureRound(node, base, entry, round, effort, clock) {
  const { file, size, units, contestants, failed } = entry;
  for (const each of contestants) each.values[round] = null;
  for (const unit of effort === 'quick' && round > 0 ? barred(entry) : units) {
    if (failed.some(({ id }) => id === unit)) continue;
    const answer = await inChild(node, {
      ...base,
      file,
      size,
      contestant: unit,
      effort: { ...EFFORTS[effort], clock },
    });
    const mine = contestants.filter(({ from }) => from === unit);
    if (answer.error !== undefined) failed.push({ id: unit, label: mine[0].label, error: answer.error });
    else for (const each of mine) each.values[round] = answer[each.id];
  }
}

/** The answer of a child, or { error }. */
function inChild(node, settings) {
  return new Promise((done) => {
    const { NODE_OPTIONS, ...env } = process.env;
    const child = spawn(node, ['--expose-gc', CHILD, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LONGEST,
      env,
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.on('error', (error) => done({ error: String(error) }));
    child.on('close', (code, signal) => {
      // A warning says that something went another way than the workload has it.
      if (code === 0 && !errors.includes('greenlets: warning'))
        done(JSON.parse(output.trim().split('\n').at(-1)));
      else done({ error: firstError(errors) || `exit code ${code}, signal ${signal}` });
    });
  });
}

export const nameOf = ({ file, size }) =>
  size === undefined ? file : `${file} ${size.toLocaleString('en')}`;

/** The line that says what it was, out of what Node prints. */
function firstError(text) {
  const lines = text.trim().split('\n');
  return lines.find((line) => /^\S*Error/.test(line)) ?? lines[0];
}
