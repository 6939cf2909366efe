/** One run of the mix: some greenlets ask servers for all kinds of answers, in all kinds of ways, over one agent. */
import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import {
  attempt,
  type Green,
  type Greenlet,
  GreenletExit,
  joinall,
  type Operation,
  Queue,
  select,
  spawn,
  Timeout,
  until,
} from 'greenlets';
import { BodyIncomplete, HttpError, HttpProtocolError, http, RedirectRefused } from 'greenlets/io';
import { type Answer, makeAnswer } from './http-mix-answers.js';
import { Dice } from './http-mix-dice.js';
import { type MixServer, mixServer } from './http-mix-server.js';

const WAYS = [
  'text',
  'bytes',
  'chunks',
  'lines',
  'interrupted',
  'part',
  'nothing',
  'close',
  'detach',
] as const;
type Way = (typeof WAYS)[number];
const BODIES = [
  'none',
  'none',
  'text',
  'bytes',
  'iterable',
  'async',
  'readable',
  'web',
  'blob',
  'queue',
  'length',
] as const;

interface Asked {
  readonly url: string;
  readonly method: string;
  readonly init: () => http.RequestOptions;
  /** Its body cannot be sent twice. */
  readonly streams: boolean;
  /** Of the redirects and of what they lead to. */
  readonly answers: readonly Answer[];
  readonly way: Way;
  /** Passes before it is read. */
  readonly pause: number;
  /** How it is ended early: passes until it is killed, ms until it is late. */
  readonly kill: number;
  readonly late: number;
  /** For what is decided while it is read, in an order that is not the same every time. */
  readonly dice: Dice;
}

/** What was read, as bytes or text; null when that was not the aim. */
interface Read {
  readonly status: number;
  readonly got: Buffer | string | null;
}

function* passes(count: number): Green<void> {
  for (let i = 0; i < count; i++) yield* until(pass());
}

export class Mix {
  readonly #dice: Dice;
  readonly #agent: http.Agent;
  /** Servers may do what they should not. */
  readonly #faults: boolean;
  #servers: MixServer[] = [];
  #count = 0;
  /** What is wrong. */
  readonly problems: string[] = [];
  /** Who has not ended, for whoever waits for too long. */
  readonly open = new Set<string>();

