/** The process of one workload: `node --expose-gc child.mjs SETTINGS`; prints the measurements as JSON. */
import { measure } from './measure.mjs';

const settings = JSON.parse(process.argv[2]);
const { default: workload } = await import(`../workloads/${settings.file}.mjs`);
const result = await measure(workload(settings), settings.quick);
const { node, v8 } = process.versions;
process.stdout.write(JSON.stringify({ ...result, versions: { node, v8 } }));
