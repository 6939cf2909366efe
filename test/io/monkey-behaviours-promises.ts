/** `node:timers/promises`, `node:events`, `node:stream/promises`, and promises themselves. */
import events, { EventEmitter } from 'node:events';
import fs from 'node:fs';
import { PassThrough, Readable, Transform, Writable } from 'node:stream';
import streams from 'node:stream/promises';
import timers from 'node:timers/promises';
import { inspect, promisify } from 'node:util';
import { expect } from 'vitest';
import { type Behaviours, thrown } from './monkey-behaviours.js';

const reason = new Error('enough');
const aborted = { name: 'AbortError', code: 'ABORT_ERR', cause: reason };

export const timing: Behaviours = {
  *'a timer gives its value, and not before its time'(kit) {
    const start = performance.now();
    const promise = timers.setTimeout(15, 'value');
    expect(promise).toBeInstanceOf(Promise);
    expect(yield* kit.wait(promise)).toBe('value');
    expect(performance.now() - start).toBeGreaterThan(14);
    expect(yield* kit.wait(timers.setTimeout())).toBe(undefined);
    expect(yield* kit.wait(timers.setImmediate('now'))).toBe('now');
  },
  *'an aborted timer rejects, before and during its time, and leaves nothing'(kit) {
    const count = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    const signal = AbortSignal.abort(reason);
    expect(yield* kit.fails(timers.setTimeout(1, 1, { signal }))).toMatchObject(aborted);
    expect(yield* kit.fails(timers.setImmediate(1, { signal }))).toMatchObject(aborted);
    const before = count();
    const controller = new AbortController();
    const waiting = timers.setTimeout(1e8, 1, { signal: controller.signal });
    expect(count()).toBe(before + 1);
    controller.abort(reason);
    expect(count()).toBe(before);
    expect(yield* kit.fails(waiting)).toMatchObject(aborted);
  },
  *'an abort that comes too late changes nothing, and nothing listens to the signal any more'(kit) {
    const controller = new AbortController();
    const { signal } = controller;
    expect(yield* kit.wait(timers.setTimeout(1, 'value', { signal }))).toBe('value');
    expect(events.getEventListeners(signal, 'abort')).toHaveLength(0);
    controller.abort();
  },
  *'wrong options reject with the error of an argument'(kit) {
    for (const options of [1, 'x', null, { signal: {} }, { signal: 'x' }, { ref: 'yes' }]) {
      const promise = timers.setTimeout(1, 1, options as never);
      expect(yield* kit.fails(promise)).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    }
  },
  *'promisify(setTimeout) is the very function; an interval gives its value again and again'(kit) {
    expect(promisify(setTimeout)).toBe(timers.setTimeout);
    expect(promisify(setImmediate)).toBe(timers.setImmediate);
    const interval = timers.setInterval(1, 'tick');
    expect(yield* kit.wait(interval.next())).toEqual({ done: false, value: 'tick' });
    expect(yield* kit.wait(interval.next())).toEqual({ done: false, value: 'tick' });
    expect(yield* kit.wait(interval.return?.() as never)).toMatchObject({ done: true });
  },
  *'scheduler.wait takes ms and a signal'(kit) {
    expect(yield* kit.wait(timers.scheduler.wait(1))).toBe(undefined);
    const signal = AbortSignal.abort(reason);
    expect(yield* kit.fails(timers.scheduler.wait(1, { signal } as never))).toMatchObject(aborted);
  },
};

