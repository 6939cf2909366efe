/**
 * What may pass between the processes at the two ends of a connection, and under which names.
 *
 * Each end has a family of processes of its own, with the same names (router.ts). What is far away has a home here as if it were a child of
 * this process, `far`; the other end has such a name for this one, `mine`. Messages keep the sender's names and are translated where they
 * arrive, after every part of them was looked at: they may say anything. A server answers for objects that the client has been given, and
 * for no others; functions, and objects that live at the client, do not pass.
 */
import { DataCloneError, type Mark } from '../../io/workers/codec.js';
import { ProcessError } from '../errors.js';
import { here, isWithin } from '../router.js';
import { mapMarks } from './marks.js';

/** The other end does not keep to the rules: the connection is closed. */
export function violation(what: string): ProcessError {
  return new ProcessError(`${what} is nothing that the other end may send`);
}

export type Fields = Readonly<Record<string, unknown>>;
export type Payload = Record<string, unknown>;

const HOME = /^m(\.(m|@?\d+))*$/;
const LONGEST = 200;

/** Shared objects that may be used from far away. */
export const KINDS: ReadonlySet<string> = new Set(
  'dict list Namespace Lock RLock Semaphore BoundedSemaphore Event Condition Barrier Queue JoinableQueue SimpleQueue'
    .split(' ')
    .map((kind) => `mp.${kind}`),
);
export const CELLS: ReadonlySet<string> = new Set(['mp.ValueCell', 'mp.SharedArray']);

export function text(value: unknown, what: string): string {
  if (typeof value !== 'string' || value.length > LONGEST) throw violation(what);
  return value;
}

export function whole(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw violation(what);
  return value as number;
}

export function fields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null) throw violation(what);
  return value as Fields;
}

/** The two names of a connection. */
export interface Names {
  /** What the other end is called here. */
  readonly far: string;
  /** What this process is called at the other end. */
  readonly mine: string;
  /** What the process at the other end is called there. */
  readonly there: string;
}

export function checkHome(value: unknown): string {
  if (!HOME.test(text(value, 'a name'))) throw violation('a name');
  return value as string;
}

export abstract class Border {
  protected readonly names: Names;

  constructor(names: Names) {
    this.names = names;
  }

  /** A name that the other end has used, as it is here. */
  protected home(value: unknown): string {
    const name = checkHome(value);
    const { far, mine, there } = this.names;
    if (name === mine) return here;
    if (name.startsWith(`${mine}.`)) return checkHome(name.slice(mine.length + 1));
    return name === there ? far : `${far}.${name}`;
  }

  /** The name of somebody at the other end. */
  protected farHome(value: unknown): string {
    const home = this.home(value);
    if (!isWithin(home, this.names.far)) throw violation('a name');
    return home;
  }

  /** The key of memory: the name of its home, and a number. */
  protected key(value: unknown): string {
    const [name, number = '', rest] = text(value, 'a memory').split('#');
    if (!/^@?\d+$/.test(number) || rest !== undefined) throw violation('a memory');
    return `${this.home(name)}#${number}`;
  }

  /** What is sent for `payload`; null: nothing. Errors: `DataCloneError`. */
  outgoing(topic: string, payload: Payload): Payload | null {
    if (topic === 'gone') return this.tellsOf(payload['home'] as string) ? payload : null;
    if (!this.sends.has(topic)) return null;
    return mapMarks(payload, (mark) => this.leaving(mark)) as Payload;
  }

  /** What has arrived, `bytes` long, as it is here. Errors: whatever goes wrong; then the connection is closed. */
  incoming(message: unknown, bytes: number): readonly [topic: string, payload: Payload] {
    if (!Array.isArray(message) || message.length !== 2) throw violation('a message');
    const topic = text(message[0], 'a topic');
    if (!this.takes.has(topic)) throw violation(`'${topic}'`);
    const payload = mapMarks(fields(message[1], 'a message'), (mark) => this.arriving(mark), bytes) as Fields;
    const to = topic === 'gone' ? '*' : this.home(payload['to']);
    if (topic !== 'gone' && !this.answersFor(to)) throw violation('a name');
    return [topic, { ...this.checked(topic, payload), from: this.farHome(payload['from']), to }];
  }

  protected abstract readonly sends: ReadonlySet<string>;
  protected abstract readonly takes: ReadonlySet<string>;

  /** The other end has to know that the process at `home` has gone. */
  protected abstract tellsOf(home: string): boolean;

  /** The other end may send something to the process at `home`. */
  protected abstract answersFor(home: string): boolean;

  protected abstract leaving(mark: Mark): Mark;
  protected abstract arriving(mark: Mark): Mark;

  /** The fields of a message, each looked at. */
  protected checked(topic: string, payload: Fields): Payload {
    switch (topic) {
      case 'gone': {
        const home = this.farHome(payload['home']);
        if (home === this.names.far) throw violation('a name');
        return { home, name: text(payload['name'], 'a name') };
      }
      case 'write':
        return {
          memory: this.memory(payload['memory']),
          writes: writesOf(payload),
          all: payload['all'] === true,
        };
      default:
        throw violation(`'${topic}'`);
    }
  }

  /** The key of memory that the other end may know of. */
  protected abstract memory(value: unknown): string;
}

export function writesOf({ writes, memory }: Fields): unknown {
  if (!Array.isArray(writes)) throw violation('what it writes');
  for (const each of writes) {
    if (!Array.isArray(each) || each.length !== 2) throw violation('what it writes');
    whole(each[0], 'an index');
    if (!['number', 'bigint', 'string'].includes(typeof each[1]))
      throw violation(`what it writes to ${memory}`);
  }
  return writes;
}

export function address({ home, id }: Fields): { readonly home: unknown; readonly id: number } {
  return { home, id: whole(id, 'a number') };
}

/** A function, or an object that must stay where it is. */
export function refused(what: string): DataCloneError {
  return new DataCloneError(`${what} cannot be sent over the network`);
}

export function nameOf({ kind, data }: Mark): string {
  if (kind !== 'ref') return `a ${kind.replace('mp.', '')}`;
  return `a function (${String((data as Fields)['name'])})`;
}
