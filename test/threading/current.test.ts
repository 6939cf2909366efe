import { GreenletError, getcurrent, greenlet, hub, main, sleep, spawn } from 'greenlets';
import { virtual } from 'greenlets/testing';
import {
  activeCount,
  currentThread,
  enumerate,
  getIdent,
  getNativeId,
  mainThread,
  Thread,
} from 'greenlets/threading';
import { describe, expect, it } from 'vitest';
import { thrownBy } from '../support/hub.js';
import { watchHub } from '../support/hub-watch.js';

watchHub();

function* nap(ms: number) {
  yield* sleep(ms);
}

describe('the main thread', () => {
  it('is that of code outside of greenlets', () => {
    expect(currentThread()).toBe(mainThread());
    expect(`${mainThread()}`).toBe(`<_MainThread(MainThread, started ${mainThread().ident})>`);
    expect(getIdent()).toBe(mainThread().ident);
    expect(getIdent()).not.toBe(0);
    expect([mainThread().name, mainThread().daemon, mainThread().isAlive()]).toEqual([
      'MainThread',
      false,
      true,
    ]);
    expect([mainThread().nativeId, mainThread().greenlet]).toEqual([getNativeId(), null]);
  });

  it('is that of callbacks', async () => {
    const seen: unknown[] = [];
    const g = spawn(() => {});
    g.rawlink(() => seen.push(getcurrent() === hub, currentThread(), getIdent()));
    await g.join();
    await sleep(0);
    expect(seen).toEqual([true, mainThread(), mainThread().ident]);
  });

  it('is that of the function of main(), and can be joined there', async () => {
    const log: unknown[] = [];
    const thread = new Thread({
      *target() {
        log.push(yield* mainThread().join({ timeout: 1 }));
        log.push(yield* mainThread().join());
      },
    });
    await main(function* () {
      expect(currentThread()).toBe(mainThread());
      expect(getIdent()).toBe(mainThread().ident);
      expect(mainThread().greenlet).toBe(getcurrent());
      thread.start();
      yield* sleep(10);
      log.push('main ends');
    });
    await thread.join();
    expect(log).toEqual([false, 'main ends', true]);
  });

  it('cannot be started again, be a daemon, join itself, or be joined where its end is not known', async () => {
    const thread = mainThread();
    expect(String(thrownBy(() => thread.start()))).toContain('threads can only be started once');
    expect(String(thrownBy(() => thread.setDaemon(true)))).toContain('cannot set daemon status');
    expect(String(thrownBy(() => thread.join()))).toContain('cannot join current thread');
    const other = spawn(() => String(thrownBy(() => thread.join())));
    expect(await other.get()).toContain('cannot join the main thread');
  });
});

describe('a greenlet that is no thread', () => {
  it(
    'has a _DummyThread of its own, from when it asks',
    virtual(function* () {
      const before = activeCount();
      const number = Number(/\d+/.exec(new Thread().name));
      const other = spawn(nap, 10);
      expect(activeCount()).toBe(before);
      const dummy = currentThread();
      expect(`${dummy}`).toBe(`<_DummyThread(Dummy-${number + 1}, started ${getIdent()})>`);
      expect([currentThread(), activeCount()]).toEqual([dummy, before + 1]);
      expect([dummy.isAlive(), dummy.daemon, dummy.ident]).toEqual([true, false, getcurrent().ident]);
      expect(new Thread().name).toBe(`Thread-${number + 2}`);
      yield* other.join();
    }),
  );

  it(
    'is a daemon if it was spawned as one, and leaves the list when it ends',
    virtual(function* () {
      let dummy: Thread | undefined;
      const g = spawn({ daemon: true }, function* () {
        dummy = currentThread();
        yield* sleep(10);
      });
      yield* sleep(1);
      expect([dummy?.daemon, enumerate().includes(dummy as Thread)]).toEqual([true, true]);
      yield* g.join();
      expect([dummy?.isAlive(), enumerate().includes(dummy as Thread)]).toEqual([false, false]);
    }),
  );

  it(
    'as a thread cannot be started, joined or made a daemon',
    virtual(function* () {
      const dummy = currentThread();
      expect(String(thrownBy(() => dummy.start()))).toContain('threads can only be started once');
      expect(String(thrownBy(() => dummy.join()))).toContain('cannot join a dummy thread');
      expect(thrownBy(() => dummy.setDaemon(true))).toBeInstanceOf(GreenletError);
      dummy.name = 'mine';
      expect(currentThread().name).toBe('mine');
    }),
  );

  it('has one too if it is a raw one, which is not enumerated', () => {
    let seen: [Thread, boolean] | undefined;
    new greenlet(() => {
      seen = [currentThread(), enumerate().includes(currentThread())];
    }).switch();
    expect([`${seen?.[0]}`, seen?.[1]]).toEqual([
      expect.stringMatching(/^<_DummyThread\(Dummy-\d+, /),
      false,
    ]);
  });

  it(
    'may ask for its number without becoming one',
    virtual(function* () {
      const before = activeCount();
      expect([getIdent(), activeCount()]).toEqual([getcurrent().ident, before]);
    }),
  );
});

describe('enumerate', () => {
  it(
    'gives the main thread, and those that are alive in the order of their starts',
    virtual(function* () {
      const [a, b, c] = ['a', 'b', 'c'].map(
        (name, i) => new Thread({ target: nap, args: [10 * (i + 1)], name }),
      );
      const names = () => enumerate().map((each) => each.name);
      expect(names()).toEqual(['MainThread']);
      c?.start();
      a?.start();
      expect(names()).toEqual(['MainThread', 'c', 'a']);
      b?.start();
      yield* sleep(15);
      expect([names(), activeCount()]).toEqual([['MainThread', 'c', 'b'], 3]);
      yield* c?.join() ?? [];
      expect(names()).toEqual(['MainThread']);
    }),
  );

  it(
    'has the thread that asks, which is the current one',
    virtual(function* () {
      const seen: unknown[] = [];
      const thread: Thread = new Thread({
        target: () => {
          seen.push(currentThread() === thread, enumerate().includes(thread), getIdent() === thread.ident);
        },
      });
      thread.start();
      yield* thread.join();
      expect(seen).toEqual([true, true, true]);
    }),
  );
});
