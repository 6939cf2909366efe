/** The parser of responses. */
import type { Buffer } from 'node:buffer';
import { type MessageEvents, MessageParser } from '../message-parser.js';
import { refusal } from '../refusal.js';
import { type ResponseHead, ResponseScanner } from './response-head.js';

/** Who is told what was found. */
export interface ResponseEvents extends MessageEvents {
  /** 100 to 199: the response follows. */
  onInformation(head: ResponseHead): void;
  onHead(head: ResponseHead): void;
}

/** Informational responses ahead of one response. */
const MOST_INFORMATION = 32;

export class ResponseParser extends MessageParser<ResponseScanner> {
  readonly #events: ResponseEvents;
  #bodyless = false;
  #informed = 0;

  constructor(events: ResponseEvents) {
    super(events, new ResponseScanner());
    this.#events = events;
  }

  /** A response is expected; `bodyless`: to HEAD. Its head is at most `maxHeaderSize` bytes, and so are its trailers. */
  begin(bodyless: boolean, maxHeaderSize: number): void {
    this.#bodyless = bodyless;
    this.#informed = 0;
    this.expect(maxHeaderSize);
  }

  protected head(bytes: Buffer, scanner: ResponseScanner): void {
    const head = scanner.head(bytes);
    if (head.status < 200) this.#information(head);
    else this.#response(head);
  }

  #information(head: ResponseHead): void {
    if (head.status === 101)
      throw refusal('HPE_INVALID_UPGRADE', 'the other end changes the protocol unasked');
    if (++this.#informed > MOST_INFORMATION) {
      throw refusal('HPE_HEADER_OVERFLOW', `more than ${MOST_INFORMATION} informational responses came`);
    }
    this.#events.onInformation(head);
  }

  #response(head: ResponseHead): void {
    const { status } = head;
    if (this.#bodyless || status === 204 || status === 304 || head.length === 0) {
      // Nothing is left, for whoever hears of the head and wants no more of it.
      this.bodyOf(0);
      this.#events.onHead(head);
      this.noBody();
      return;
    }
    if (head.chunked) this.bodyInChunks();
    else if (head.length > 0) this.bodyOf(head.length);
    else this.bodyToEnd();
    this.#events.onHead(head);
  }
}
