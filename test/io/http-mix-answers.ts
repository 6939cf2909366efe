/** Answers of all kinds, as bytes: how each is framed, coded, cut and spoiled, and what may be read of it. */
import { Buffer } from 'node:buffer';
import zlib from 'node:zlib';
import type { Dice } from './http-mix-dice.js';

export interface Answer {
  readonly status: number;
  /** What is read of it when nothing is wrong. */
  readonly payload: Buffer;
  /** From the first status line on. */
  readonly bytes: Buffer;
  /** Of `bytes`, where the body begins. */
  readonly bodyAt: number;
  readonly coded: boolean;
  /** The end of the connection is the end of the body. */
  readonly toEnd: boolean;
  readonly fault: 'none' | 'cut' | 'bad' | 'behind';
  /** The connection is kept, as the answer says; `rude`: though it says so, it is not. */
  readonly keeps: boolean;
  readonly rude: boolean;
  /** How the connection of a faulty answer ends. */
  readonly end: 'end' | 'destroy' | 'resetAndDestroy';
  /** It is given ahead of the body of its request, which is then taken, or left. */
  readonly early: 'no' | 'takes' | 'leaves';
  /** `bytes` as they are written, and the passes after each. */
  readonly pieces: readonly Buffer[];
  readonly passes: number;
}

const CODINGS = {
  gzip: (bytes: Buffer) => zlib.gzipSync(bytes, { level: 1 }),
  deflate: (bytes: Buffer) => zlib.deflateSync(bytes, { level: 1 }),
  raw: (bytes: Buffer) => zlib.deflateRawSync(bytes, { level: 1 }),
  br: (bytes: Buffer) =>
    zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } }),
};
const SETS: readonly (readonly (keyof typeof CODINGS)[])[] = [
  ['gzip'],
  ['deflate'],
  ['raw'],
  ['br'],
  ['gzip', 'br'],
  ['deflate', 'gzip'],
];
const INFORMATION = [
  'HTTP/1.1 102 Processing\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
];
const BAD_HEADS = [
  'nonsense\r\n\r\n',
  'HTTP/1.1 2x0 OK\r\n\r\n',
  'HTTP/1.1 200 OK\r\nno header\r\n\r\n',
  '\x16\x03\x01\x02\0',
];

/** What is sent to a request with or without HEAD; with `location`, a redirect; with `faults`, perhaps a faulty one. */
export function makeAnswer(dice: Dice, isHead: boolean, location: string | null, faults: boolean): Answer {
  const status =
    location === null ? dice.pick([200, 200, 200, 200, 404, 204, 304]) : dice.pick([301, 302, 303, 307, 308]);
  const bodyless = isHead || status === 204 || status === 304;
  const payload = bodyless ? Buffer.alloc(0) : makePayload(dice, location !== null);
  const codings = dice.chance(0.5) ? [] : dice.pick(SETS);
  const packed = bodyless ? payload : codings.reduce((bytes, coding) => CODINGS[coding](bytes), payload);
  const minor = dice.chance(0.1) ? 0 : 1;
  const framing = dice.pick(minor === 0 ? ['length', 'end'] : ['length', 'chunked', 'chunked', 'end']);
  let fault = faults
    ? dice.pick(['none', 'none', 'cut', 'bad head', 'bad chunk', 'behind'] as const)
    : 'none';
  if (fault === 'bad chunk' && (bodyless || framing !== 'chunked')) fault = 'none';
  if (fault === 'behind' && packed.length > 5000) fault = 'none';
  if (fault === 'behind' && framing === 'end' && !bodyless) fault = 'none';

  const toEnd = framing === 'end' && !bodyless;
  const says = framing === 'end' && bodyless ? 'close' : dice.pick(['', '', '', 'close', 'keep-alive']);
  let head = Array.from({ length: dice.pick([0, 0, 0, 1, 3]) }, () => dice.pick(INFORMATION)).join('');
  head += `HTTP/1.${minor} ${status} Whatever\r\n`;
  if (says !== '') head += `Connection: ${says}\r\n`;
  if (dice.chance(0.1)) head += 'Keep-Alive: timeout=5\r\n';
  if (location !== null) head += `Location: ${location}\r\n`;
  if (codings.length > 0) {
    head += `Content-Encoding: ${codings.map((name) => (name === 'raw' ? 'deflate' : name)).join(', ')}\r\n`;
  }
  if (framing === 'chunked' && (!bodyless || isHead)) head += 'Transfer-Encoding: chunked\r\n';
  if (framing === 'length' && status !== 204) {
    head += `Content-Length: ${bodyless ? dice.below(1e6) : packed.length}\r\n`;
  }
  head += `X-Long: ${'y'.repeat(dice.pick([1, 1, 1000, 10_000]))}\r\n\r\n`;
  if (fault === 'bad head') head = dice.pick(BAD_HEADS);
  let body = packed;
  if (bodyless || fault === 'bad head') body = Buffer.alloc(0);
  else if (framing === 'chunked') body = chunked(dice, packed, fault === 'bad chunk');
  let bytes = Buffer.concat([Buffer.from(head), body, Buffer.from(fault === 'behind' ? 'and more' : '')]);
  if (fault === 'cut') bytes = bytes.subarray(0, dice.below((dice.chance(0.3) ? head : bytes).length + 1));
  const keeps = fault === 'none' && !toEnd && (minor === 1 ? says !== 'close' : says === 'keep-alive');
  return {
    status,
    payload,
    bytes,
    bodyAt: head.length,
    coded: codings.length > 0,
    toEnd,
    fault: fault === 'bad head' || fault === 'bad chunk' ? 'bad' : fault,
    keeps,
    rude: keeps && faults && dice.chance(0.3),
    end: dice.pick(['end', 'end', 'destroy', 'resetAndDestroy']),
    early: dice.pick(['no', 'no', 'no', 'no', 'takes', keeps && !faults ? 'no' : 'leaves']),
    // What is behind must come with what it is behind.
    pieces: dice.cut(bytes, fault === 'behind' ? 1 : dice.pick([1, 1, 2, 5, 30])),
    passes: dice.pick([0, 1, 1, 3]),
  };
}

function makePayload(dice: Dice, small: boolean): Buffer {
  const sizes = [0, dice.from(1, 200), dice.from(1000, 20_000), dice.from(50_000, 300_000)];
  const size = dice.pick(small ? sizes.slice(0, 3) : sizes);
  return dice.chance(0.7) ? dice.text(size) : dice.bytes(size);
}

function chunked(dice: Dice, bytes: Buffer, bad: boolean): Buffer {
  const pieces = dice.cut(bytes, dice.pick([1, 3, 40])).filter(({ length }) => length > 0);
  const spoiled = bad ? dice.below(pieces.length + 1) : -1;
  const parts = pieces.map((piece, i) => {
    const size = `${dice.pick(['', '', '00'])}${piece.length.toString(16)}${dice.pick(['', '', ';name="value"'])}`;
    return Buffer.concat([Buffer.from(`${i === spoiled ? 'zz' : size}\r\n`), piece, Buffer.from('\r\n')]);
  });
  const last = `${spoiled === pieces.length ? 'zz' : '0'}\r\n${dice.pick(['', '', 'X-Trailer: 1\r\n'])}\r\n`;
  return Buffer.concat([...parts, Buffer.from(last)]);
}
