/**
 * A process that has to do with one workload: `node --expose-gc child.mjs SETTINGS`, where SETTINGS is the JSON of
 *
 *      { file, size?, quick, tools, contestant, effort }     measures that contestant
 *      { file, size?, quick, tools, trusted? }               says what the workload has, and verifies it unless it is trusted
 *
 * The last line that it prints is the answer, as JSON. A peer is loaded only where it is measured.
 */
import { measure } from './measure.mjs';
import { installed } from './peer.mjs';
import { setTools } from './tools.mjs';

const { file, size, quick, tools, trusted = false, contestant: id, effort } = JSON.parse(process.argv[2]);
setTools(tools);
const { default: make } = await import(`../workloads/${file}.mjs`);
const workload = make({ size, quick });
const answer = id === undefined ? await described(workload) : await measured(workload);
process.stdout.write(`\n${JSON.stringify(answer)}\n`, () => process.exit());

async function measured({ contestants, setup }) {
  await setup?.();
  return await measure(
    contestants.find((each) => each.id === id),
    effort,
  );
}

async function described({ title, short, contestants, bars = [], growth, verify, setup }) {
  if (verify !== undefined && !trusted) {
    await setup?.();
    await verify();
  }
  const { node, v8 } = process.versions;
  const missing = contestants.filter((each) => needOf(each) !== undefined);
  const present = contestants.filter((each) => !missing.includes(each));
  const lost = new Set(missing.flatMap(figuresOf).map((each) => each.id));
  return {
    title,
    short,
    growth,
    bars: bars.filter(({ of, to }) => !lost.has(of) && !lost.has(to)),
    contestants: present.flatMap(figuresOf),
    missing: missing.map((each) => ({ label: each.label, needs: needOf(each) })),
    versions: { node, v8 },
  };
}

/** A contestant and what else its runs give, without the functions. `from`: the contestant whose runs give it. */
function figuresOf({ id: from, label, unit = 'ns', family, case: which = '', grows = true, also = [] }) {
  const first = { id: from, label, unit, family, case: which, grows, from };
  return [first, ...also.map(({ take, ...each }) => ({ family, case: '', grows: false, from, ...each }))];
}

/** What is not there that it needs. */
function needOf({ peer, tool }) {
  if (peer === null) return 'a package';
  if (typeof peer === 'string' && !installed(peer)) return peer;
  if (tool !== undefined && tools[tool] === undefined) return tool;
  return undefined;
}
