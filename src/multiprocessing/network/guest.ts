/** A connection of a client, as its manager sees it. */
import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';
import { packFailure } from '../../io/workers/failure.js';
import { GreenletError } from '../../runtime/errors.js';
import { AuthenticationError, TimeoutError } from '../errors.js';
import { addChild, here, nextFarHome } from '../router.js';
import { checkHome, fields, type Payload, whole } from './border.js';
import { FarChannel } from './far-channel.js';
import { Challenge, FAILURE, FULL, MOST_BEFORE } from './handshake.js';
import { Line } from './line.js';
import { type Registered, Root } from './root.js';
import { ServerBorder } from './server-border.js';

/** What a guest knows of the server. */
export interface House {
  readonly key: Buffer;
  /** Bytes of the longest message. */
  readonly maxMessage: number;
  /** ms that a client has to show that it knows the key. */
  readonly handshakeTimeout: number;
  readonly registered: Registered;
  /** There is no place for another one. */
  full(): boolean;
  /** `guest` knows the key. */
  admitted(guest: Guest): void;
  /** It has gone. `error`: why it was not admitted, or what it has done wrong. */
  left(guest: Guest, error: Error | null): void;
}

/** Bytes that a client may leave unread, at least. */
const LEAST_UNREAD = 2 ** 20;

export class Guest {
  readonly name: string;
  readonly #house: House;
  readonly #line: Line;
  readonly #challenge: Challenge;
  readonly #timer: NodeJS.Timeout;
  #state: 'challenged' | 'welcome' | 'open' | 'refused' = 'challenged';
  #refusal: Error | null = null;
  #root: Root | null = null;
  #channel: FarChannel | null = null;

  constructor(raw: Socket, house: House) {
    const { key, maxMessage, handshakeTimeout } = house;
    this.name = `the client at ${raw.remoteAddress}:${raw.remotePort}`;
    this.#house = house;
    this.#challenge = new Challenge(key);
    this.#line = new Line(raw, MOST_BEFORE, Math.max(maxMessage * 2, LEAST_UNREAD), {
      take: (message) => this.#take(message),
      ended: (error) => this.#ended(error),
    });
    this.#timer = setTimeout(() => {
      this.#line.fail(
        new TimeoutError(
          `${this.name} has not shown within ${handshakeTimeout} ms that it knows the authkey`,
        ),
      );
    }, handshakeTimeout);
    this.#line.write(this.#challenge.opening);
  }

  #take(message: Buffer): void {
    if (this.#state === 'open') this.#channel?.take(message);
    else if (this.#state === 'welcome') this.#open(message);
    else if (this.#state === 'challenged') this.#check(message);
  }

  /** The answer to the challenge. */
  #check(answer: Buffer): void {
    const welcome = this.#challenge.welcome(answer);
    if (welcome === null) {
      this.#refuse(FAILURE, new AuthenticationError(`${this.name} does not know the authkey`));
    } else if (this.#house.full()) {
      this.#refuse(FULL, null);
    } else {
      this.#state = 'welcome';
      this.#house.admitted(this);
      this.#line.limit = this.#house.maxMessage;
      this.#line.write(welcome);
    }
  }

  #refuse(answer: Buffer, error: Error | null): void {
    this.#state = 'refused';
    this.#refusal = error;
    this.#line.end(answer);
  }

  /** The client says what it calls whom; from then on it is a process among others. */
  #open(message: Buffer): void {
    const { you: mine, here: there, most } = fields(deserialize(message), 'a greeting');
    clearTimeout(this.#timer);
    const { maxMessage, registered } = this.#house;
    const far = nextFarHome();
    const border = new ServerBorder({ far, mine: checkHome(mine), there: checkHome(there) });
    const root = new Root(registered, far, border);
    this.#root = root;
    const longest = Math.min(whole(most, 'a length'), maxMessage);
    const channel = new FarChannel(this.#line, border, longest, (topic, payload) => {
      return topic !== 'call' || this.#mayCall(border, payload);
    });
    this.#channel = channel;
    this.#state = 'open';
    this.#line.write(serialize({ you: far, here, root: root.id, base: root.base, most: maxMessage }));
    addChild(far, channel, this.name, () => this.name);
  }

  #mayCall(border: ServerBorder, { id, object, method, to, from }: Payload): boolean {
    if (border.has(to as string, object as number)) return true;
    const failure = packFailure(new GreenletError(`there is no object ${object} that has ${method}`));
    this.#channel?.send('reply', { id, failure, to: from, from: here });
    return false;
  }

  #ended(error: Error | null): void {
    clearTimeout(this.#timer);
    this.#channel?.gone();
    this.#root?.close();
    this.#house.left(this, error ?? this.#refusal);
  }

  /** Ends the connection when what was sent has left. */
  end(): void {
    this.#line.end();
  }
}
