// P12-P14, P21: queues, a queue that is joined, a pipe, and the three ways to talk.
import { attempt, main } from 'greenlets';
import {
  type Connection,
  isMainProcess,
  JoinableQueue,
  Pipe,
  Process,
  Queue,
  Value,
} from 'greenlets/multiprocessing';

export function* answers(q: Queue<string>) {
  console.log('child got', yield* q.get());
  yield* q.put('from the child');
}

export function* consumes(jq: JoinableQueue<string>) {
  for (;;) {
    console.log('ate', yield* jq.get());
    yield* jq.taskDone();
  }
}

export function* sends(end: Connection) {
  yield* end.send(['Hello', null, 'World']);
  end.close();
}

export function* doubles(value: Value) {
  yield* value.set(Number(value.value) * 2);
}

if (isMainProcess) {
  await main(function* () {
    const q = new Queue<number>(4);
    for (const n of [200, 201, 202, 204]) yield* q.putNowait(n);
    const full = yield* attempt(() => q.putNowait(205));
    console.log('full:', full.ok ? '' : (full.error as Error).name);
    while (!(yield* q.empty())) console.log(yield* q.get());
    const empty = yield* attempt(() => q.getNowait());
    console.log('empty:', empty.ok ? '' : (empty.error as Error).name);

    const talk = new Queue<string>();
    const p = new Process({ target: answers, args: [talk] });
    p.start();
    yield* talk.put('from main');
    yield* p.join();
    console.log('main got', yield* talk.get());

    const jq = new JoinableQueue<string>();
    new Process({ target: consumes, args: [jq], daemon: true }).start();
    for (const food of ['rice', 'tea']) yield* jq.put(food);
    yield* jq.join();
    console.log('all is eaten');

    const [mine, yours] = Pipe();
    const sender = new Process({ target: sends, args: [yours] });
    sender.start();
    console.log(yield* mine.recv());
    yield* sender.join();

    const shared = new Value('i', 21);
    const doubler = new Process({ target: doubles, args: [shared] });
    doubler.start();
    yield* doubler.join();
    console.log('shared memory:', shared.value);
  });
}
