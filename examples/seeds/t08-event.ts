// T8: ten threads wait for an event, which main sets when it has read "True". Reading blocks main alone.
import { input } from 'greenlets/io';
import { Event, Thread } from 'greenlets/threading';
import { sleep } from './time.js';

function* runThreading(event: Event) {
  console.log('Start...');
  yield* event.wait();
  console.log('End...');
}

const eventObj = new Event();
for (let n = 0; n < 10; n++) {
  const t = new Thread({ target: runThreading, args: [eventObj] });
  t.start();
}
eventObj.clear();

function* clock() {
  for (let second = 1; ; second++) {
    yield* sleep(1);
    if (second === 2) console.log('(two seconds have passed, and main still reads)');
  }
}
new Thread({ target: clock, daemon: true }).start();

const inp = await input('True/False?>> \n');
if (inp?.toLowerCase() === 'true') {
  console.log('main sets the event');
  eventObj.set();
} else {
  console.log('the event is not set, and nobody passes');
  process.exit();
}
