/** The green `fetch`: the platform's, as an operation. */

import { isRecord, mismatch, showValue } from '../runtime/check.js';
import { engine } from '../runtime/engine.js';
import { withStackLimit } from '../runtime/host.js';
import { onAbort } from '../runtime/on-abort.js';
import type { Operation } from '../runtime/operation.js';
import { parseStack, type StackFrame } from '../runtime/place.js';
import { Greenlet } from '../runtime/scheduled-greenlet.js';
import { readStack } from '../runtime/stack.js';
import { suspend, type Waker } from '../runtime/suspend.js';
import type { Signal } from '../runtime/types.js';
import { outside } from '../runtime/until.js';
import { giveBack, lend } from './abort-controllers.js';
import { Body, type ByteStream } from './body.js';
import { explain } from './errors.js';
import { GreenResponse, type ResponseLike } from './response.js';

type PlatformFetch = typeof globalThis extends { fetch: infer F } ? F : unknown;

/** What the platform's `fetch` takes first. */
export type FetchInput = PlatformFetch extends (input: infer I, ...rest: never[]) => unknown
  ? I
  : string | UrlLike;

/** What the platform's `fetch` takes second. */
export type FetchInit = PlatformFetch extends (input: never, init?: infer I) => unknown
  ? NonNullable<I>
  : InitLike;

/** A `URL`, where its type is not loaded. */
export interface UrlLike {
  readonly href: string;
}

/** `RequestInit`, where its type is not loaded. */
export interface InitLike {
  readonly method?: string;
  readonly headers?: Record<string, string> | Iterable<[string, string]>;
  readonly body?: unknown;
  readonly redirect?: 'follow' | 'error' | 'manual';
  readonly signal?: Signal | null;
  readonly [option: string]: unknown;
}

interface RequestLike {
  readonly url?: string;
  readonly method?: string;
  readonly signal?: Signal | null;
}

/**
 * Requests `input` and gives the response as soon as its headers are there; its body is read by operations. Takes what the
 * platform's `fetch` takes, which is looked up when the request is made. Lazy: each run is a request of its own.
 *
 * Always switches. Interrupted (a kill, a timeout), the request is aborted; a `signal` in `init` aborts the request and the
 * body, with its reason as the error. Errors are the platform's, with Node's code (`ECONNREFUSED`, `ENOTFOUND`, …) in
 * `error.code`, where the platform's `fetch` hides it in `error.cause`. A body that is never read is let go with its greenlet:
 * see `GreenResponse`. Stands where a gevent program calls `requests.get`.
 *
 * @example
 * const response = yield* fetch('https://example.org/');
 * console.log(response.status, (yield* response.text()).length);
 */
export function fetch(input: FetchInput, init?: FetchInit): Operation<GreenResponse> {
  const kind = typeof input;
  if (kind !== 'string' && (kind !== 'object' || input === null)) {
    throw new TypeError(`input must be a URL or a Request, got ${showValue(input)}`);
  }
  if (init != null && !isRecord(init))
    throw mismatch('fetch: options', "an object such as { method: 'POST' }", init);
  const request = describeRequest(input as RequestLike | string, (init ?? {}) as InitLike);
  return suspend<GreenResponse>(`fetch of ${request}`, (waker) => {
    const run = new Run(waker, request, signalOf(input as RequestLike | string, (init ?? {}) as InitLike));
    run.begin(input, init);
    return () => run.abandon();
  });
}

/** One request, from its begin until its body has ended. */
class Run {
  /** Null when it has been woken: through it one can reach what it was woken with. So with the greenlet, if that gives it. */
  #waker: Waker<GreenResponse> | null;
  readonly #request: string;
  readonly #lease = lend();
  #fetcher: unknown = engine.current;
  /** Where code that is no greenlet stands, as long as it waits: an unformatted stack holds on to everything in its frames. */
  #place: Error | undefined;
  readonly #unlisten: () => void;

  constructor(waker: Waker<GreenResponse>, request: string, signal: Signal | null) {
    this.#waker = waker;
    this.#request = request;
    if (!(this.#fetcher instanceof Greenlet)) this.#place = withStackLimit(12, () => new Error('fetch'));
    if (signal?.aborted) throw signal.reason;
    this.#unlisten =
      signal === null ? () => {} : onAbort(signal, () => this.#lease.controller.abort(signal.reason));
  }

  begin(input: unknown, init: unknown): void {
    const { fetch: platformFetch } = globalThis as unknown as Platform;
    const answer = platformFetch(input, { ...(init as object), signal: this.#lease.controller.signal });
    outside.waits++;
    answer.then(
      (response) => this.#arrived(response),
      (error: unknown) => {
        this.#unlisten();
        const places = this.#places();
        const waker = this.#stopWaiting();
        waker?.reject(explain(error, this.#request, places));
      },
    );
  }

  /** Nobody waits for it any more. */
  abandon(): void {
    this.#stopWaiting();
    this.#unlisten();
    this.#lease.controller.abort();
  }

  /** Where the request was made. */
  #places(): StackFrame[] {
    const fetcher = this.#fetcher;
    return fetcher instanceof Greenlet ? readStack(fetcher, 12) : parseStack(this.#place?.stack ?? '');
  }

  #arrived(response: ResponseLike): void {
    const body = new Body(response.body as ByteStream | null, this.#request, (ended) => {
      this.#unlisten();
      if (ended) giveBack(this.#lease);
    });
    const fetcher = this.#fetcher;
    const waker = this.#stopWaiting();
    if (waker === null) {
      body.close('by the interruption of its request');
      return;
    }
    const green = new GreenResponse(response, body);
    body.heldBy(green, fetcher);
    waker.resolve(green);
  }

  /** Whoever waited, null when nobody did any more. */
  #stopWaiting(): Waker<GreenResponse> | null {
    const waker = this.#waker;
    if (waker !== null) outside.waits--;
    this.#waker = this.#fetcher = null;
    this.#place = undefined;
    return waker;
  }
}

interface Platform {
  fetch(input: unknown, init: object): Promise<ResponseLike>;
}

/** The signal of the caller: that of `init`, even null, goes before that of a `Request`. */
function signalOf(input: RequestLike | string, init: InitLike): Signal | null {
  if (init.signal !== undefined) return init.signal;
  return typeof input === 'string' ? null : (input.signal ?? null);
}

/** `GET http://host/path`, without a query: it stands in messages. */
function describeRequest(input: RequestLike | string, init: InitLike): string {
  const url = typeof input === 'string' ? input : (input.url ?? String(input));
  const method = init.method ?? (typeof input === 'string' ? undefined : input.method) ?? 'GET';
  return `${method.toUpperCase()} ${url.replace(/[?#].*/s, '')}`;
}
