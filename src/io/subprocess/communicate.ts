/** All that a child is told and tells: fed through its input, gathered from its output, until it has ended. */
import { GreenletError } from '../../runtime/errors.js';
import { joinall } from '../../runtime/joinall.js';
import type { Operation } from '../../runtime/operation.js';
import type { Greenlet } from '../../runtime/scheduled-greenlet.js';
import { spawn } from '../../runtime/spawn.js';
import type { Timeout } from '../../runtime/timeout.js';
import type { Green } from '../../runtime/types.js';
import type { StreamReader, StreamWriter } from '../stream/index.js';
import type { Encoding, Input } from './options.js';

/** A child, as far as it is talked to. */
export interface Partner {
  readonly args: readonly string[];
  readonly stdin: StreamWriter | null;
  readonly stdout: StreamReader | null;
  readonly stderr: StreamReader | null;
  wait(): Operation<number>;
}

/** What a child has written; undefined where that was not taken. */
export interface Output<T> {
  readonly stdout: T;
  readonly stderr: T;
}

export type Text<O> = O extends { readonly encoding: 'buffer' } ? Buffer : string;

export class Communication {
  readonly #child: Partner;
  readonly #written = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  #work: readonly Greenlet<void>[] = [];
  #fed = false;

  constructor(child: Partner) {
    this.#child = child;
  }

  /**
   * Has the child read `input`, takes what it writes until it has ended, and gives its exit code. When `limit` is over or it is interrupted,
   * what was taken is kept, and the next call goes on from there. Whoever calls it ends the work.
   */
  *toEnd(input: Input, limit: Timeout): Green<number> {
    const { stdin, stdout, stderr } = this.#child;
    if (this.#fed && input !== undefined) {
      throw new GreenletError(
        `the input of ${this.#child} has been given, and is closed: write communicate()`,
      );
    }
    this.#work = [
      spawn(collect, stdout, this.#written.stdout),
      spawn(collect, stderr, this.#written.stderr),
      spawn(feed, this.#fed ? undefined : beginFeeding(stdin, input)),
    ];
    this.#fed = true;
    return (yield* limit.run(waitFor, this.#child, this.#work)) as number;
  }

  /** Waits for the rest of the output, at most `timeout` ms. */
  rest(timeout: number): Operation<unknown> {
    return joinall(this.#work, { timeout });
  }

  endWork(): void {
    for (const each of this.#work) each._kill(undefined);
  }

  /** What it has written. Errors: `TypeError` for what is not UTF-8, unless it is `cut` off anyway. */
  gathered(encoding: Encoding, cut: boolean): Output<string | Buffer | undefined> {
    return { stdout: this.#taken('stdout', encoding, cut), stderr: this.#taken('stderr', encoding, cut) };
  }

  #taken(name: 'stdout' | 'stderr', encoding: Encoding, cut: boolean): string | Buffer | undefined {
    const { args, [name]: reader } = this.#child;
    if (reader === null) return undefined;
    return decode(Buffer.concat(this.#written[name]), encoding, cut, `${name} of ${args.join(' ')}`);
  }
}

/** Takes what comes into `chunks`. */
function* collect(reader: StreamReader | null, chunks: Buffer[]): Green<void> {
  if (reader === null) return;
  for (;;) {
    const chunk = yield* reader.read();
    if (chunk === null) return;
    chunks.push(chunk);
  }
}

/** Acts at the call: an interruption does not take it back. */
function beginFeeding(stdin: StreamWriter | null, input: Input): Operation<void> | undefined {
  try {
    return stdin?.end(input);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function* feed(end: Operation<void> | undefined): Green<void> {
  if (end === undefined) return;
  try {
    yield* end;
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** It need not read to the end, and may have been impossible to start, which its wait tells. */
function isGone(error: unknown): boolean {
  return GONE.has(String((error as NodeJS.ErrnoException).code));
}

const GONE = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_SOCKET_CLOSED']);

function* waitFor(child: Partner, work: readonly Greenlet<void>[]): Green<number> {
  const code = yield* child.wait();
  for (const each of work) yield* each.get();
  return code;
}

function decode(bytes: Buffer, encoding: Encoding, cut: boolean, what: string): string | Buffer {
  if (encoding === 'buffer') return bytes;
  if (encoding !== undefined && encoding !== 'utf8' && encoding !== 'utf-8') return bytes.toString(encoding);
  try {
    return new TextDecoder('utf-8', { fatal: !cut, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const error = new TypeError(`${what} is not UTF-8: for bytes write { encoding: 'buffer' }`, { cause });
    throw Object.assign(error, { code: (cause as NodeJS.ErrnoException).code });
  }
}
