/** The head of a request: request line and headers. */
import type { Buffer } from 'node:buffer';
import { METHODS } from 'node:http';
import { CR, codesOf, matches, SPACE, TARGET, TOKEN } from '../characters.js';
import { HeadScanner } from '../head-scanner.js';
import { refusal } from '../refusal.js';

const VERSION = [...'HTTP/1.'].map((letter) => letter.charCodeAt(0));
/** Bytes of `HTTP/1.1`. */
const VERSION_LENGTH = 8;
const SLASH = 47;
const HOST = codesOf('host');
const EXPECT = codesOf('expect');
/** CONNECT asks for a tunnel, SOURCE is of another protocol: Node's server closes the connection. */
const KNOWN = new Map(METHODS.filter((name) => !/^(CONNECT|SOURCE)$/.test(name)).map((name) => [name, name]));
/** A whole URL, as proxies are asked: with a host, and with user and password at most once. */
const ABSOLUTE = /^[a-z]+:\/\/(?:[\w.~!$&'()*+,;=:%-]+@)?[\w.~!$&'()*+,;=:%[\]-]+(?:[/?#]|$)/i;
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

export class RequestScanner extends HeadScanner {
  method = '';
  /** Where the target is, counted from `start`. */
  target = 0;
  targetEnd = 0;
  /** Where the first header is, counted from `start`. */
  fields = 0;
  hosts = 0;
  /** `Expect` says `100-continue`, and something else. */
  expects = false;
  expectsMore = false;

  override begin(at: number, trailers = false): void {
    super.begin(at, trailers);
    this.hosts = 0;
    this.expects = this.expectsMore = false;
  }

  protected firstLine(bytes: Buffer, at: number, end: number): number {
    let i = at;
    while (i < end && TOKEN[bytes[i] as number] === 1) i++;
    if (i === end) return -1;
    if (bytes[i] !== SPACE) throw refusal('HPE_INVALID_METHOD', 'the request has a method that is no token');
    const method = methodOf(bytes, at, i);
    const target = ++i;
    while (i < end && TARGET[bytes[i] as number] === 1) i++;
    if (i === end) return -1;
    if (bytes[i] !== SPACE) throw badTarget();
    if (bytes[target] !== SLASH) checkTarget(bytes.toString('latin1', target, i));
    const version = i + 1;
    for (let v = 0; v < VERSION.length && version + v < end; v++) {
      if (bytes[version + v] !== VERSION[v])
        throw refusal('HPE_INVALID_CONSTANT', 'the request is not HTTP/1');
    }
    if (end - version < VERSION_LENGTH) return -1;
    const minor = (bytes[version + VERSION_LENGTH - 1] as number) - 48;
    if (minor !== 0 && minor !== 1)
      throw refusal('HPE_INVALID_VERSION', 'the request is not HTTP/1.0 or 1.1');
    const lineEnd = version + VERSION_LENGTH;
    if (lineEnd === end) return -1;
    if (bytes[lineEnd] !== CR) throw refusal('HPE_INVALID_VERSION', 'something is behind the version');
    const next = this.lineEnd(bytes, lineEnd, end);
    if (next === -1) return -1;
    this.method = method;
    this.minor = minor;
    this.target = target - this.start;
    this.targetEnd = i - this.start;
    this.fields = next - this.start;
    return next;
  }

  protected header(bytes: Buffer, at: number, length: number, from: number, to: number): void {
    if (length === 4) {
      if (matches(bytes, at, HOST)) this.hosts++;
    } else if (length === 6 && matches(bytes, at, EXPECT)) {
      if (CONTINUE.test(bytes.toString('latin1', from, to))) this.expects = true;
      else this.expectsMore = true;
    }
  }

  /** What was scanned; it is complete. Errors: `Refusal`. */
  request(bytes: Buffer): ReceivedRequest {
    if (this.hosts > 1) throw refusal('HTTP_BAD_HOST', 'Host is there twice');
    if (this.minor === 1 && this.hosts === 0) throw refusal('HTTP_BAD_HOST', 'there is no Host');
    if (this.minor === 0 && this.chunked)
      throw refusal('HPE_INVALID_TRANSFER_ENCODING', 'HTTP/1.0 has no chunks');
    return new ReceivedRequest(this, bytes);
  }
}

function methodOf(bytes: Buffer, from: number, to: number): string {
  if (to - from === 3 && bytes[from] === 71 && bytes[from + 1] === 69 && bytes[from + 2] === 84) return 'GET';
  const method = KNOWN.get(bytes.toString('latin1', from, to));
  if (method === undefined) throw refusal('HPE_INVALID_METHOD', 'the request has a method that is not known');
  return method;
}

/** `*`, or a whole URL: a path is known by its first byte. */
function checkTarget(target: string): void {
  if (target !== '*' && !ABSOLUTE.test(target)) throw badTarget();
}

function badTarget(): Error {
  return refusal('HPE_INVALID_URL', 'the target of the request is none');
}

export class ReceivedRequest {
  readonly method: string;
  /** 0 for HTTP/1.0. */
  readonly minor: number;
  /** -1 without a `Content-Length`. */
  readonly length: number;
  readonly chunked: boolean;
  /** The other end will send another request on this connection. */
  readonly keepAlive: boolean;
  /** It waits for 100 before it sends its body; it expects something else. */
  readonly expects: boolean;
  readonly expectsMore: boolean;
  /** The head is in there; it is made a text when somebody asks. */
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;
  readonly #target: number;
  readonly #targetEnd: number;
  readonly #fields: number;

  constructor(scanner: RequestScanner, bytes: Buffer) {
    const { minor, start } = scanner;
    this.method = scanner.method;
    this.minor = minor;
    this.length = scanner.length;
    this.chunked = scanner.chunked;
    this.keepAlive = !scanner.close && (minor === 1 || scanner.keepAlive);
    this.expects = scanner.expects && minor === 1;
    this.expectsMore = scanner.expectsMore && minor === 1;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = scanner.line;
    this.#target = start + scanner.target;
    this.#targetEnd = start + scanner.targetEnd;
    this.#fields = start + scanner.fields;
  }

  get hasBody(): boolean {
    return this.chunked || this.length > 0;
  }

  /** As it came, as Latin-1. */
  get target(): string {
    return this.#bytes.toString('latin1', this.#target, this.#targetEnd);
  }

  /** The header lines, as Latin-1. */
  get fields(): string {
    return this.#bytes.toString('latin1', this.#fields, this.#end);
  }

  /** All of it, as Latin-1. */
  get text(): string {
    return this.#bytes.toString('latin1', this.#start, this.#end);
  }
}
