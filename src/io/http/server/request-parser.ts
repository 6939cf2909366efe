/** The parser of requests. */
import type { Buffer } from 'node:buffer';
import { type MessageEvents, MessageParser } from '../message-parser.js';
import { type ReceivedRequest, RequestScanner } from './received-request.js';

/** Who is told what was found. */
export interface RequestEvents extends MessageEvents {
  onHead(request: ReceivedRequest): void;
}

export class RequestParser extends MessageParser<RequestScanner> {
  readonly #events: RequestEvents;

  constructor(events: RequestEvents) {
    super(events, new RequestScanner());
    this.#events = events;
  }

  /** A request is expected, whose head is at most `maxHeaderSize` bytes, and so are its trailers. */
  begin(maxHeaderSize: number): void {
    this.expect(maxHeaderSize);
  }

  protected head(bytes: Buffer, scanner: RequestScanner): void {
    const request = scanner.request(bytes);
    if (!request.hasBody) {
      this.#events.onHead(request);
      this.noBody();
      return;
    }
    if (request.chunked) this.bodyInChunks();
    else this.bodyOf(request.length);
    this.#events.onHead(request);
  }
}
