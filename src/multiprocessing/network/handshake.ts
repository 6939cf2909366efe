/**
 * Proving to one another that both know the key, without sending it: each sends a number that was drawn for this connection, and answers
 * the other's with an HMAC of both. Which end answers is part of what is signed, so that an answer cannot be sent back to whoever gave it.
 * After `deliver_challenge` and `answer_challenge` of Python's `multiprocessing.connection`.
 *
 *      server                                  client
 *        CHALLENGE, number          ->
 *                                   <-         number, HMAC('client', both)
 *        WELCOME, HMAC('server', both)  ->                                        or FAILURE, or FULL
 */
import { Buffer } from 'node:buffer';
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { showValue } from '../../runtime/check.js';
import { AuthenticationError, ProcessError } from '../errors.js';

/** Bytes of the longest message before both are known to know the key. */
export const MOST_BEFORE = 256;

const CHALLENGE = Buffer.from('greenlets manager 1 #CHALLENGE#');
const WELCOME = Buffer.from('#WELCOME#');
export const FAILURE: Buffer = Buffer.from('#FAILURE#');
export const FULL: Buffer = Buffer.from('#FULL#');
const NUMBER = 32;
const HASH = 32;

/** The key as bytes. Errors: `TypeError`. */
export function keyOf(authkey: unknown): Buffer {
  const isText = typeof authkey === 'string';
  if ((isText || authkey instanceof Uint8Array) && authkey.length > 0) return Buffer.from(authkey as string);
  const got = isText || authkey instanceof Uint8Array ? 'an empty one' : showValue(authkey);
  throw new TypeError(`authkey must be a string or bytes that both ends know, got ${got}`);
}

function sign(key: Buffer, who: 'server' | 'client', server: Buffer, client: Buffer): Buffer {
  return createHmac('sha256', key).update(who).update(server).update(client).digest();
}

/** The server's side of one connection. */
export class Challenge {
  readonly #key: Buffer;
  readonly #number = randomBytes(NUMBER);

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** What is sent first. */
  get opening(): Buffer {
    return Buffer.concat([CHALLENGE, this.#number]);
  }

  /** The welcome for `answer`; null when whoever gave it does not know the key. */
  welcome(answer: Buffer): Buffer | null {
    const client = answer.subarray(0, NUMBER);
    const given = answer.subarray(NUMBER);
    const right = sign(this.#key, 'client', this.#number, client);
    if (given.length !== HASH || !timingSafeEqual(given, right)) return null;
    return Buffer.concat([WELCOME, sign(this.#key, 'server', this.#number, client)]);
  }
}

/** The client's side. */
export class Answer {
  readonly #key: Buffer;
  readonly #where: string;
  readonly #number = randomBytes(NUMBER);
  #server: Buffer | null = null;

  constructor(key: Buffer, where: string) {
    this.#key = key;
    this.#where = where;
  }

  /** What is sent back for what came first. Errors: `ProcessError` when that is no manager's. */
  answer(opening: Buffer): Buffer {
    this.#checkPlace(opening);
    const server = opening.subarray(CHALLENGE.length);
    if (!opening.subarray(0, CHALLENGE.length).equals(CHALLENGE) || server.length !== NUMBER)
      throw new ProcessError(`what listens at ${this.#where} is no manager of this version`);
    this.#server = server;
    return Buffer.concat([this.#number, sign(this.#key, 'client', server, this.#number)]);
  }

  /** Errors: `AuthenticationError` unless `welcome` is of somebody who knows the key. */
  check(welcome: Buffer): void {
    this.#checkPlace(welcome);
    if (welcome.equals(FAILURE))
      throw new AuthenticationError(`the manager at ${this.#where} does not know this authkey`);
    const given = welcome.subarray(WELCOME.length);
    const right = sign(this.#key, 'server', this.#server as Buffer, this.#number);
    if (
      !welcome.subarray(0, WELCOME.length).equals(WELCOME) ||
      given.length !== HASH ||
      !timingSafeEqual(given, right)
    )
      throw new AuthenticationError(`what listens at ${this.#where} does not know the authkey`);
  }

  #checkPlace(message: Buffer): void {
    if (!message.equals(FULL)) return;
    throw new ProcessError(
      `the manager at ${this.#where} has as many connections as it takes: see its maxConnections`,
    );
  }
}
