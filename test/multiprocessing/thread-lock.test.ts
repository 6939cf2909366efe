/** Locks in shared memory, with threads that are played: any order of what they do is compared with a queue. */
import process from 'node:process';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Channel } from '../../src/io/workers/channel.js';
import type { StartMethod } from '../../src/io/workers/child-state.js';
import { pack } from '../../src/io/workers/codec.js';
import {
  BoundedSemaphore,
  Lock,
  RLock,
  Semaphore,
  type SharedLock,
} from '../../src/multiprocessing/locks.js';
import { addChild, here, nextHome } from '../../src/multiprocessing/router.js';
import { setStartMethod } from '../../src/multiprocessing/state.js';
import { ThreadPermits, ThreadRWord, ThreadWord } from '../../src/multiprocessing/thread-lock.js';
import { pass, watchHub } from '../support/hub-watch.js';

watchHub();
afterEach(() => setStartMethod('process'));

let numbers = 1000;

/** A thread that is played: it has what a thread has, and a channel on which it asks. */
class Thread extends Channel {
  readonly kind: StartMethod = 'worker';
  readonly home = nextHome();
  readonly number = ++numbers;
  readonly lock: ThreadWord | ThreadPermits;
  readonly #id: number;
  readonly #answers = new Map<number, (answer: { value: unknown; failed: boolean }) => void>();
  #asked = 0;

  constructor(shared: SharedLock, lock: new (thread: number) => ThreadWord | ThreadPermits) {
    super();
    this.lock = new lock(this.number);
    this.#id = shared._address.id;
    addChild(this.home, this, `thread ${this.number}`, () => `thread ${this.number}`);
    void this.ask('attach', [process.pid, this.number]).then(({ value }) =>
      this.lock._open(value as SharedArrayBuffer),
    );
  }

  override send(topic: string, payload: any): void {
    if (topic !== 'reply') return;
    const { value, failure, id } = payload;
    this.#answers.get(id)?.({
      value: value?.value ?? failure?.value.data.message,
      failed: failure !== undefined,
    });
  }

  ask(method: string, args: unknown[]): Promise<{ value: unknown; failed: boolean }> {
    const id = ++this.#asked;
    const call = { from: this.home, to: here, id, actor: 1, actorName: 'main', object: this.#id, method };
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this._received([['call', { ...call, args: pack(args, 'args') }]]);
    });
  }

  /** Takes it: at once, or when the home says so. */
  acquire(then: () => void): void {
    if (this.lock.take(1)) then();
    else
      void this.ask('acquire', []).then(() => {
        this.lock.granted(1);
        then();
      });
  }

  /** Lets go of it; what the home refuses is told. */
  async release(): Promise<unknown> {
    if (this.lock.give(1)) return undefined;
    const { value, failed } = await this.ask('release', []);
    return failed ? value : undefined;
  }

  die(): void {
    this._gone();
  }

  protected _post(): void {}
  protected _hold(): void {}
}

const KINDS = {
  Lock: { make: () => new Lock(), lock: ThreadWord, permits: 1 },
  RLock: { make: () => new RLock(), lock: ThreadRWord, permits: 1 },
  'Semaphore(1)': { make: () => new Semaphore(1), lock: ThreadPermits, permits: 1 },
  'Semaphore(3)': { make: () => new Semaphore(3), lock: ThreadPermits, permits: 3 },
  'BoundedSemaphore(2)': { make: () => new BoundedSemaphore(2), lock: ThreadPermits, permits: 2 },
} as const;

/** What threads do, each with one greenlet; the home is the last of them. */
class Play {
  readonly #kind: (typeof KINDS)[keyof typeof KINDS];
  readonly shared: SharedLock;
  readonly #threads: (Thread | null)[];
  /** Who has it, and who waits, in order: what the real ones are compared with. */
  readonly #has: number[] = [];
  readonly #waits: number[] = [];
  readonly #really = new Set<number>();

  constructor(kind: (typeof KINDS)[keyof typeof KINDS], threads: number) {
    setStartMethod('worker');
    this.#kind = kind;
    this.shared = kind.make();
    this.#threads = Array.from({ length: threads }, () => new Thread(this.shared, kind.lock));
    this.#threads.push(null);
  }

