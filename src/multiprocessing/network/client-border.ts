/** What a client sends to a manager, and takes from it. */
import { checkPacked, type Mark } from '../../io/workers/codec.js';
import { farRoot, isWithin } from '../router.js';
import { Cells, checkTypecode } from '../typecodes.js';
import {
  address,
  Border,
  CELLS,
  type Fields,
  fields,
  KINDS,
  nameOf,
  type Payload,
  refused,
  text,
  violation,
  whole,
} from './border.js';

export class ClientBorder extends Border {
  protected readonly sends = new Set(['call', 'cancel', 'write', 'attach']);
  protected readonly takes = new Set(['reply', 'write', 'gone']);

  /** What is far away uses nothing through this process. */
  protected tellsOf(home: string): boolean {
    return farRoot(home) === null;
  }

  protected answersFor(home: string): boolean {
    return !isWithin(home, this.names.far);
  }

  protected leaving(mark: Mark): Mark {
    if (!KINDS.has(mark.kind) && !CELLS.has(mark.kind)) throw refused(nameOf(mark));
    const { home } = fields(mark.data, mark.kind);
    if (isWithin(home as string, this.names.far)) return mark;
    throw refused(`${nameOf(mark)} that does not live there: make it with what Manager.connect() gives;`);
  }

  protected arriving({ kind, data }: Mark): Mark {
    const given = fields(data, kind);
    if (KINDS.has(kind)) {
      const { home, id } = address(given);
      return { kind, data: { home: this.farHome(home), id } };
    }
    if (!CELLS.has(kind)) throw violation(kind);
    const { code, buffer } = given;
    checkTypecode(code);
    if (!(buffer instanceof ArrayBuffer)) throw violation(kind);
    new Cells(code, buffer);
    const lock = address(fields(given['lock'], kind));
    return {
      kind,
      data: {
        key: this.memory(given['key']),
        home: this.farHome(given['home']),
        code,
        buffer,
        isReader: false,
        lock: { home: this.farHome(lock.home), id: lock.id },
      },
    };
  }

  protected memory(value: unknown): string {
    const key = this.key(value);
    if (!isWithin(key.split('#')[0] as string, this.names.far)) throw violation('a memory');
    return key;
  }

  protected override checked(topic: string, payload: Fields): Payload {
    if (topic !== 'reply') return super.checked(topic, payload);
    const { id, value, failure, lost } = payload;
    if (value !== undefined) checkPacked(value);
    if (failure !== undefined) checkPacked(failure);
    return {
      id: whole(id, 'a number'),
      value,
      failure,
      lost: lost === undefined ? undefined : text(lost, 'a name'),
    };
  }
}
