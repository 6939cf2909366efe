/**
 * Pipes. Both directions live in the process that makes the pipe; an end is closed when everyone who has it has closed it or died. Whoever made it does not
 * count for an end that it has given away and never used.
 */
import { type Mark, type Packed, pack, SEND, unpack } from '../io/workers/codec.js';
import { Call } from '../runtime/call.js';
import { checkOptions, checkType, timeoutOf } from '../runtime/check.js';
import type { Operation } from '../runtime/operation.js';
import type { Green } from '../runtime/types.js';
import { Empty, ShutDown } from '../sync/errors.js';
import { EOFError, ProcessError } from './errors.js';
import { HomeQueue } from './home-queue.js';
import { here, isWithin, onGone } from './router.js';
import { currentReceiver } from './sending.js';
import type { Served } from './server.js';
import { Place, SharedObject, shares } from './shared-object.js';

type Side = 0 | 1;

class HomePipe {
  /** What the end of that number receives. */
  readonly #queues = [new HomeQueue(), new HomeQueue()] as const;
  readonly #holders = [new Set<string>(), new Set<string>()] as const;
  /** The maker has used it. */
  readonly #used = [false, false];
  readonly duplex: boolean;

  constructor(duplex: boolean) {
    this.duplex = duplex;
  }

  send(side: Side, item: Packed): Operation<void> {
    return this.#queues[(1 - side) as Side].put(item);
  }

  recv(side: Side): Operation<Packed> {
    return this.#queues[side].get();
  }

  unget(item: Packed, side: Side): void {
    this.#queues[side].unget(item);
  }

  poll(side: Side, timeout: number): Operation<unknown> {
    return this.#queues[side].peek({ timeout });
  }

  attach(side: Side, home: string): void {
    this.#holders[side].add(home);
    pipes.add(this);
  }

  use(side: Side): void {
    this.#used[side] = true;
  }

  close(side: Side, home: string): void {
    const holders = this.#holders[side];
    if (home === here) this.#used[side] = false;
    const had = holders.delete(home);
    if (holders.size > 0 || this.#used[side] || !(had || home === here)) return;
    void this.#queues[(1 - side) as Side].shutdown();
    void this.#queues[side].shutdown({ immediate: true });
    if (this.#holders[1 - side]?.size === 0) pipes.delete(this);
  }

  gone(home: string): void {
    for (const side of [0, 1] as const) {
      for (const holder of this.#holders[side]) if (isWithin(holder, home)) this.close(side, holder);
    }
  }
}

const PIPE = new Set(['send', 'recv', 'unget', 'poll', 'attach', 'close']);

/** A process that dies before it has attached is known to the pipes all the same: by whom they were sent to. */
const pipes = new Set<HomePipe>();

onGone((home) => {
  for (const pipe of pipes) pipe.gone(home);
});

function servePipe(pipe: HomePipe): Served {
  return {
    target: pipe,
    methods: PIPE,
    late(method, [side], result) {
      if (method === 'recv') pipe.unget(result as Packed, side as Side);
    },
  };
}

interface Extra {
  readonly side: Side;
  readonly duplex: boolean;
}

/** One end of a pipe. */
export class Connection extends SharedObject {
  readonly #side: Side;
  readonly #duplex: boolean;
  #closed = false;

  /** @internal */
  constructor(place: Place | { readonly served: Served; readonly extra: Extra }) {
    super(place, () => (place as { served: Served }).served);
    const { side, duplex } = place.extra as Extra;
    this.#side = side;
    this.#duplex = duplex;
    if (place instanceof Place) void this._request('attach', [side, here]);
  }

  protected override get _extra(): Extra {
    return { side: this.#side, duplex: this.#duplex };
  }

  /** @internal */
  override [SEND](): Mark {
    const receiver = currentReceiver();
    if (receiver !== null) void this._request('attach', [this.#side, receiver]);
    return super[SEND]();
  }

  /** The pipe, where it lives. @internal */
  get _pipe(): HomePipe | null {
    return (this._served?.target as HomePipe | undefined) ?? null;
  }

  get readable(): boolean {
    return this.#duplex || this.#side === 0;
  }

  get writable(): boolean {
    return this.#duplex || this.#side === 1;
  }

  get closed(): boolean {
    return this.#closed;
  }

  #check(able: boolean, what: string): void {
    if (this.#closed) throw new ProcessError('handle is closed');
    if (!able) throw new ProcessError(`connection is ${what}`);
    this._pipe?.use(this.#side);
  }

  /** Sends `value`, a copy of which the other end receives. Errors: `EOFError` when the other end is closed. */
  send(value: unknown): Operation<void> {
    this.#check(this.writable, 'read-only');
    const op = this._call<void>('send', [this.#side, pack(value, 'value')]);
    return new Call(sent as never, [op], 'Connection.send');
  }

  /** Waits for a value from the other end. Errors: `EOFError` when that is closed, or its process dead, and nothing is left. */
  recv(): Operation<unknown> {
    this.#check(this.readable, 'write-only');
    const takeBack = (item: Packed) => ['unget', [item, this.#side]] as const;
    const op = this._call<Packed>('recv', [this.#side], { takeBack });
    return new Call(received as never, [op], 'Connection.recv');
  }

  /** Whether there is something to `recv`, waiting for that at most `timeout` ms (0 unless given). Also true at the end. */
  poll(options?: { readonly timeout?: number | undefined }): Operation<boolean> {
    this.#check(this.readable, 'write-only');
    const given = timeoutOf(options, 'Connection.poll');
    const timeout = options?.timeout === undefined ? 0 : given;
    return new Call(polled as never, [this._call('poll', [this.#side, timeout])], 'Connection.poll');
  }

  /** Closes it for this process. Acts at the call. */
  close(): Operation<void> {
    this.#closed = true;
    return this._request('close', [this.#side, here]);
  }

  [Symbol.dispose](): void {
    if (!this.#closed) void this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) await this.close();
  }
}

function* sent(op: Operation<void>): Green<void> {
  try {
    yield* op;
  } catch (error) {
    throw error instanceof ShutDown ? new EOFError('the other end of the pipe is closed') : error;
  }
}

function* received(op: Operation<Packed>): Green<unknown> {
  try {
    return unpack(yield* op);
  } catch (error) {
    throw error instanceof ShutDown ? new EOFError('the other end of the pipe is closed') : error;
  }
}

function* polled(op: Operation<unknown>): Green<boolean> {
  try {
    yield* op;
    return true;
  } catch (error) {
    if (error instanceof Empty) return false;
    if (error instanceof ShutDown) return true;
    throw error;
  }
}

/**
 * Two connected ends; with `duplex: false` the first only receives and the second only sends. Mirrors `multiprocessing.Pipe`.
 *
 * @example const [mine, yours] = Pipe(); new Process({ target: work, args: [yours] }).start(); console.log(yield* mine.recv());
 */
export function Pipe(options: { readonly duplex?: boolean | undefined } = {}): [Connection, Connection] {
  checkOptions(options, 'Pipe', '{ duplex: false }');
  const { duplex = true } = options;
  checkType(duplex, 'duplex', 'boolean');
  const pipe = new HomePipe(duplex);
  const served = servePipe(pipe);
  const first = new Connection({ served, extra: { side: 0, duplex } });
  const second = new Connection({ served, extra: { side: 1, duplex } });
  return [first, second];
}

shares('Connection', Connection);
