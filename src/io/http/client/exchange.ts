/**
 * One run of a request: from the wait for a connection to the end of the body, over redirects and a second try.
 *
 *      apply -- assigned --> connecting -- onOpen --> sending -- onHead --> response, and its body -- onComplete --> over
 *                  ^                                      |
 *                  +---- redirect, or closed unanswered --+
 *
 * It is a machine that is driven by what its connection tells, and no greenlet: the one that made the request is woken once, with the
 * response or an error. Whatever ends it early (a kill, a time that is over) destroys the connection.
 */
import { holdsProcess } from '../../../runtime/holds.js';
import type { Greenlet } from '../../../runtime/scheduled-greenlet.js';
import { spawn } from '../../../runtime/spawn.js';
import { timedOut } from '../../../runtime/timeout.js';
import type { Waiter } from '../../../runtime/waiter.js';
import { BodyIncomplete, BodyTooLarge, HttpError, RedirectRefused, TooManyRedirects } from '../../errors.js';
import { endWait } from '../../io-wait.js';
import type { Connection } from './connection.js';
import { Deadline } from './deadline.js';
import { failed, failure } from './failure.js';
import { IncomingBody, type Upstream } from './incoming-body.js';
import { codingsOf } from './inflate.js';
import type { Applicant, OriginPool } from './pool.js';
import { type Hop, isRedirect, nextHop } from './redirect.js';
import { type RequestHead, requestHead } from './request-head.js';
import type { Plan } from './request-options.js';
import { HttpResponse } from './response.js';
import type { ResponseHead } from './response-head.js';
import { type SendEvents, sendBody } from './send-body.js';

