/** Managers: what makes objects that processes share, here or far away. */
import { SEND } from '../io/workers/codec.js';
import { showValue } from '../runtime/check.js';
import type { Operation } from '../runtime/operation.js';
import { type Kind, type Kinds, MAKERS, Maker } from './makers.js';
import { KINDS } from './network/border.js';
import { type ConnectedManager, type ConnectOptions, connect } from './network/connect.js';
import { ManagerServer, type ServeOptions } from './network/serve.js';
import { SharedObject } from './shared-object.js';
import type { Item, Typecode } from './typecodes.js';
import { SharedArray, Value } from './values.js';

/** What may be registered with a manager. */
export type Shared = SharedObject | Value | SharedArray;

/** What a `Manager()` makes lives in this process, so there is nothing to be started or waited for. */
export class SharedManager extends Maker implements Disposable, AsyncDisposable {
  readonly #registered = new Map<string, Shared>();
  readonly #servers = new Set<ManagerServer>();

  protected _make<K extends Kind>(kind: K, args: readonly unknown[]): Kinds[K] {
    return MAKERS[kind](...(args as never[])) as Kinds[K];
  }

  Value(typecode: Typecode, init?: Item): Value {
    return new Value(typecode, init);
  }

  Array(typecode: Typecode, init?: number | Iterable<Item>): SharedArray {
    return new SharedArray(typecode, init);
  }

  /**
   * Has those that connect find `object` as `name`: `yield* remote.get(name)`. Gives `object`. Never switches. Errors: `TypeError` for what
   * cannot be shared. What `BaseManager.register` is with a `callable`.
   */
  register<T extends Shared>(name: string, object: T): T {
    if (typeof name !== 'string') throw new TypeError(`name must be a string, got ${showValue(name)}`);
    if (!maySend(object))
      throw new TypeError(`object must be one that a manager makes, got ${showValue(object)}`);
    this.#registered.set(name, object);
    return object;
  }

  /**
   * Serves what this makes over TCP, to those that know `authkey`. It listens from the call on; `yield* manager.serve(…)` waits until it does,
   * and gives the server. Errors: `TypeError` / `RangeError` at the call; the host's (`EADDRINUSE`) for whoever waits. Mirrors
   * `BaseManager.get_server()`.
   *
   * Both ends prove to one another that they know the key, which is not sent. What follows is neither encrypted nor signed. Messages
   * are data: nothing of them is ever run, and no function passes.
   *
   * @example const server = yield* manager.serve({ host: '127.0.0.1', port: 0, authkey }); console.log(server.port);
   */
  serve(options: ServeOptions): ManagerServer {
    const server = new ManagerServer(this.#registered, options);
    this.#servers.add(server);
    return server;
  }

  /** Stops what it serves. The objects live as long as somebody here has them. Acts at the call. */
  shutdown(): void {
    for (const server of this.#servers) void server.stop();
    this.#servers.clear();
  }

  [Symbol.dispose](): void {
    this.shutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const servers = [...this.#servers];
    this.shutdown();
    for (const server of servers) await server.stop();
  }
}

function maySend(object: unknown): boolean {
  if (object instanceof Value || object instanceof SharedArray) return true;
  return object instanceof SharedObject && KINDS.has(object[SEND]().kind);
}

/** What makes objects that processes share. Mirrors `multiprocessing.Manager`. Never switches. */
export function Manager(): SharedManager {
  return new SharedManager();
}

/**
 * Connects to a manager that is served at `host` and `port`. Errors: the host's (`ECONNREFUSED`, …); `AuthenticationError` when one end does not know
 * the other's key; `ProcessError` for what is no manager, or one that takes no more connections; `TimeoutError` after `timeout` ms.
 * Interrupted, nothing stays open. Mirrors `BaseManager.connect()`.
 *
 * @example const remote = yield* Manager.connect({ host, port, authkey }); const jobs = yield* remote.get('jobs');
 */
Manager.connect = (options: ConnectOptions): Operation<ConnectedManager> => connect(options);
