/**
 * How long a connection may take for what, told by ticks of its server: nothing is timed, and nothing is done for time, at a request.
 * At each tick each connection is asked at what it is; what it has been at since the tick before is counted. So times are exact to two
 * ticks, never early, and a program that was busy itself does not take that for somebody else's lateness.
 */
import type { Socket } from 'node:net';
import type { RequestParser } from './request-parser.js';

export interface Limits {
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly keepAliveTimeout: number;
}

/** ms that a connection is read from after its last answer. */
const LINGER = 1000;
const LONGEST_TICK = 1000;
const SHORTEST_TICK = 10;

export class ServerTimes {
  /** ms of a tick. */
  readonly interval: number;
  /** In ticks. */
  readonly headers: number;
  readonly request: number;
  readonly keepAlive: number;
  readonly linger: number;
  /** Ticks that have been. */
  now = 0;

  constructor({ headersTimeout, requestTimeout, keepAliveTimeout }: Limits) {
    // As for Node 0 is no limit.
    const [headers, request, keepAlive] = [headersTimeout, requestTimeout, keepAliveTimeout].map(
      (ms) => ms || Number.POSITIVE_INFINITY,
    ) as [number, number, number];
    const shortest = Math.min(headers, request, keepAlive) / 4;
    this.interval = Math.ceil(Math.min(LONGEST_TICK, Math.max(SHORTEST_TICK, shortest)));
    const ticks = (ms: number) => Math.ceil(ms / this.interval);
    this.headers = ticks(Math.min(headers, request));
    this.request = ticks(request);
    this.keepAlive = ticks(keepAlive);
    this.linger = ticks(LINGER);
  }
}

/** What a connection is at. */
const IDLE = 0;
/** A request has come in part. */
const READING = 1;
/** Requests have come, and are worked on. */
const ANSWERING = 2;
/** The last answer has been sent. */
const ENDED = 3;

export class Phase {
  /** Requests whose head has come. */
  messages = 0;
  readonly #times: ServerTimes;
  /** Which of its requests it is at, and what. */
  #at = IDLE;
  #since: number;

  constructor(times: ServerTimes) {
    this.#times = times;
    // The tick that it began in has been in part.
    this.#since = times.now + 1;
  }

  /** Called at each tick: which limit is passed, '' when none is. */
  late(parser: RequestParser, answering: boolean, socket: Socket): '' | 'request' | 'idle' | 'linger' {
    const reading = parser.isInHead || parser.isInBody;
    const what = socket.writableEnded ? ENDED : reading ? READING : answering ? ANSWERING : IDLE;
    const at = (this.messages + (parser.isInHead ? 1 : 0)) * 4 + what;
    // What was sent is on its way as long as the other end does not take it.
    if (at !== this.#at || (what !== READING && socket.writableLength > 0)) {
      this.#at = at;
      this.#since = this.#times.now;
      return '';
    }
    const { now, headers, request, keepAlive, linger } = this.#times;
    const ticks = now - this.#since;
    if (what === READING) return ticks >= (parser.isInHead ? headers : request) ? 'request' : '';
    if (what === ENDED) return ticks >= linger ? 'linger' : '';
    if (what === ANSWERING) return '';
    if (this.messages === 0) return ticks >= headers ? 'request' : '';
    return ticks >= keepAlive ? 'idle' : '';
  }
}