export const emitters: Behaviours = {
  *'once gives the arguments as an array, and leaves no listener'(kit) {
    const emitter = new EventEmitter();
    setImmediate(() => emitter.emit('event', 1, 2));
    expect(yield* kit.wait(events.once(emitter, 'event'))).toEqual([1, 2]);
    expect(emitter.eventNames()).toEqual([]);
  },
  *'an error ends it, unless the error is what is waited for'(kit) {
    const emitter = new EventEmitter();
    setImmediate(() => emitter.emit('error', reason));
    expect(yield* kit.fails(events.once(emitter, 'event'))).toBe(reason);
    setImmediate(() => emitter.emit('error', reason));
    expect(yield* kit.wait(events.once(emitter, 'error'))).toEqual([reason]);
    expect(emitter.eventNames()).toEqual([]);
  },
  *'a signal ends it, and an event target is listened to as well'(kit) {
    const emitter = new EventEmitter();
    const controller = new AbortController();
    const waiting = events.once(emitter, 'event', { signal: controller.signal });
    controller.abort(reason);
    expect(yield* kit.fails(waiting)).toMatchObject(aborted);
    expect(emitter.eventNames()).toEqual([]);
    const target = new EventTarget();
    setImmediate(() => target.dispatchEvent(new Event('event')));
    const [event] = (yield* kit.wait(events.once(target as never, 'event'))) as [Event];
    expect(event.type).toBe('event');
  },
  *'one that is emitted in the same tick is caught'(kit) {
    const emitter = new EventEmitter();
    const waiting = events.once(emitter, 'event');
    emitter.emit('event', 'now');
    expect(yield* kit.wait(waiting)).toEqual(['now']);
  },
};

const upper = () =>
  new Transform({ transform: (chunk, _encoding, done) => done(null, String(chunk).toUpperCase()) });

export const flows: Behaviours = {
  *'a pipeline runs through streams and generators, to a file'(kit) {
    const path = kit.path('a');
    const done = streams.pipeline(
      Readable.from(['one', 'two']),
      async function* (source) {
        for await (const chunk of source) yield `${chunk};`;
      },
      upper(),
      fs.createWriteStream(path),
    );
    expect(yield* kit.wait(done)).toBe(undefined);
    expect(fs.readFileSync(path, 'utf8')).toBe('ONE;TWO;');
  },
  *'it gives what its last function gives'(kit) {
    const total = streams.pipeline(Readable.from([1, 2, 3]), async (source) => {
      let sum = 0;
      for await (const each of source) sum += each as number;
      return sum;
    });
    expect(yield* kit.wait(total)).toBe(6);
  },
  *'an error of one destroys all'(kit) {
    const [source, target] = [new PassThrough(), new PassThrough()];
    const broken = new Transform({ transform: (_chunk, _encoding, done) => done(reason) });
    source.write('x');
    expect(yield* kit.fails(streams.pipeline(source, broken, target))).toBe(reason);
    expect([source, broken, target].map((each) => each.destroyed)).toEqual([true, true, true]);
  },
  *'a signal ends it and destroys all'(kit) {
    const [source, target] = [new PassThrough(), new PassThrough()];
    const controller = new AbortController();
    const running = streams.pipeline(source, target, { signal: controller.signal });
    controller.abort(reason);
    expect(yield* kit.fails(running)).toMatchObject(aborted);
    expect([source.destroyed, target.destroyed]).toEqual([true, true]);
  },
  *'finished waits for the end, and knows a premature one'(kit) {
    const target = new Writable({ write: (_chunk, _encoding, done) => done() });
    const ended = streams.finished(target);
    target.end('x');
    expect(yield* kit.wait(ended)).toBe(undefined);
    const cut = new PassThrough();
    const finished = streams.finished(cut);
    cut.destroy();
    expect(yield* kit.fails(finished)).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  },
};

const jobs = async (promise: Promise<unknown>): Promise<number> => {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  let count = 0;
  for (; !settled; count++) await null;
  return count;
};

