/** A manager that is far away. */
import type { Buffer } from 'node:buffer';
import net from 'node:net';
import { deserialize, serialize } from 'node:v8';
import { endWait, IoOperation } from '../../io/io-wait.js';
import { checkMs, checkOptions, showValue } from '../../runtime/check.js';
import type { Operation } from '../../runtime/operation.js';
import { until } from '../../runtime/until.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import { EOFError, TimeoutError } from '../errors.js';
import { Condition } from '../events.js';
import { RLock, SharedLock } from '../locks.js';
import { CLASSES, type Kind, type Kinds, MAKERS, Maker } from '../makers.js';
import { RemoteCall, request } from '../requests.js';
import { addChild, here, nextFarHome } from '../router.js';
import { Memory } from '../shared-cells.js';
import { Place, type SharedObject } from '../shared-object.js';
import { checkTypecode, type Item, makeCells, type Typecode } from '../typecodes.js';
import { itemsOf, SharedArray, Value } from '../values.js';
import { checkHome, fields, whole } from './border.js';
import { ClientBorder } from './client-border.js';
import { FarChannel } from './far-channel.js';
import { Answer, keyOf, MOST_BEFORE } from './handshake.js';
import { Line } from './line.js';
import { checkHost, checkMessage, checkPort } from './serve.js';

export interface ConnectOptions {
  /** '127.0.0.1' unless given. */
  readonly host?: string | undefined;
  readonly port: number;
  /** What the manager was served with. */
  readonly authkey: string | Uint8Array;
  /** ms in which the connection has to be there, and both ends to have shown that they know the key; 10,000 unless given. */
  readonly timeout?: number | undefined;
  /** Bytes of the longest message, in either direction; 64 MiB unless given. The smaller one of both ends counts. */
  readonly maxMessage?: number | undefined;
}

/** What `Manager.connect` gives: what it makes lives at the other end, and may be used by every process of this program. */
export class ConnectedManager extends Maker implements Disposable, AsyncDisposable {
  readonly #line: Line;
  readonly #closed: Promise<void>;
  readonly #where: string;
  readonly #home: string;
  readonly #root: number;
  #last: number;

  /** @internal */
  constructor(line: Line, closed: Promise<void>, where: string, home: string, root: number, base: number) {
    super();
    this.#line = line;
    this.#closed = closed;
    this.#where = where;
    this.#home = home;
    this.#root = root;
    this.#last = base;
  }

  /** What was registered there as `name`. Errors: `GreenletError`, with the names that there are. */
  get<T extends object = SharedObject>(name: string): Operation<T> {
    if (typeof name !== 'string') throw new TypeError(`name must be a string, got ${showValue(name)}`);
    return this.#ask<T>('get', [name]);
  }

  /** The names that something is registered as. */
  names(): Operation<string[]> {
    return this.#ask<string[]>('names', []);
  }

  #ask<T>(method: string, args: readonly unknown[]): Operation<T> {
    const address = { home: this.#home, id: this.#root };
    return new RemoteCall<T>(address, method, args, { name: `ConnectedManager.${method}`, of: this });
  }

