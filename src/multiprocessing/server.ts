/**
 * The objects that live in this process, and what others ask of them.
 *
 * A request is an operation of the sync floor, run by a visitor in the name of an actor, which stands for a greenlet of another process: so
 * an RLock knows whom it belongs to, and who comes first is served first, wherever it lives. When a process dies, its requests are
 * taken back, and what it held is let go.
 */
import { pack, unpack } from '../io/workers/codec.js';
import { packFailure } from '../io/workers/failure.js';
import { engine } from '../runtime/engine.js';
import { GreenletError } from '../runtime/errors.js';
import { greenlet } from '../runtime/greenlet.js';
import { setHold } from '../runtime/holds.js';
import { hub } from '../runtime/hub.js';
import { Operation } from '../runtime/operation.js';
import { Visit } from '../runtime/visitor.js';
import type { Waiter } from '../runtime/waiter.js';
import type { OwnedLock } from '../sync/owned-lock.js';
import { type Envelope, isWithin, labelOf, onGone, receives, send } from './router.js';

/** What an object lets others do, and what it does when one of them dies. */
export interface Served {
  readonly target: object;
  readonly methods: ReadonlySet<string>;
  /** The lock that it has to do with. */
  readonly lock?: OwnedLock | undefined;
  /** `client` has had `method` done, with `result`. */
  after?(client: Client, method: string, result: unknown): void;
  /** `method` was done with `result` for one that had died just then: takes it back. */
  late?(method: string, args: readonly unknown[], result: unknown): void;
  /** `client` has died; `waited` in it. */
  gone?(client: Client, waited: boolean): void;
}

const objects = new Map<number, Served>();
let made = 0;

/** Makes `served` known to others; gives its number, which may be given. */
export function publish(served: Served, id: number = ++made): number {
  objects.set(id, served);
  return id;
}

/** It is nobody's any more. */
export function unpublish(id: number): void {
  objects.delete(id);
}

export function published(id: number): Served | undefined {
  return objects.get(id);
}

class Actor extends greenlet {
  pending = 0;
  readonly held = new Set<OwnedLock>();
  readonly client: Client;
  /** Its number in the other process. */
  readonly key: number;

  constructor(name: string, client: Client, key: number) {
    super(null, hub);
    this.name = name;
    this.client = client;
    this.key = key;
    setHold(this, false);
  }
}

/** What stands for a greenlet of another process that holds locks of this one. */
export type Holder = Actor;

/** The process in whose name `self` acts; null for this one. */
export function clientOf(self: Waiter): Client | null {
  return self instanceof Actor ? self.client : null;
}

/** The process in whose name something is being done just now; null for this one. */
export function currentClient(): Client | null {
  return clientOf(engine.current);
}

/** The actor for the greenlet number `ident` of `client`. */
export function actorOf(client: Client, ident: number, name = `greenlet ${ident}`): Holder {
  let actor = client.actors.get(ident);
  if (actor === undefined) {
    actor = new Actor(`${name} of ${client.name}`, client, ident);
    client.actors.set(ident, actor);
  }
  return actor;
}

/** Another process, with what it asks for and holds here. */
export class Client {
  readonly home: string;
  name: string;
  readonly actors = new Map<number, Actor>();
  readonly requests = new Map<number, Request>();
  readonly objects = new Set<Served>();
  dead = false;

  constructor(home: string) {
    this.home = home;
    this.name = labelOf(home);
  }
}

const clients = new Map<string, Client>();

export function clientAt(home: string): Client {
  let client = clients.get(home);
  if (client === undefined) {
    client = new Client(home);
    clients.set(home, client);
  }
  return client;
}

class Request extends Visit {
  readonly served: Served;

  constructor(
    actor: Actor,
    served: Served,
    resolve: (value: never) => void,
    reject: (error: unknown) => void,
  ) {
    super(actor, resolve, reject);
    this.served = served;
  }
}

export interface CallMessage extends Envelope {
  readonly id: number;
  readonly actor: number;
  readonly actorName: string;
  readonly object: number;
  readonly method: string;
  readonly args: { readonly value: unknown; readonly marked: boolean };
}

receives<CallMessage>('call', (message) => serveCall(message));

/** Does what `message` asks for and sends the outcome back. */
function serveCall(message: CallMessage): void {
  const { id, from, method } = message;
  const client = clientAt(from);
  const served = objects.get(message.object);
  const isTaken = client.requests.has(id);
  if (served === undefined || !served.methods.has(method) || isTaken) {
    const what = isTaken ? `the number ${id} is in use` : `no object ${message.object} here has ${method}`;
    send('reply', from, { id, failure: packFailure(new GreenletError(what)) });
    return;
  }
  const actor = actorOf(client, message.actor, message.actorName);
  client.objects.add(served);
  run(client, actor, served, message);
}

function run(client: Client, actor: Actor, served: Served, message: CallMessage): void {
  const { id, method } = message;
  actor.pending++;
  const finish = (answer: object | null) => {
    actor.pending--;
    client.requests.delete(id);
    settle(client, actor, served, message.actor);
    if (answer === null || client.dead) return;
    try {
      send('reply', client.home, { id, ...answer });
    } catch (error) {
      // It is too large for the network, or nothing that may be sent there.
      send('reply', client.home, { id, failure: packFailure(error) });
    }
  };
  let args: unknown[] = [];
  const succeed = (result: unknown) => {
    if (client.dead) served.late?.(method, args, result);
    else served.after?.(client, method, result);
    let answer: object;
    try {
      answer = { value: pack(result, 'the result') };
    } catch (error) {
      answer = { failure: packFailure(error) };
    }
    finish(answer);
  };
  const fail = (error: unknown) => finish({ failure: packFailure(error) });
  const before = engine.current;
  let result: unknown;
  try {
    args = unpack(message.args) as unknown[];
    engine.current = actor;
    result = (served.target as Record<string, (...args: unknown[]) => unknown>)[method]?.(...args);
  } catch (error) {
    engine.current = before;
    fail(error);
    return;
  }
  engine.current = before;
  if (!(result instanceof Operation)) {
    succeed(result);
    return;
  }
  const request = new Request(actor, served, succeed, fail);
  client.requests.set(id, request);
  request._run(result);
}

/** Notes what `actor` holds now; one that holds nothing and asks for nothing is forgotten. */
function settle(client: Client, actor: Actor, { lock }: Served, key: number): void {
  if (lock !== undefined) {
    if (lock._owner === actor) actor.held.add(lock);
    else actor.held.delete(lock);
  }
  if (client.dead) release(actor);
  else if (actor.pending === 0 && actor.held.size === 0) client.actors.delete(key);
}

function release(actor: Actor): void {
  for (const lock of actor.held) if (lock._owner === actor) lock._releaseAll();
  actor.held.clear();
}

interface CancelMessage extends Envelope {
  readonly id: number;
}

receives<CancelMessage>('cancel', ({ id, from }) => {
  // One that has been served already was on its way: whoever asked takes it back.
  clients.get(from)?.requests.get(id)?.interrupt(new GreenletError('taken back'));
});

onGone((home, name) => {
  for (const [each, client] of clients) {
    if (!isWithin(each, home)) continue;
    clients.delete(each);
    bury(client, name);
  }
});

function bury(client: Client, name: string): void {
  client.dead = true;
  client.name = name;
  const waited = new Set([...client.requests.values()].map((request) => request.served));
  for (const request of [...client.requests.values()]) {
    request.interrupt(new GreenletError(`${name} has died`));
  }
  for (const actor of client.actors.values()) release(actor);
  for (const served of client.objects) served.gone?.(client, waited.has(served));
}
