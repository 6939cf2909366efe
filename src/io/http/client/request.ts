/** `http.request` and `http.get`. */
import type { Operation } from '../../../runtime/operation.js';
import type { Started, Waiter } from '../../../runtime/waiter.js';
import { IoOperation } from '../../io-wait.js';
import { Exchange, labelOf } from './exchange.js';
import { type RequestHead, requestHead } from './request-head.js';
import { type Plan, planOf, type RequestOptions } from './request-options.js';
import type { HttpResponse } from './response.js';

class Request extends IoOperation<HttpResponse> {
  readonly _name = 'http.request';
  readonly #plan: Plan;
  readonly #head: RequestHead;
  readonly #label: string;

  constructor(plan: Plan) {
    super(Number.POSITIVE_INFINITY);
    this.#plan = plan;
    const { method, url, headers, body, decompress } = plan;
    this.#head = requestHead(method, url, headers, body, decompress);
    this.#label = labelOf(plan);
  }

  override get _object(): string {
    return this.#label;
  }

  _start(waiter: Waiter): Started {
    const exchange = new Exchange(this.#plan, this.#head, this.#label, waiter);
    exchange.start();
    return this._wait(waiter, exchange);
  }

  protected _forget(waiter: Waiter): void {
    (waiter._slot as Exchange).abort();
  }
}

/**
 * Requests `url` by HTTP/1.1 and gives the response as soon as its headers are there; its body is read by operations. Lazy: each run
 * is a request of its own. Connections are kept and used again (`Agent`); redirects are followed and compressed bodies undone unless
 * `init` says otherwise. Much cheaper than `fetch`, which is the platform's.
 *
 * Always switches. Interrupted (a kill, a timeout) at any stage, the connection is destroyed, and nothing stays registered; a request
 * that waits for a place gives up its turn. A body that is never read is let go with its greenlet: see `HttpResponse`. A request that may
 * be sent twice is sent once more, on a new connection, if the server closes a kept one before it answers.
 *
 * Errors at the call: `TypeError`, `RangeError` for arguments, also those that would smuggle something into the request. Later: `HttpError`
 * with the host's code (`ECONNREFUSED`, `ENOTFOUND`, `ECONNRESET`, …), `HttpProtocolError` (`HPE_…`), `TooManyRedirects`,
 * `RedirectRefused`, `BodyTooLarge`, `Timeout`. A status such as 404 is no error. Stands where a gevent program calls
 * `requests.request`.
 *
 * @example
 * const response = yield* http.request('https://example.org/', { method: 'POST', body: 'hello', timeout: 5000 });
 * console.log(response.status, yield* response.text());
 */
export function request(url: string | URL, init: RequestOptions = {}): Operation<HttpResponse> {
  return new Request(planOf(url, init));
}

/** `request` with the method GET. Stands where a gevent program calls `requests.get`. */
export function get(
  url: string | URL,
  init: Omit<RequestOptions, 'method' | 'body'> = {},
): Operation<HttpResponse> {
  return request(url, init);
}
