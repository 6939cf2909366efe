// P15-P17: a manager's dict and list, keys of several types, shared numbers under a lock.
import { main } from 'greenlets';
import {
  type DictProxy,
  isMainProcess,
  type ListProxy,
  Lock,
  Manager,
  Process,
  RLock,
  SharedArray,
  Value,
} from 'greenlets/multiprocessing';

export function* work(data: DictProxy<number>, list: ListProxy<number>, lock: Lock) {
  yield* lock.with(function* () {
    yield* data.set('count', ((yield* data.get('count')) ?? 0) - 1);
    yield* list.set(0, ((yield* list.at(0)) ?? 0) + 1);
  });
}

export function* keys(d: DictProxy<unknown>, l: ListProxy<number>) {
  yield* d.set(0.25, null);
  yield* d.set(1, '1');
  yield* d.set('2', 2);
  yield* l.reverse();
}

export function negate(n: Value, a: SharedArray) {
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: the number of the seed
  n.value = 3.1415927;
  for (let i = 0; i < a.length; i++) a[i] = -(a[i] as number);
}

export function* adds(lock: RLock, temp: SharedArray) {
  yield* lock.acquire();
  temp[0] = (temp[0] as number) + 100;
  yield* lock.release();
}

if (isMainProcess) {
  await main(function* () {
    const manager = Manager();
    const [data, list, lock] = [manager.dict({ count: 20000 }), manager.list([1, 2, 3]), new Lock()];
    const all = Array.from({ length: 10 }, () => new Process({ target: work, args: [data, list, lock] }));
    for (const p of all) p.start();
    for (const p of all) yield* p.join();
    console.log('count', yield* data.get('count'), 'list', yield* list.copy());

    const [d, l] = [manager.dict<unknown>(), manager.list(Array.from({ length: 10 }, (_, i) => i))];
    const p = new Process({ target: keys, args: [d, l] });
    p.start();
    yield* p.join();
    console.log(yield* d.copy());
    console.log((yield* l.copy()).join(' '));

    const [n, a] = [
      new Value('d', 0),
      new SharedArray(
        'i',
        Array.from({ length: 10 }, (_, i) => i),
      ),
    ];
    const q = new Process({ target: negate, args: [n, a] });
    q.start();
    yield* q.join();
    console.log(
      n.value,
      a
        .slice()
        .map((x) => Number(x) + 0)
        .join(' '),
    );

    const [rlock, temp] = [new RLock(), new SharedArray('i', [11, 22, 33, 44])];
    const adders = Array.from({ length: 4 }, () => new Process({ target: adds, args: [rlock, temp] }));
    for (const each of adders) each.start();
    for (const each of adders) yield* each.join();
    console.log(temp.slice().join(' '));
  });
}