  /** `who` takes it when it has it not, and lets go of it when it has; when it waits, it goes on waiting. */
  async act(who: number): Promise<void> {
    if (this.#has.includes(who)) await this.#release(who);
    else if (!this.#waits.includes(who)) this.#acquire(who);
    await this.#compare();
  }

  async die(who: number): Promise<void> {
    const thread = this.#threads[who];
    if (thread == null) return;
    thread.die();
    for (const list of [this.#has, this.#waits]) if (list.includes(who)) list.splice(list.indexOf(who), 1);
    this.#really.delete(who);
    this.#pass();
    this.#threads[who] = new Thread(this.shared, this.#kind.lock);
    await this.#compare();
  }

  #acquire(who: number): void {
    this.#waits.push(who);
    const thread = this.#threads[who] as Thread | null;
    const then = () => {
      if (this.#threads[who] === thread) this.#really.add(who);
    };
    if (thread === null) void this.shared.acquire().then(then);
    else thread.acquire(then);
    this.#pass();
  }

  async #release(who: number): Promise<void> {
    this.#really.delete(who);
    this.#has.splice(this.#has.indexOf(who), 1);
    const thread = this.#threads[who] as Thread | null;
    if (thread === null) this.shared.release();
    else expect(await thread.release()).toBeUndefined();
    this.#pass();
  }

  #pass(): void {
    while (this.#waits.length > 0 && this.#has.length < this.#kind.permits)
      this.#has.push(this.#waits.shift() as number);
  }

  async #compare(): Promise<void> {
    await pass();
    expect([...this.#really].sort()).toEqual([...this.#has].sort());
    expect(await this.shared.locked()).toBe(this.#has.length === this.#kind.permits);
  }

  async end(): Promise<void> {
    while (this.#has.length > 0) await this.act(this.#has[0] as number);
    expect([this.#waits, await this.shared.locked()]).toEqual([[], false]);
    for (const thread of this.#threads) thread?.die();
  }
}

describe.each(Object.entries(KINDS))('%s in shared memory', (_name, kind) => {
  it('goes to one after the other, in the order in which they asked, whatever threads do, and die', async () => {
    const step = fc.record({ who: fc.nat(3), dies: fc.nat(9).map((number) => number === 0) });
    const run = async (steps: { who: number; dies: boolean }[]) => {
      const play = new Play(kind, 3);
      // They have heard where it is.
      await pass();
      for (const { who, dies } of steps) await (dies ? play.die(who) : play.act(who));
      await play.end();
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), run), { numRuns: 150 });
  });

  it('needs no message while nobody waits', async () => {
    setStartMethod('worker');
    const shared = kind.make();
    const thread = new Thread(shared, kind.lock);
    await pass();
    let taken = 0;
    for (let round = 0; round < 3; round++) {
      thread.acquire(() => taken++);
      expect([taken, thread.lock.give(1)]).toEqual([round + 1, true]);
    }
    thread.die();
  });

  it('that nobody has is not let go of, and the thread is told', async () => {
    if (kind.make() instanceof Semaphore) return;
    setStartMethod('worker');
    const shared = kind.make();
    const thread = new Thread(shared, kind.lock);
    await pass();
    expect(await thread.release()).toMatch(/^cannot release/);
    thread.acquire(() => {});
    expect([await thread.release(), await shared.locked()]).toEqual([undefined, false]);
    thread.die();
  });
});

describe('an RLock in shared memory', () => {
  it('may be taken again by whoever has it, however it got it', async () => {
    setStartMethod('worker');
    const shared = new RLock();
    const [first, second] = [new Thread(shared, ThreadRWord), new Thread(shared, ThreadRWord)];
    await pass();
    const events: string[] = [];
    first.acquire(() => events.push('first'));
    first.acquire(() => events.push('first again'));
    second.acquire(() => events.push('second'));
    await pass();
    first.acquire(() => events.push('first a third time'));
    for (let time = 0; time < 3; time++) {
      expect(events.at(-1)).toBe('first a third time');
      await first.release();
    }
    await pass();
    second.acquire(() => events.push('second again'));
    await pass();
    expect(events.slice(3)).toEqual(['second', 'second again']);
    await second.release();
    expect(await shared.locked()).toBe(true);
    await second.release();
    expect(await shared.locked()).toBe(false);
    expect(await first.release()).toMatch(/^cannot release/);
    for (const thread of [first, second]) thread.die();
  });
});