  constructor(seed: number) {
    this.#dice = new Dice(seed);
    const dice = this.#dice;
    this.#faults = dice.chance(0.5);
    this.#agent = new http.Agent({
      maxSockets: dice.pick([1, 2, 3, Number.POSITIVE_INFINITY]),
      maxFreeSockets: dice.pick([0, 1, 256, 256]),
    });
  }

  get statistics(): http.AgentStatistics {
    return this.#agent.statistics();
  }

  *run(): Green<void> {
    const dice = this.#dice;
    this.#servers = [yield* until(mixServer()), yield* until(mixServer())];
    const all: Greenlet<void>[] = [];
    for (let i = dice.from(1, 8); i > 0; i--) {
      const list = Array.from({ length: dice.from(1, 4) }, () => this.#makeAsked());
      all.push(
        spawn(
          { name: `client ${i}` },
          function* (mix: Mix) {
            for (const asked of list) yield* mix.#ask(asked);
          },
          this as Mix,
        ),
      );
      if (dice.chance(0.3)) yield* passes(dice.below(4));
    }
    yield* joinall(all, { raiseError: true });
    while (this.#isBusy) yield* passes(1);
    // Whatever happened, the agent serves.
    for (let i = dice.from(1, 3); i > 0; i--) {
      yield* this.#ask(this.#makeAsked(true));
    }
    while (this.#isBusy) yield* passes(1);
    this.#agent.close();
    const { sockets, origins, waiting } = this.statistics;
    if (sockets + origins + waiting !== 0) this.problems.push(`left: ${JSON.stringify(this.statistics)}`);
    for (const server of this.#servers) {
      this.problems.push(...server.faults);
      yield* until(server.close());
    }
  }

  get #isBusy(): boolean {
    const { sockets, free, waiting } = this.statistics;
    return sockets !== free || waiting > 0;
  }

  #makeAsked(plain = false): Asked {
    const dice = this.#dice;
    const kind = plain ? 'none' : dice.pick(BODIES);
    const method =
      kind === 'none' ? dice.pick(['GET', 'GET', 'GET', 'HEAD', 'POST']) : dice.pick(['POST', 'PUT']);
    const hops = dice.pick([0, 0, 0, 0, 1, 2]);
    const places = Array.from({ length: hops + 1 }, () => {
      const server = dice.pick(this.#servers);
      return { server, path: `/${this.#count++}` };
    });
    const answers = places.map(({ server, path }, i) => {
      const next = places[i + 1];
      const location = next === undefined ? null : next.server.url + next.path;
      const answer = makeAnswer(
        dice,
        method === 'HEAD',
        location,
        this.#faults && !plain && location === null,
      );
      server.answers.set(path, answer);
      return answer;
    });
    const size = kind === 'none' ? 0 : dice.pick([0, 10, 5000, 150_000]);
    const bytes = kind === 'text' ? dice.text(size) : dice.bytes(size);
    const parts = dice.cut(bytes, 8);
    for (const { server, path } of places) if (kind !== 'none') server.bodies.set(path, bytes);
    const headers: Record<string, string> = {};
    if (kind !== 'none' && bytes.length > 0 && dice.chance(0.1)) headers.expect = '100-continue';
    if (kind === 'length') headers['content-length'] = String(bytes.length);
    if (dice.chance(0.1)) headers.connection = 'close';
    const times = ['timeout', 'connectTimeout', 'headersTimeout', 'bodyTimeout'] as const;
    const set = times.filter(() => dice.chance(0.3)).map((name) => [name, 100_000 + dice.below(1000)]);
    const late = !plain && dice.chance(0.1) ? dice.from(1, 20) : 0;
    if (late > 0) set.push([dice.pick(times), late]);
    const [{ server, path }] = places as [(typeof places)[number]];
    return {
      url: server.url + path,
      method,
      init: () => ({
        method,
        headers,
        body: makeBody(kind, bytes, parts),
        agent: this.#agent,
        ...Object.fromEntries(set),
      }),
      streams: !['none', 'text', 'bytes'].includes(kind),
      answers,
      way: plain ? 'bytes' : dice.pick(WAYS),
      pause: dice.pick([0, 0, 1, 5, 20]),
      kill: !plain && dice.chance(0.15) ? dice.from(1, 30) : 0,
      late,
      dice: new Dice(dice.below(2 ** 32)),
    };
  }

  *#ask(asked: Asked): Green<void> {
    const name = `${asked.method} ${asked.url} ${asked.way}${asked.answers.map(showAnswer)}`;
    this.open.add(name);
    // A greenlet of its own: its end lets go of what it has not read.
    const asking = spawn(
      { name },
      function* (mix: Mix) {
        return yield* attempt(() => mix.#read(asked));
      },
      this as Mix,
    );
    if (asked.kill > 0) {
      yield* passes(asked.kill);
      yield* asking.kill();
    }
    yield* asking.join();
    const { value } = asking;
    if (value !== undefined && !(value instanceof GreenletExit)) {
      const problem = value.ok ? this.#differs(asked, value.value) : this.#refuses(asked, value.error);
      if (problem !== '') this.problems.push(`${name}: ${problem}`);
    } else if (asked.kill === 0) this.problems.push(`${name}: it was killed`);
    this.open.delete(name);
  }

  *#read(asked: Asked): Green<Read> {
    const { dice } = asked;
    const response = yield* http.request(asked.url, asked.init());
    yield* passes(asked.pause);
    const { status } = response;
    const last = asked.answers.at(-1) as Answer;
    const pieces: Buffer[] = [];
    switch (asked.way) {
      case 'text':
        return { status, got: yield* response.text() };
      case 'bytes':
        return { status, got: yield* response.bytes() };
      case 'lines': {
        const lines: string[] = [];
        for (const it = response.lines(); yield* it.more(); ) lines.push(it.value);
        return { status, got: lines.join('\n') };
      }
      case 'interrupted': {
        const chunks = response.chunks();
        const rounds = dice.below(20);
        for (let i = 0; i < rounds; i++) {
          const first = yield* select({ more: chunks.more(), pass: until(pass()) });
          if (first.key === 'pass') continue;
          if (!first.value) return { status, got: Buffer.concat(pieces) };
          pieces.push(chunks.value);
        }
        return { status, got: Buffer.concat([...pieces, yield* interrupted(response.bytes())]) };
      }
      case 'chunks':
      case 'part': {
        const most = asked.way === 'part' ? dice.below(3) : Number.POSITIVE_INFINITY;
        const chunks = response.chunks();
        try {
          while (pieces.length < most && (yield* chunks.more())) {
            pieces.push(chunks.value);
            if (dice.chance(0.1)) yield* passes(dice.below(4));
          }
        } catch (error) {
          this.#isPrefix(asked, last, Buffer.concat(pieces));
          throw error;
        }
        this.#isPrefix(asked, last, Buffer.concat(pieces));
        if (asked.way === 'chunks') return { status, got: Buffer.concat(pieces) };
        if (dice.chance(0.5)) chunks.close();
        return { status, got: null };
      }
      case 'close':
        response.close();
        return { status, got: null };
      case 'detach': {
        response.detach();
        const other = spawn({ name: `${asked.url} detached` }, function* () {
          yield* passes(3);
          return yield* attempt(response.bytes());
        });
        try {
          yield* other.join();
        } finally {
          if (!other.ready()) yield* other.kill();
          response.close();
        }
        const read = yield* other.get();
        if (!read.ok) throw read.error;
        return { status, got: read.value };
      }
      case 'nothing':
        return { status, got: null };
    }
  }

  /** What comes piece by piece is right as far as it goes, however it ends. */
  #isPrefix({ url, way }: Asked, { payload }: Answer, got: Buffer): void {
    if (payload.subarray(0, got.length).equals(got)) return;
    this.problems.push(`${url} ${way}: what came is wrong`);
  }

  #differs({ answers, way, streams, method }: Asked, { status, got }: Read): string {
    const last = answers.at(-1) as Answer;
    if (status !== last.status) return `status ${status} instead of ${last.status}`;
    if (refusesStream(answers, streams, method)) return 'a stream was sent twice';
    if (last.fault === 'bad' && got !== null) return 'what is bad was accepted';
    if (got === null) return '';
    const { payload } = last;
    if (last.fault === 'cut' && last.bytes.length >= last.bodyAt && last.toEnd) {
      if (!last.coded && Buffer.isBuffer(got))
        return payload.subarray(0, got.length).equals(got) ? '' : 'no prefix';
      return '';
    }
    const text = new TextDecoder().decode(payload);
    if (way === 'lines') {
      const lines = text
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => line.replace(/\r$/, ''))
        .join('\n');
      return lines === got ? '' : 'other lines';
    }
    if (typeof got === 'string') return got === text ? '' : 'another text';
    return got.equals(payload) ? '' : `other bytes: ${got.length} instead of ${payload.length}`;
  }

  #refuses({ answers, streams, method, late }: Asked, error: unknown): string {
    const last = answers.at(-1) as Answer;
    if (late > 0 && error instanceof Timeout) return '';
    const { code = '' } = error as { code?: string };
    const isLost = error instanceof HttpError && (code === 'ECONNRESET' || code === 'EPIPE');
    // What may not be sent twice fails when a server closes ahead of it.
    if (isLost && this.#faults && (streams || method === 'POST')) return '';
    if (refusesStream(answers, streams, method))
      return error instanceof RedirectRefused ? '' : `not refused: ${error}`;
    if (last.fault === 'cut') {
      if (isLost || error instanceof BodyIncomplete) return '';
      if (last.coded && code.startsWith('Z_')) return '';
    }
    if (last.fault === 'bad' && (error instanceof HttpProtocolError || isLost)) return '';
    return `${(error as Error).stack}`;
  }
}