export const promises: Behaviours = {
  *'reactions run in the order in which they were added, after the code that added them'(kit) {
    const order: number[] = [];
    const promise = Promise.resolve();
    const last = [1, 2, 3].map((n) => promise.then(() => order.push(n))).at(-1) as Promise<number>;
    order.push(0);
    yield* kit.wait(last);
    expect(order).toEqual([0, 1, 2, 3]);
  },
  *'await of a promise takes one job, and returning one takes three'(kit) {
    expect(yield* kit.wait(jobs(Promise.resolve()))).toBe(1);
    expect(yield* kit.wait(jobs((async () => {})()))).toBe(1);
    expect(yield* kit.wait(jobs((async () => Promise.resolve())()))).toBe(3);
  },
  *'all, allSettled, any and race give what they gave'(kit) {
    const rejected = () => Promise.reject(reason);
    expect(yield* kit.wait(Promise.all([1, Promise.resolve(2)]))).toEqual([1, 2]);
    expect(yield* kit.fails(Promise.all([1, rejected()]))).toBe(reason);
    expect(yield* kit.wait(Promise.allSettled([1, rejected()]))).toEqual([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason },
    ]);
    expect(yield* kit.wait(Promise.any([rejected(), 2]))).toBe(2);
    expect(yield* kit.fails(Promise.any([rejected()]))).toMatchObject({ errors: [reason] });
    expect(yield* kit.wait(Promise.race([new Promise(() => {}), 3]))).toBe(3);
  },
  *'a thenable is taken up, once, and later'(kit) {
    const order: string[] = [];
    const thenable = {
      then(resolve: (value: string) => void) {
        order.push('then');
        resolve('first');
        resolve('second');
      },
    };
    const promise = Promise.resolve(thenable);
    order.push('after');
    expect(yield* kit.wait(promise)).toBe('first');
    expect(order).toEqual(['after', 'then']);
  },
  *'finally passes on what there was, and throws what it throws'(kit) {
    expect(yield* kit.wait(Promise.resolve(1).finally(() => 2))).toBe(1);
    expect(yield* kit.fails(Promise.reject(reason).finally(() => 2))).toBe(reason);
    expect(
      yield* kit.fails(
        Promise.resolve(1).finally(() => {
          throw reason;
        }),
      ),
    ).toBe(reason);
  },
  *'a subclass stays one through then and its statics'(kit) {
    class Mine<T> extends Promise<T> {}
    expect(Mine.resolve(1)).toBeInstanceOf(Mine);
    expect(Mine.resolve(1).then(() => 2)).toBeInstanceOf(Mine);
    expect(yield* kit.wait(Mine.all([Mine.resolve(1)]))).toEqual([1]);
  },
  *'a rejection that nobody handles is told, and one that is handled in time is not'(kit) {
    const told: unknown[] = [];
    const listen = (error: unknown) => told.push(error);
    process.on('unhandledRejection', listen);
    kit.after(() => process.off('unhandledRejection', listen));
    const handled = Promise.reject(new Error('handled'));
    void Promise.reject(reason);
    void fs.promises.readFile(kit.path('none'));
    void fetch('no url');
    expect((yield* kit.fails(handled)).message).toBe('handled');
    while (told.length < 3) yield* kit.wait(timers.setImmediate());
    expect(told[0]).toBe(reason);
    expect(told.map((each) => (each as NodeJS.ErrnoException).code ?? String(each)).sort()).toEqual([
      'ENOENT',
      'Error: enough',
      'TypeError: Failed to parse URL from no url',
    ]);
  },
  *'promises are iterated by nothing else, and shown as ever'(kit) {
    const promise = Promise.resolve(1);
    expect(thrown(() => [...(promise as never as number[])])).toBeInstanceOf(TypeError);
    expect(Object.keys(promise)).toEqual([]);
    expect(inspect(promise)).toMatch(/^Promise \{ 1/);
    expect(JSON.stringify({ promise })).toBe('{"promise":{}}');
    async function* one() {
      yield promise;
    }
    const got = (async () => {
      const list: number[] = [];
      for await (const each of one()) list.push(each);
      for await (const each of [promise]) list.push(each);
      return list;
    })();
    expect(yield* kit.wait(got)).toEqual([1, 1]);
  },
  *'promisify makes a promise of a callback, with the names that a function has for its values'(kit) {
    const divide = (a: number, b: number, cb: (error: Error | null, value?: number) => void) =>
      b === 0 ? cb(reason) : cb(null, a / b);
    expect(yield* kit.wait(promisify(divide)(6, 2))).toBe(3);
    expect(yield* kit.fails(promisify(divide)(6, 0))).toBe(reason);
    const custom = Object.assign(() => {}, { [promisify.custom]: () => Promise.resolve('custom') });
    expect(yield* kit.wait((promisify(custom) as () => Promise<string>)())).toBe('custom');
  },
};
