import {
  attempt,
  Greenlet,
  GreenletError,
  GreenletExit,
  getcurrent,
  greenlet,
  Queue,
  select,
  sleep,
  spawn,
  suspend,
  type Transfer,
  type Waker,
} from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';

const watch = watchHub();

const main = getcurrent();
const up = (...values: unknown[]) => (getcurrent().parent as greenlet).switch(...values);

/** An operation that waits until `open` is called. */
function gate<T = void>(name = 'gate') {
  let waker: Waker<T> | undefined;
  let undone = 0;
  return {
    operation: suspend<T>(name, (wake) => {
      waker = wake;
      return () => {
        undone++;
      };
    }),
    open: (value: T) => (waker as Waker<T>).resolve(value),
    fail: (error: unknown) => (waker as Waker<T>).reject(error),
    get undone() {
      return undone;
    },
  };
}

describe("main's transfer", () => {
  it('runs at once, synchronously, until control comes back', () => {
    const order: string[] = [];
    const g = new greenlet(function* () {
      order.push('in g');
      yield* up(5);
    });
    const transfer = g.switch();
    order.push('in main');
    expect(order).toEqual(['in g', 'in main']);
    expect(transfer.done).toBe(true);
    expect(transfer.value).toBe(5);
  });

  it('can be awaited though it has come back', async () => {
    expect(await new greenlet((x: number) => x + 1).switch(1)).toBe(2);
  });

  it('gives the same value at each reading and each await, and never switches again', async () => {
    let entered = 0;
    const g = new greenlet(function* () {
      for (;;) {
        entered++;
        yield* up(entered);
      }
    });
    const transfer = g.switch();
    expect([transfer.value, await transfer, await transfer, transfer.value]).toEqual([1, 1, 1, 1]);
    expect(await transfer.promise()).toBe(1);
    expect(entered).toBe(1);
  });

  it('throws the error that came back from its value, each time, and rejects', async () => {
    const error = new Error('back');
    const transfer = new greenlet(() => {
      throw error;
    }).switch();
    expect(transfer.done).toBe(true);
    expect(() => transfer.value).toThrow(error);
    expect(() => transfer.value).toThrow(error);
    await expect(transfer).rejects.toBe(error);
  });

  it('whose error nobody takes goes to hub.onError, once', async () => {
    const error = new Error('forgotten');
    new greenlet(() => {
      throw error;
    }).switch();
    expect(watch.takeErrors()).toEqual([]);
    await pass();
    expect(watch.takeErrors()).toEqual([error]);
  });

  it('stays open while the greenlets are parked, and delivers later', async () => {
    const wait = gate<string>();
    const g = new greenlet(function* () {
      return [yield* wait.operation];
    });
    const transfer = g.switch();
    expect(transfer.done).toBe(false);
    expect(() => transfer.value).toThrow(GreenletError);
    wait.open('io');
    expect(transfer.done).toBe(false);
    expect(await transfer).toEqual(['io']);
    expect(transfer.done).toBe(true);
    expect(transfer.value).toEqual(['io']);
  });

  it('that is open rejects with the error that comes back later', async () => {
    const wait = gate();
    const error = new Error('later');
    const transfer = new greenlet(function* () {
      yield* wait.operation;
    }).switch();
    wait.fail(error);
    await expect(transfer).rejects.toBe(error);
    expect(() => transfer.value).toThrow(error);
  });

  it('that is open and never awaited tells hub.onError of an error that comes back', async () => {
    const wait = gate();
    const error = new Error('nobody');
    const transfer = new greenlet(function* () {
      yield* wait.operation;
    }).switch();
    wait.fail(error);
    await pass();
    expect(transfer.done).toBe(true);
    expect(watch.takeErrors()).toEqual([error]);
  });

  it('of several that are open: each gets what its own greenlet gives, in whatever order', async () => {
    const gates = [gate<number>(), gate<number>(), gate<number>()];
    const transfers = gates.map(({ operation }, index) =>
      new greenlet(function* () {
        return [index, yield* operation];
      }).switch(),
    );
    gates[2]!.open(30);
    expect(await transfers[2]).toEqual([2, 30]);
    expect(transfers.map((transfer) => transfer.done)).toEqual([false, false, true]);
    gates[0]!.open(10);
    gates[1]!.open(20);
    expect(await Promise.all(transfers)).toEqual([
      [0, 10],
      [1, 20],
      [2, 30],
    ]);
  });

  it('comes back through another greenlet than the one that was entered', async () => {
    const wait = gate<string>();
    const inner = new greenlet(function* () {
      yield* main.switch(yield* wait.operation);
    });
    const transfer = new greenlet(function* () {
      yield* inner.switch();
    }).switch();
    wait.open('from inner');
    expect(await transfer).toBe('from inner');
  });

  it('made while another is open is delivered at once and leaves that one open', async () => {
    const wait = gate<string>();
    const parked = new greenlet(function* () {
      return yield* wait.operation;
    }).switch();
    expect(new greenlet(() => 'quick').switch().value).toBe('quick');
    expect(parked.done).toBe(false);
    wait.open('slow');
    expect(await parked).toBe('slow');
  });

  it('into main itself gives the arguments back', () => {
    expect(main.switch().value).toBe(undefined);
    expect(main.switch(1).value).toBe(1);
    expect(main.switch(1, 2).value).toEqual([1, 2]);
    const error = new Error('self');
    const thrown = main.throw(error);
    expect(() => thrown.value).toThrow(error);
  });

  it('is interrupted by the signal of its promise without losing what comes back', async () => {
    const wait = gate<string>();
    const transfer = new greenlet(function* () {
      return yield* wait.operation;
    }).switch();
    const controller = new AbortController();
    const promise = transfer.promise({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(promise).rejects.toThrow('enough');
    wait.open('kept');
    expect(await transfer).toBe('kept');
  });

  it('whose promise gets a signal that is aborted already rejects with its reason', async () => {
    const wait = gate<string>();
    const transfer = new greenlet(function* () {
      return yield* wait.operation;
    }).switch();
    const reason = new Error('aborted before');
    const promise = transfer.promise({ signal: AbortSignal.abort(reason) });
    wait.open('late');
    await expect(promise).rejects.toBe(reason);
  });

  it('an error that comes to main with no open transfer goes to hub.onError', async () => {
    const wait = gate();
    const error = new Error('unasked');
    const g = new greenlet(function* () {
      yield* main.switch('first');
      throw error;
    });
    expect(g.switch().value).toBe('first');
    spawn(function* () {
      yield* wait.operation;
      yield* g.switch();
    });
    await pass();
    wait.open();
    await pass();
    expect(watch.takeErrors()).toEqual([error]);
  });

  it('may be awaited by two at once', async () => {
    const wait = gate<string>();
    const transfer = new greenlet(function* () {
      return yield* wait.operation;
    }).switch();
    const both = Promise.all([transfer, transfer]);
    wait.open('both');
    expect(await both).toEqual(['both', 'both']);
  });

  it('from within a main transfer that is running is one of the inner greenlet, and lazy', () => {
    const log: unknown[] = [];
    const g = new greenlet(function* () {
      const transfer: Transfer<unknown> = up('x');
      log.push(transfer.done);
      log.push(yield* transfer);
    });
    expect(g.switch().value).toBe('x');
    g.switch('y');
    expect(log).toEqual([false, 'y']);
  });
});

describe('a transfer inside a greenlet', () => {
  it('is lazy: building it enters nobody', () => {
    let entered = false;
    new greenlet(() => {
      new greenlet(() => {
        entered = true;
      }).switch();
    }).switch();
    expect(entered).toBe(false);
  });

  it('runs once', () => {
    const errors: unknown[] = [];
    const target = new greenlet(() => 'value');
    const g: greenlet = new greenlet(function* () {
      target.parent = g;
      const transfer = target.switch();
      expect(yield* transfer).toBe('value');
      try {
        yield* transfer;
      } catch (e) {
        errors.push(e);
      }
    });
    g.switch();
    expect(errors).toEqual([expect.any(GreenletError)]);
  });

  it('is run only by the greenlet that made it', () => {
    let made: Transfer<unknown> | undefined;
    const errors: unknown[] = [];
    const target = new greenlet(() => 'value');
    new greenlet(() => {
      made = target.switch();
    }).switch();
    new greenlet(function* () {
      try {
        yield* made as Transfer<unknown>;
      } catch (e) {
        errors.push(e);
      }
    }).switch();
    expect(errors).toEqual([expect.any(GreenletError)]);
    expect(target.started || target.dead).toBe(false);
  });

  it('cannot be awaited', async () => {
    let made: Transfer<unknown> | undefined;
    new greenlet(() => {
      made = new greenlet(() => 'value').switch();
    }).switch();
    await expect(made).rejects.toBeInstanceOf(GreenletError);
  });

  it('has no value to read: GreenletError, and the target is not entered', () => {
    const target = new greenlet(() => 'value');
    let caught: unknown;
    new greenlet(() => {
      try {
        target.switch().value;
      } catch (e) {
        caught = e;
      }
    }).switch();
    expect(caught).toBeInstanceOf(GreenletError);
    expect(target.started || target.dead).toBe(false);
  });

  it("made by main cannot be run by a greenlet's yield*", () => {
    const transfer = new greenlet(() => 1).switch();
    let caught: unknown;
    new greenlet(function* () {
      try {
        yield* transfer;
      } catch (e) {
        caught = e;
      }
    }).switch();
    expect(caught).toBeInstanceOf(GreenletError);
  });
});

describe('a greenlet that is parked in an operation', () => {
  it('refuses a switch with a GreenletError that names the operation, and stays parked', async () => {
    const wait = gate<string>('tea time');
    const g = new greenlet(function* () {
      return yield* wait.operation;
    });
    const transfer = g.switch();
    expect(() => g.switch('early')).toThrow(GreenletError);
    expect(() => g.switch('early')).toThrow(/tea time/);
    const refused: unknown[] = [];
    new greenlet(function* () {
      try {
        yield* g.switch('early');
      } catch (e) {
        refused.push(e);
      }
    }).switch();
    expect(refused).toEqual([expect.any(GreenletError)]);
    expect(wait.undone).toBe(0);
    wait.open('proper');
    expect(await transfer).toBe('proper');
  });

  it('refuses a switch while it is in sleep(0) or woken already', async () => {
    const g = spawn(function* () {
      yield* sleep(0);
      return 'slept';
    });
    const order: unknown[] = [];
    const other = spawn(function* () {
      try {
        yield* g.switch();
      } catch (e) {
        order.push(e);
      }
    });
    await other.get();
    expect(order).toEqual([expect.any(GreenletError)]);
    expect(String(order[0])).toContain('sleep');
    expect(await g.get()).toBe('slept');
  });

  it('takes a throw: its operation is undone, and the throw comes out there at once', () => {
    const wait = gate();
    const error = new Error('thrown in');
    const g = new greenlet(function* () {
      try {
        yield* wait.operation;
      } catch (e) {
        return ['caught', e];
      }
      return undefined;
    });
    const open = g.switch();
    const thrown = g.throw(error);
    expect(wait.undone).toBe(1);
    expect(thrown.value).toEqual(['caught', error]);
    expect(g.dead).toBe(true);
    expect(open.done).toBe(false);
  });

  it('takes a throw while it is in sleep(0)', async () => {
    const error = new Error('thrown in');
    const caught: unknown[] = [];
    const g = spawn(function* () {
      try {
        yield* sleep(0);
      } catch (e) {
        caught.push(e);
      }
      return 'end';
    });
    const other = spawn(function* () {
      yield* g.throw(error);
    });
    await other.get();
    expect(caught).toEqual([error]);
    expect(await g.get()).toBe('end');
  });

  it(
    'refuses a throw while what it has won waits for the death of a loser: nothing is lost',
    virtual(function* () {
      const jobs = new Queue<number>();
      const loser = function* () {
        try {
          yield* sleep(1000);
        } finally {
          yield* sleep(10);
        }
      };
      const g = spawn(function* () {
        return yield* select({ job: jobs.get(), loser: loser() });
      });
      yield* waitAllBlocked();
      jobs.putNowait(7);
      const thrown = yield* attempt(function* () {
        yield* g.throw(new Error('thrown in'));
      });
      expect(thrown.error).toBeInstanceOf(GreenletError);
      expect(String(thrown.error)).toContain('parked in select of job, loser');
      expect(yield* g.get()).toEqual({ key: 'job', value: 7 });
    }),
  );

  it(
    'is not resumed by a GreenletExit that is thrown into a dead child of its: GreenletError',
    virtual(function* () {
      const queue = new Queue<number>();
      const child = new greenlet(() => {});
      const g = spawn(function* () {
        child.parent = getcurrent();
        yield* child.switch();
        return yield* queue.get({ timeout: 50 });
      });
      yield* waitAllBlocked();
      const thrown = yield* attempt(function* () {
        yield* child.throw();
      });
      expect(thrown.error).toBeInstanceOf(GreenletError);
      expect(queue.statistics().getters).toBe(1);
      yield* sleep(10);
      queue.putNowait(7);
      expect(yield* g.get()).toBe(7);
      yield* sleep(100);
    }),
  );

  it('whose parent is parked in an operation ends with its outcome told', async () => {
    const wait = gate<string>();
    const error = new Error('for a busy parent');
    const parent = new greenlet(function* () {
      return yield* wait.operation;
    });
    const transfer = parent.switch();
    new greenlet(() => {
      throw error;
    }, parent).switch();
    await pass();
    const told = watch.takeErrors();
    expect(told).toHaveLength(1);
    expect((told[0] as Error).cause).toBe(error);
    wait.open('fine');
    expect(await transfer).toBe('fine');
  });
});

describe('a scheduled greenlet', () => {
  it('that has not begun is started now by a switch', () => {
    const order: string[] = [];
    const g = new Greenlet(function* (name: string) {
      order.push(name);
      yield* main.switch('back');
    }, 'arg');
    expect(g.switch().value).toBe('back');
    expect(order).toEqual(['arg']);
    g.switch();
    expect(g.dead).toBe(true);
  });

  it('that is scheduled runs once when it is switched to before its turn', async () => {
    let runs = 0;
    const g = spawn(() => {
      runs++;
    });
    g.switch();
    expect(runs).toBe(1);
    await pass();
    expect(runs).toBe(1);
  });

  it('that has not begun dies unrun of a throw, its links are called, and the caller sees no error', async () => {
    const error = new Error('unrun');
    let ran = false;
    const g = spawn(() => {
      ran = true;
    });
    const dead: unknown[] = [];
    g.link((each) => void dead.push(each));
    const transfer = g.throw(error);
    expect(transfer.value).toBe(undefined);
    await pass();
    expect(dead).toEqual([g]);
    expect(ran).toBe(false);
    expect(g.error).toBe(error);
  });

  it('that is dead has whoever switches or throws to it go on at once; an error goes to hub.onError', async () => {
    const g = spawn(() => 'over');
    await g.join();
    const error = new Error('too late');
    const other = spawn(function* () {
      return [yield* g.switch('lost'), yield* g.throw(), yield* g.throw(error)];
    });
    expect(await other.get()).toEqual([undefined, undefined, undefined]);
    expect(watch.takeErrors()).toEqual([error]);
    expect([g.switch('lost').value, g.throw().value, g.throw(error).value]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(watch.takeErrors()).toEqual([error]);
  });

  it('that ends in a drive that main began, with nobody to go on, leaves the transfer open', async () => {
    const child: greenlet = new greenlet(function* () {
      yield* main.switch('to main');
      return 'up';
    });
    const g = spawn(function* () {
      child.parent = getcurrent();
      return yield* child.switch();
    });
    await pass();
    const transfer = child.switch();
    expect([transfer.done, g.value]).toEqual([false, 'up']);
    // What comes to main goes to the oldest that is open.
    while (!transfer.done) {
      spawn(() => main.switch('from the hub'));
      await pass();
    }
    expect(transfer.value).toBe('from the hub');
  });

  it('that is killed while it waits for a raw greenlet leaves that one alone', async () => {
    const log: unknown[] = [];
    const raw: greenlet = new greenlet(function* () {
      log.push('raw entered');
      yield* sleep(0);
      log.push('raw goes on');
    });
    const g = spawn(function* () {
      raw.parent = getcurrent();
      yield* raw.switch();
    });
    await pass();
    expect(log).toEqual(['raw entered', 'raw goes on']);
    expect(await g.get()).toBe(undefined);
    const wait = gate();
    const other: greenlet = new greenlet(function* () {
      yield* wait.operation;
      log.push('other goes on');
    });
    const killed = spawn(function* () {
      yield* other.switch();
    });
    await pass();
    await killed.kill();
    expect(killed.value).toBeInstanceOf(GreenletExit);
    wait.open();
    await pass();
    expect(log.at(-1)).toBe('other goes on');
  });

  it('switched to by another goes on after its end with that one, which gets nothing', async () => {
    const order: unknown[] = [];
    const b = new Greenlet(function* () {
      order.push('b');
      yield* sleep(0);
      return 'value of b';
    });
    const a = spawn(function* () {
      order.push('a', yield* b.switch());
    });
    await a.get();
    expect(order).toEqual(['b', 'a', undefined]);
    expect(b.value).toBe('value of b');
  });
});