/** Bytes of a body that nobody wants which are read all the same, to keep the connection. */
const WORTH_DRAINING = 64 * 1024;
/** ms that `Expect: 100-continue` waits before the body is sent unasked. */
const CONTINUE_AFTER = 1000;
const NEVER = Number.POSITIVE_INFINITY;
/** May be sent twice (RFC 9110, 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

export class Exchange implements Applicant, Upstream, SendEvents {
  readonly label: string;
  readonly isDaemon: boolean;
  readonly #plan: Plan;
  /** Null when it has the response, unless times are set, which name it: with its value it would hold on to the response. */
  #waiter: Waiter | null;
  /** The waiter waits for the response. */
  #waiting = true;
  #hop: Hop;
  #head: RequestHead;
  #hops = 0;
  #seen: Set<string> | null = null;
  #pool: OriginPool | null = null;
  #connection: Connection | null = null;
  /** It has been tried on a connection that had been closed. */
  #retried = false;
  /** A redirect has come, and the pass that it came with is not over. */
  #redirected = false;
  /** Until it is given: then it may be collected while its body comes. */
  #response: HttpResponse | null = null;
  #body: IncomingBody | null = null;
  #sender: Greenlet<void> | null = null;
  readonly #total: Deadline | null;
  /** The time of what it is at. */
  #phase: Deadline | null = null;
  #phaseName = '';

  constructor(plan: Plan, head: RequestHead, label: string, waiter: Waiter) {
    this.#plan = plan;
    this.#hop = plan;
    this.#head = head;
    this.label = label;
    this.#waiter = waiter;
    this.isDaemon = !holdsProcess(waiter);
    this.#total = this.#deadline(plan.timeout, () => this.#late(plan.timeout, ''));
    this.#total?.start();
  }

  #deadline(ms: number, late: () => void): Deadline | null {
    return ms === NEVER ? null : new Deadline(ms, !this.isDaemon, late);
  }

  /** Begins. Errors: the host's, of opening a connection. */
  start(): void {
    try {
      this.#apply(false);
    } catch (error) {
      this.#over();
      throw error;
    }
  }

  #apply(fresh: boolean): void {
    const { agent, socketPath, tls } = this.#plan;
    this.#pool = agent._pool(this.#hop.url, socketPath, tls);
    this.#pool.apply(this, fresh);
  }

  /** Nobody waits for it any more. */
  abort(): void {
    this.#waiting = false;
    this.#cut();
    this.#over();
  }

  assigned(connection: Connection): void {
    this.#pool = null;
    this.#connection = connection;
    if (connection.isOpen) this.#send(connection);
    else this.#startPhase(this.#plan.connectTimeout, 'connecting');
  }

  onOpen(connection: Connection): void {
    this.#send(connection);
  }

  #send(connection: Connection): void {
    const { method, body } = this.#hop;
    const head = this.#head;
    const whole = body === null || (body.bytes !== null && !head.expects);
    connection.sending = !whole;
    connection.closes = head.closes;
    connection.request(
      head.text,
      whole ? (body?.bytes ?? null) : null,
      method === 'HEAD',
      this.#plan.maxHeaderSize,
    );
    this.#startPhase(this.#plan.headersTimeout, 'waiting for the headers');
    if (whole) return;
    if (!head.expects) this.#sendBody();
    else this.#startPhase(CONTINUE_AFTER, '', () => this.#sendBody());
  }

  /** The body, after its head. */
  #sendBody(): void {
    const connection = this.#connection;
    const { body } = this.#hop;
    if (connection === null || body === null || !connection.sending || this.#sender !== null) return;
    if (this.#head.expects) this.#startPhase(this.#plan.headersTimeout, 'waiting for the headers');
    if (body.bytes !== null) {
      connection.raw.write(body.bytes);
      connection.sending = false;
      return;
    }
    const options = { name: 'http.request body', daemon: true };
    const { length } = this.#head;
    this.#sender = spawn(options, sendBody, connection, body.stream as never, length, this) as Greenlet<void>;
  }

  bodySent(): void {
    if (this.#connection !== null) this.#connection.sending = false;
    this.#sender = null;
  }

  /** Nothing is told of a sender that was stopped. A response that has come by then has no end: the server waits for the rest. */
  bodyFailed(error: unknown): void {
    if (this.#sender === null) return;
    this.#sender = null;
    if (this.#body !== null) this.#body.fail(error);
    this.#cut();
    if (this.#body === null) this.#fail(error);
  }

  onInformation(head: ResponseHead): void {
    if (head.status === 100) this.#sendBody();
  }

  onHead(head: ResponseHead): void {
    this.#stopPhase();
    const { redirect } = this.#plan;
    if (redirect !== 'manual' && head.location !== null && isRedirect(head.status))
      this.#redirect(head, head.location);
    else this.#respond(head);
  }

  #respond(head: ResponseHead): void {
    const { decompress, maxBodySize, bodyTimeout } = this.#plan;
    const { url } = this.#hop;
    const codings = decompress ? codingsOf(head.contentEncoding) : [];
    const bodyless = this.#hop.method === 'HEAD' || head.status === 204 || head.status === 304;
    if (codings.length === 0 && head.length > maxBodySize && !bodyless) {
      const what = `${this.label}: the body has ${head.length} bytes, more than maxBodySize (${maxBodySize})`;
      this.#cut();
      this.#fail(failed(BodyTooLarge, what));
      return;
    }
    const body = new IncomingBody(this, codings, maxBodySize);
    const { href } = url;
    const answered = url.hash === '' && !href.endsWith('#') ? href : href.slice(0, href.indexOf('#'));
    this.#body = body;
    this.#response = new HttpResponse(head, body, {
      label: this.label,
      url: answered,
      redirected: this.#hops > 0,
    });
    this.#startPhase(bodyTimeout, 'waiting for more of the body');
  }

  #redirect(head: ResponseHead, location: string): void {
    const { redirect, maxRedirects } = this.#plan;
    const hop = this.#hop;
    const next =
      redirect === 'error'
        ? `it is redirected, which redirect: 'error' refuses`
        : nextHop(hop, head.status, location);
    let error: unknown;
    if (typeof next === 'string') error = failed(RedirectRefused, `${this.label}: ${next}`);
    else if (++this.#hops > maxRedirects) {
      error = failed(TooManyRedirects, `${this.label}: more than maxRedirects (${maxRedirects}) redirects`);
    } else {
      this.#seen ??= new Set([`${hop.method} ${hop.url.href}`]);
      const key = `${next.method} ${next.url.href}`;
      if (this.#seen.has(key)) {
        error = failed(
          TooManyRedirects,
          `${this.label}: its redirects go in a loop, back to ${labelOf(next)}`,
        );
      }
      this.#seen.add(key);
    }
    if (error !== undefined) {
      this.#cut();
      this.#fail(error);
      return;
    }
    this.#stopSender();
    this.#hop = next as Hop;
    this.#redirected = true;
    this.#retried = false;
    const connection = this.#connection;
    this.#connection = null;
    connection?.abandon(WORTH_DRAINING);
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    this.#phase?.start();
    this.#body?.feed(bytes, from, to);
  }

  onTrailers(text: string): void {
    if (this.#body !== null) this.#body.trailers = text;
  }

  onComplete(): void {
    this.#connection = null;
    this.#stopSender();
    this.#body?.end();
  }

  onSettled(): void {
    if (this.#redirected) {
      // By now the connection is free again if the redirect was short.
      this.#redirected = false;
      this.#follow();
    }
    const response = this.#response;
    if (response === null || !this.#waiting) return;
    const waiter = this.#waiter as Waiter;
    const body = this.#body as IncomingBody;
    this.#waiting = false;
    this.#response = null;
    if (this.#total === null && this.#plan.bodyTimeout === NEVER) this.#waiter = null;
    if (body.isOpen) body.heldBy(response, waiter._self);
    endWait(waiter, response);
  }

  #follow(): void {
    const { method, url, headers, body } = this.#hop;
    try {
      this.#head = requestHead(method, url, headers, body, this.#plan.decompress);
      this.#apply(false);
    } catch (error) {
      this.#fail(error);
    }
  }

  onLost(connection: Connection | null, error: unknown): void {
    this.#connection = null;
    this.#pool = null;
    this.#stopSender();
    if (this.#body !== null) {
      const what = `${this.label}: the connection was closed before the body had ended`;
      this.#body.fail(
        error === null ? failed(BodyIncomplete, what) : failure(error, this.label, 'the connection was lost'),
      );
      this.onSettled();
      return;
    }
    if (connection !== null && this.#mayRetry(connection, error)) {
      this.#retried = true;
      this.#stopPhase();
      try {
        this.#apply(true);
      } catch (failure) {
        this.#fail(failure);
      }
      return;
    }
    const closed = `${this.label}: the connection was closed before an answer had come`;
    this.#fail(
      error === null
        ? failed(HttpError, closed, 'ECONNRESET')
        : failure(error, this.label, 'the connection failed'),
    );
  }

  /** The server has closed a connection that was idle, which is no failure, in the moment in which it was used again. */
  #mayRetry(connection: Connection, error: unknown): boolean {
    if (this.#retried || connection.served === 0 || connection.answering) return false;
    const { method, body } = this.#hop;
    if (body !== null && body.bytes === null) return false;
    const { code, syscall } = (error ?? {}) as { code?: string; syscall?: string };
    if (error !== null && code === undefined) return false;
    if (code?.startsWith('HPE_')) return false;
    return IDEMPOTENT.has(method) || (code === 'EPIPE' && syscall === 'write');
  }

  pauseBody(): void {
    this.#phase?.stop();
    this.#connection?.pause();
  }

  resumeBody(): void {
    this.#phase?.start();
    this.#connection?.resume();
  }

  dropBody(cut: boolean): void {
    const connection = this.#connection;
    this.#connection = null;
    this.#stopSender();
    if (cut) connection?.destroy();
    else connection?.abandon(WORTH_DRAINING);
  }

  bodyOver(): void {
    this.#over();
  }

  #late(ms: number, phase: string): void {
    const what = `http.request of ${this.label}${phase === '' ? '' : ` (${phase})`}`;
    const error = timedOut(what, ms, this.#waiter as Waiter);
    if (this.#waiting) {
      this.#cut();
      this.#fail(error);
      return;
    }
    this.#body?.fail(error);
    this.#cut();
  }

  #startPhase(ms: number, name: string, late?: () => void): void {
    this.#stopPhase();
    if (ms === NEVER) return;
    this.#phaseName = name;
    this.#phase = this.#deadline(ms, late ?? (() => this.#late(ms, this.#phaseName)));
    this.#phase?.start();
  }

  #stopPhase(): void {
    this.#phase?.stop();
    this.#phase = null;
  }

  /** Its connection is destroyed, or not waited for any more. */
  #cut(): void {
    const connection = this.#connection;
    this.#connection = null;
    this.#redirected = false;
    connection?.destroy();
    this.#pool?.withdraw(this);
    this.#pool = null;
    this.#stopSender();
  }

  #stopSender(): void {
    const sender = this.#sender;
    this.#sender = null;
    if (sender !== null && !sender.dead) sender._kill(undefined);
  }

  /** It is settled how it ends: nothing is timed any more. */
  #over(): void {
    this.#total?.stop();
    this.#stopPhase();
  }

  #fail(error: unknown): void {
    this.#over();
    if (!this.#waiting) return;
    this.#waiting = false;
    endWait(this.#waiter as Waiter, error, true);
  }
}

/** `GET http://host/path`, without query and credentials: it stands in messages. */
export function labelOf({ method, url }: { readonly method: string; readonly url: URL }): string {
  return `${method} ${url.protocol}//${url.host}${url.pathname}`;
}
