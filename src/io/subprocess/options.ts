/** The options of a child; what is wrong with them is told at the call. */
import { Buffer } from 'node:buffer';
import { checkOptions, checkType, isRecord, mismatch } from '../../runtime/check.js';

/** `'pipe'`: to be read and written here; `'inherit'`: this process's own; `'ignore'`: none; `'stdout'`: for stderr, together with it. */
export type Redirect = 'pipe' | 'inherit' | 'ignore' | number;

export interface PopenOptions {
  /** 'ignore' unless given. */
  readonly stdin?: Redirect | undefined;
  /** 'inherit' unless given. */
  readonly stdout?: Redirect | undefined;
  readonly stderr?: Redirect | 'stdout' | undefined;
  readonly cwd?: string | URL | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Runs it by the shell; `args` may then be a line of it. */
  readonly shell?: boolean | string | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** Of what a child writes: 'utf8' unless given; 'buffer': as bytes. */
export type Encoding = BufferEncoding | 'buffer' | undefined;

/** What a child reads. */
export type Input = string | Uint8Array | undefined;

export interface RunOptions extends PopenOptions {
  /** What the child reads, by a pipe. */
  readonly input?: Input;
  /** Takes what it writes; else that goes where this process writes. */
  readonly captureOutput?: boolean | undefined;
  /** ms; then it is killed, with all that it has started: `TimeoutExpired`. */
  readonly timeout?: number | undefined;
  /** An exit code other than 0 is a `CalledProcessError`. */
  readonly check?: boolean | undefined;
  /** Of what it writes: 'utf8' unless given; 'buffer': as bytes. */
  readonly encoding?: Encoding;
}

export interface CommunicateOptions {
  /** ms; then `TimeoutExpired`: the child goes on, and the next call loses nothing of what it wrote. */
  readonly timeout?: number | undefined;
  /** Of what it writes: 'utf8' unless given; 'buffer': as bytes. */
  readonly encoding?: Encoding;
}

const REDIRECTS: readonly unknown[] = ['pipe', 'inherit', 'ignore'];
const NAMED = REDIRECTS.map((each) => `'${each}'`).join(', ');

/** A stream of the host is for the host to judge. */
function checkRedirect(name: 'stdin' | 'stdout' | 'stderr', value: unknown): void {
  if (value === undefined || REDIRECTS.includes(value) || isRecord(value)) return;
  if (name === 'stderr' && value === 'stdout') return;
  if (Number.isInteger(value) && (value as number) >= 0) return;
  const more = name === 'stderr' ? `, 'stdout'` : '';
  throw mismatch(name, `${NAMED}${more} or the number of a descriptor`, value);
}

/** Errors: `TypeError`. */
export function checkPopen(options: PopenOptions, where = 'Popen', example = "{ stdout: 'pipe' }"): void {
  checkOptions(options, where, example);
  const { cwd, env, shell } = options;
  for (const name of ['stdin', 'stdout', 'stderr'] as const) checkRedirect(name, options[name]);
  if (cwd !== undefined && typeof cwd !== 'string' && !(cwd instanceof URL)) {
    throw mismatch('cwd', 'a path or a file URL', cwd);
  }
  if (env !== undefined && !isRecord(env)) throw mismatch('env', 'an object such as { PATH: … }', env);
  if (shell !== undefined && typeof shell !== 'boolean' && typeof shell !== 'string') {
    throw mismatch('shell', 'a boolean or the path of a shell', shell);
  }
}

/** Errors: `TypeError`, and `RangeError` for a `timeout`. */
export function checkRun(options: RunOptions, where: string, example: string): void {
  checkPopen(options, where, example);
  const { input, stdin, encoding, captureOutput, check } = options;
  checkInput(input);
  if (input !== undefined && stdin !== undefined && stdin !== 'pipe') {
    throw mismatch('stdin', "'pipe' or left out where there is an input", stdin);
  }
  checkEncoding(encoding);
  if (captureOutput !== undefined) checkType(captureOutput, 'captureOutput', 'boolean');
  if (check !== undefined) checkType(check, 'check', 'boolean');
}

/** Errors: `TypeError`. */
export function checkInput(input: unknown): void {
  if (input !== undefined && typeof input !== 'string' && !(input instanceof Uint8Array)) {
    throw mismatch('input', 'a string or bytes', input);
  }
}

/** Errors: `TypeError`. */
export function checkEncoding(encoding: unknown): void {
  if (encoding !== undefined && encoding !== 'buffer' && !Buffer.isEncoding(encoding as string)) {
    throw mismatch('encoding', "an encoding such as 'latin1', or 'buffer'", encoding);
  }
}