  /** Has it made there. The name is known here already: nothing has to be waited for. */
  #create(method: string, args: readonly unknown[]): void {
    if (this.closed) throw new EOFError(`${this} is closed`);
    void request({ home: this.#home, id: this.#root }, method, args, true);
  }

  protected _make<K extends Kind>(kind: K, args: readonly unknown[]): Kinds[K] {
    checkArguments(kind, args);
    const id = ++this.#last;
    this.#create('create', [kind, id, args]);
    const type = CLASSES[kind] as unknown as new (place: Place) => Kinds[K];
    return new type(new Place({ home: this.#home, id }, undefined));
  }

  Value(typecode: Typecode, init: Item = 0): Value {
    checkTypecode(typecode);
    return new Value(this.#cells('ValueCell', typecode, [init]));
  }

  Array(typecode: Typecode, init: number | Iterable<Item> = 0): SharedArray {
    checkTypecode(typecode);
    return new SharedArray(this.#cells('SharedArray', typecode, itemsOf(init)));
  }

  #cells(kind: string, code: Typecode, items: readonly Item[]): { memory: Memory; lock: RLock } {
    const cells = makeCells(code, items.length, false);
    for (const [index, item] of items.entries()) cells.set(index, item);
    const home = this.#home;
    const [id, lockId] = [++this.#last, ++this.#last];
    this.#create('createCells', [kind, id, lockId, code, items.map((_, index) => cells.get(index))]);
    return { memory: new Memory(`${home}#@${id}`, home, cells), lock: RLock._at({ home, id: lockId }) };
  }

  /**
   * Ends the connection: what waits for an answer fails with an `EOFError`, and what is held is let go of there. Acts at the call; the operation
   * waits until it is gone.
   */
  close(): Operation<void> {
    this.#line.end();
    return until(this.#closed);
  }

  /** It has ended, at this end or the other. */
  get closed(): boolean {
    return this.#line.ending;
  }

  [Symbol.dispose](): void {
    void this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  override toString(): string {
    return `<ConnectedManager to ${this.#where}${this.closed ? ', closed' : ''}>`;
  }
}

/** What would be refused there is refused here, at the call. */
function checkArguments(kind: Kind, args: readonly unknown[]): void {
  if (kind === 'Barrier' && args.length > 1)
    throw new TypeError('action must not be given: it would have to run where the manager is');
  if (kind !== 'Condition') MAKERS[kind](...(args as never[]));
  else if (args.length > 0 && (!(args[0] instanceof SharedLock) || args[0] instanceof Condition))
    throw new TypeError(`lock must be a Lock or an RLock of this manager, got ${showValue(args[0])}`);
}

/** One run of `connect`. */
class Attempt {
  readonly #where: string;
  readonly #line: Line;
  readonly #answer: Answer;
  readonly #far = nextFarHome();
  readonly #maxMessage: number;
  readonly #timer: NodeJS.Timeout;
  readonly #settle: (outcome: ConnectedManager | Error) => void;
  readonly #closed: Promise<void>;
  #hasClosed: () => void = () => {};
  #state: 'challenge' | 'welcome' | 'greeting' | 'open' = 'challenge';
  #channel: FarChannel | null = null;

  constructor(options: ConnectOptions, where: string, settle: (outcome: ConnectedManager | Error) => void) {
    const { host = '127.0.0.1', port, timeout = 10_000 } = options;
    this.#where = where;
    this.#settle = settle;
    this.#maxMessage = checkMessage(options.maxMessage);
    this.#answer = new Answer(keyOf(options.authkey), where);
    this.#closed = new Promise((resolve) => {
      this.#hasClosed = resolve;
    });
    this.#line = new Line(net.connect({ host, port }), MOST_BEFORE, Number.POSITIVE_INFINITY, {
      take: (message) => this.#take(message),
      ended: (error) => this.#ended(error),
    });
    const late = () => this.#line.fail(new TimeoutError(`${this.#what} took more than ${timeout} ms`));
    this.#timer = setTimeout(late, Math.min(timeout, 2 ** 31 - 1));
  }

  get #what(): string {
    return `Manager.connect to ${this.#where}`;
  }

  #take(message: Buffer): void {
    switch (this.#state) {
      case 'challenge':
        this.#state = 'welcome';
        this.#line.write(this.#answer.answer(message));
        return;
      case 'welcome':
        this.#answer.check(message);
        this.#state = 'greeting';
        this.#line.limit = this.#maxMessage;
        this.#line.write(serialize({ you: this.#far, here, most: this.#maxMessage }));
        return;
      case 'greeting':
        this.#open(message);
        return;
      case 'open':
        this.#channel?.take(message);
    }
  }

  #open(message: Buffer): void {
    const { you, here: there, root, base, most } = fields(deserialize(message), 'a greeting');
    const far = this.#far;
    const border = new ClientBorder({ far, mine: checkHome(you), there: checkHome(there) });
    this.#channel = new FarChannel(this.#line, border, Math.min(whole(most, 'a length'), this.#maxMessage));
    const [rootId, first] = [whole(root, 'a number'), whole(base, 'a number')];
    this.#state = 'open';
    clearTimeout(this.#timer);
    const name = `the manager at ${this.#where}`;
    addChild(far, this.#channel, name, () => name);
    // What waits for an answer holds the process, and the connection by itself does not.
    this.#line.raw.unref();
    this.#settle(new ConnectedManager(this.#line, this.#closed, this.#where, far, rootId, first));
  }

  #ended(error: Error | null): void {
    clearTimeout(this.#timer);
    this.#hasClosed();
    if (this.#state === 'open') this.#channel?.gone();
    else this.#settle(error ?? new EOFError(`${this.#what}: the connection was closed at the other end`));
  }

  /** Nobody waits for it any more. */
  giveUp(): void {
    clearTimeout(this.#timer);
    this.#line.raw.destroy();
  }
}

class Connect extends IoOperation<ConnectedManager> {
  readonly _name = 'Manager.connect';
  readonly #options: ConnectOptions;
  readonly #where: string;

  constructor(options: ConnectOptions, where: string) {
    super(Number.POSITIVE_INFINITY);
    this.#options = options;
    this.#where = where;
  }

  override get _object(): string {
    return this.#where;
  }

  _start(waiter: Waiter): Started {
    const attempt: Attempt = new Attempt(this.#options, this.#where, (outcome) => {
      if (waiter._slot === attempt) endWait(waiter, outcome, outcome instanceof Error);
    });
    return this._wait(waiter, attempt);
  }

  protected _forget(waiter: Waiter): void {
    (waiter._slot as Attempt).giveUp();
  }
}

/** See `Manager.connect`. */
export function connect(options: ConnectOptions): Operation<ConnectedManager> {
  checkOptions(options, 'Manager.connect', "{ port: 5000, authkey: 'secret' }");
  const { host = '127.0.0.1', port, timeout } = options;
  checkHost(host);
  checkPort(port);
  keyOf(options.authkey);
  checkMessage(options.maxMessage);
  if (timeout !== undefined) checkMs(timeout, 'timeout');
  return new Connect(options, `${host}:${port}`);
}
