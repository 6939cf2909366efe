/** A thread that fails, and who is told. */
import { hub, sleep } from 'greenlets';
import { excepthook, Thread } from 'greenlets/threading';

const [which] = process.argv.slice(2);
if (which === 'onError') hub.onError = (error, greenlet) => console.log(String(error), greenlet?.name);
if (which === 'handler') {
  excepthook.handler = ({ excValue, thread }) => console.log(`${thread?.name}: ${excValue}`);
}

function* culprit() {
  yield* sleep(1);
  throw new Error('what happened', { cause: new TypeError('why') });
}

const thread = new Thread({ target: culprit });
thread.start();
console.log(await thread.join());
