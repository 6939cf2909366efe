/**
 * A handle of an object that lives in one process and is used from any. Where it lives its operations are those of the sync floor; elsewhere
 * they are requests to there. It may be passed as an argument and inside messages.
 */
import { type Mark, revives, SEND } from '../io/workers/codec.js';
import { done, Operation } from '../runtime/operation.js';
import { SHOWN } from '../runtime/shown.js';
import type { Started, Waiter } from '../runtime/waiter.js';
import { Acted } from '../sync/queue-operations.js';
import type { SyncOptions } from '../sync/sync-object.js';
import { type Address, isHere, RemoteCall, type RemoteShape, request } from './requests.js';
import { here } from './router.js';
import { publish, published, type Served } from './server.js';

/** Where the object of a handle is: given to a constructor instead of what a new object is made of. */
export class Place {
  readonly address: Address;
  readonly extra: unknown;

  constructor(address: Address, extra: unknown) {
    this.address = address;
    this.extra = extra;
  }
}

type Methods = Record<string, (...args: never[]) => unknown>;

export abstract class SharedObject {
  #address: Address | null;
  #served: Served | null;

  /** `make` makes the object, unless `place` says where it is. */
  constructor(place: unknown, make: () => Served) {
    if (place instanceof Place) {
      this.#address = place.address;
      this.#served = isHere(place.address) ? (published(place.address.id) ?? null) : null;
    } else {
      this.#address = null;
      this.#served = make();
    }
  }

  /** What it is, here; null when it lives elsewhere. @internal */
  get _served(): Served | null {
    return this.#served;
  }

  /** Where it lives, for others. @internal */
  get _address(): Address {
    this.#address ??= { home: here, id: publish(this.#served as Served) };
    return this.#address;
  }

  /** Has others find it as `id`. @internal */
  _publishAs(id: number): void {
    this.#address = { home: here, id: publish(this.#served as Served, id) };
  }

  /** What another handle has to know besides. @internal */
  protected get _extra(): unknown {
    return undefined;
  }

  /** @internal */
  [SEND](): Mark {
    const { home, id } = this._address;
    return { kind: `mp.${kindOf(this)}`, data: { home, id, extra: this._extra } };
  }

  /** Has `method` done each time that the operation is run. @internal */
  protected _call<T>(
    method: string,
    args: readonly unknown[],
    shape: Partial<RemoteShape> = {},
  ): Operation<T> {
    const served = this.#served;
    if (served !== null) return new LocalCall<T>(this, served.target, method, args);
    const name = `${this.constructor.name}.${method}`;
    return new RemoteCall<T>(this._address, method, args, { name, of: this, ...shape });
  }

  /** Has `method` done now; the operation waits for the outcome. @internal */
  protected _request(method: string, args: readonly unknown[]): Operation<void> {
    const served = this.#served;
    if (served === null) return request(this._address, method, args);
    (served.target as Methods)[method]?.(...(args as never[]));
    return new Acted(`${this.constructor.name}.${method}`);
  }

  toString(): string {
    const where = this.#served === null ? `in ${this._address.home}` : String(this.#served.target);
    return `<${this.constructor.name} ${where}>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }
}

/** A call of an object that lives here. */
class LocalCall<T> extends Operation<T> {
  readonly #of: object;
  readonly #target: object;
  readonly #method: string;
  readonly #args: readonly unknown[];

  constructor(of: object, target: object, method: string, args: readonly unknown[]) {
    super();
    this.#of = of;
    this.#target = target;
    this.#method = method;
    this.#args = args;
  }

  get _name(): string {
    return `${this.#of.constructor.name}.${this.#method}`;
  }

  override get _object(): unknown {
    return this.#of;
  }

  _start(waiter: Waiter): Started {
    const result = (this.#target as Methods)[this.#method]?.(...(this.#args as never[]));
    return result instanceof Operation ? result._start(waiter) : done(waiter, result);
  }
}

type SharedClass = new (place: never) => SharedObject;

const kinds = new Map<unknown, string>();

function kindOf(object: object): string {
  for (let type: unknown = object.constructor; type !== null; type = Object.getPrototypeOf(type)) {
    const kind = kinds.get(type);
    if (kind !== undefined) return kind;
  }
  return 'unknown';
}

/** Has handles of `type` be made anew, as `kind`, in other processes. */
export function shares(kind: string, type: unknown): void {
  kinds.set(type, kind);
  revives<Address & { readonly extra: unknown }>(`mp.${kind}`, ({ home, id, extra }) => {
    return new (type as SharedClass)(new Place({ home, id }, extra) as never);
  });
}

/** The options of a constructor that may also be given a place. */
export function optionsOf(options: SyncOptions | Place | undefined): SyncOptions | undefined {
  if (options === undefined || options instanceof Place) return undefined;
  return options;
}
