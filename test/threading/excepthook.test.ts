import { GreenletExit, hub, sleep } from 'greenlets';
import { currentThread, type ExceptHookArgs, excepthook, Thread } from 'greenlets/threading';
import { afterEach, describe, expect, it } from 'vitest';
import { thrownBy } from '../support/hub.js';
import { pass, watchHub } from '../support/hub-watch.js';

const watch = watchHub();

afterEach(() => {
  excepthook.handler = null;
});

async function end(thread: Thread) {
  thread.start();
  await thread.join();
  await pass();
}

function failing(error: unknown, name = 'culprit') {
  return new Thread({
    name,
    *target() {
      yield* sleep(1);
      throw error;
    },
  });
}

describe('excepthook', () => {
  it('leaves the error of a thread to hub.onError, once, with its greenlet; join throws nothing', async () => {
    const error = new Error('what happened');
    const thread = failing(error);
    await end(thread);
    expect(watch.takeErrors()).toEqual([error]);
    expect(watch.sources).toEqual([thread.greenlet]);
  });

  it('that is assigned gets class, error, stack and thread, and nobody else is told', async () => {
    const seen: ExceptHookArgs[] = [];
    excepthook.handler = (args) => seen.push(args);
    const error = new RangeError('what happened');
    const thread = failing(error);
    await end(thread);
    expect(seen).toEqual([{ excType: RangeError, excValue: error, excTraceback: error.stack, thread }]);
    await end(failing('a string'));
    expect(seen[1]).toMatchObject({ excType: null, excValue: 'a string', excTraceback: '' });
  });

  it('runs in the thread that failed, and may block', async () => {
    const seen: unknown[] = [];
    excepthook.handler = function* ({ thread }) {
      yield* sleep(1);
      seen.push(currentThread() === thread, thread?.isAlive());
    };
    await end(failing(new Error('what happened')));
    expect(seen).toEqual([true, true]);
  });

  it('that fails itself is told to hub.onError', async () => {
    excepthook.handler = () => {
      throw new Error('in the hook');
    };
    await end(failing(new Error('what happened')));
    expect(watch.takeErrors()).toEqual([new Error('in the hook')]);
  });

  it('is not told of a GreenletExit, thrown or by a kill', async () => {
    const seen: unknown[] = [];
    excepthook.handler = (args) => seen.push(args);
    await end(failing(new GreenletExit()));
    const killed = new Thread({ target: sleep, args: [1000] });
    killed.start();
    await sleep(0);
    killed.greenlet?.kill();
    await killed.join();
    expect(seen).toEqual([]);
  });

  it('is null-able: then hub.onError gets the errors again', async () => {
    excepthook.handler = () => {};
    excepthook.handler = null;
    expect(excepthook.handler).toBe(null);
    await end(failing(new Error('what happened')));
    expect(watch.takeErrors()).toHaveLength(1);
  });

  it('can be called: it does what is assigned, or tells hub.onError', () => {
    const args = { excType: Error, excValue: new Error('by hand'), excTraceback: '', thread: null };
    excepthook(args);
    expect(watch.takeErrors()).toEqual([args.excValue]);
    excepthook.handler = ({ excValue }) => `handled ${excValue}`;
    expect(excepthook(args)).toBe('handled Error: by hand');
  });

  it('has the default done when a handler hands on what it was given', async () => {
    const before = excepthook;
    const seen: unknown[] = [];
    excepthook.handler = (args) => {
      seen.push(args.excValue);
      return before(args);
    };
    const error = new Error('what happened');
    await end(failing(error));
    expect(seen).toEqual([error]);
    expect(watch.takeErrors()).toEqual([error]);
  });

  it('refuses what is no function', () => {
    const refusal = String(thrownBy(() => (excepthook.handler = 5 as never)));
    expect(refusal).toMatch(/^TypeError: excepthook.handler must be a function, got 5 .*null restores/);
    expect(hub.onError).toBeTypeOf('function');
  });
});
