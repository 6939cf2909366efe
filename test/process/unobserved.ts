/** A greenlet fails and nobody looks; `late`: somebody looks before the exit; `handled`: an own onError. */
import { hub, sleep, spawn } from 'greenlets';

const [mode] = process.argv.slice(2);
if (mode === 'handled') hub.onError = (error) => console.log(`told ${(error as Error).message}`);
const g = spawn({ name: 'culprit' }, () => {
  throw new Error('nobody looks');
});
await sleep(5);
if (mode === 'late') console.log(String(g.error));
console.log('end');