function showAnswer({ status, payload, fault, early, keeps, rude, pieces, bytes, end }: Answer): string {
  const size = `${payload.length} (${bytes.length} in ${pieces.length})`;
  return ` -> ${status} ${size}${keeps ? '' : ' closes'}${rude ? ' rudely' : ''} ${fault} ${end} ${early} early`;
}

/** Reads in spite of being interrupted. */
function* interrupted<T>(read: Operation<T>): Green<T> {
  for (;;) {
    const first = yield* select({ read, pass: until(pass()) });
    if (first.key === 'read') return first.value as T;
  }
}

function pass(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A redirect would have to send the stream again. */
function refusesStream(answers: readonly Answer[], streams: boolean, method: string): boolean {
  if (!streams) return false;
  const [first] = answers.slice(0, -1);
  if (first === undefined) return false;
  const drops = first.status === 303 || (first.status <= 302 && method === 'POST');
  return !drops;
}

function makeBody(
  kind: (typeof BODIES)[number],
  bytes: Buffer,
  parts: readonly Buffer[],
): http.RequestBody | null {
  switch (kind) {
    case 'none':
      return null;
    case 'text':
      return bytes.toString();
    case 'bytes':
      return bytes;
    case 'iterable':
    case 'length':
      return parts;
    case 'async':
      return (async function* () {
        for (const part of parts) {
          await pass();
          yield part;
        }
      })();
    case 'readable':
      return Readable.from(
        parts.filter(({ length }) => length > 0),
        { objectMode: false },
      );
    case 'web':
      return new Blob([bytes]).stream();
    case 'blob':
      return new Blob([bytes]);
    case 'queue': {
      const queue = new Queue<Buffer>();
      for (const part of parts) queue.putNowait(part);
      void queue.shutdown();
      return queue.items();
    }
  }
}
