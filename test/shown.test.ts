/** What `console.log` shows of the package's objects: the line that their `toString` gives, and of errors nothing internal. */
import { inspect } from 'node:util';
import * as greenlets from 'greenlets';
import { green, Lock, Queue, sleep, spawn, Timeout, withTimeout } from 'greenlets';
import * as io from 'greenlets/io';
import * as multiprocessing from 'greenlets/multiprocessing';
import * as threading from 'greenlets/threading';
import { describe, expect, it } from 'vitest';
import { watchHub } from './support/hub-watch.js';
import { thrownBy } from './support/sockets.js';

watchHub();

const SHOWN = Symbol.for('nodejs.util.inspect.custom');

/** The classes that a module exports, also in its namespaces, by their names. */
function classesOf(exports: object, within = ''): [string, { readonly prototype: object }][] {
  return Object.entries(exports).flatMap(([name, value]): [string, { readonly prototype: object }][] => {
    if (typeof value === 'function') return value.prototype === undefined ? [] : [[within + name, value]];
    const isNamespace = value !== null && typeof value === 'object' && Symbol.toStringTag in value;
    return isNamespace && value[Symbol.toStringTag] === 'Module' ? classesOf(value, `${within}${name}.`) : [];
  });
}

describe('console.log', () => {
  it.each(Object.entries({ greenlets, io, multiprocessing, threading }))(
    'shows every object of %s that has a toString by that',
    (_, module) => {
      const own = classesOf(module).filter(
        ([, { prototype }]) =>
          prototype.toString !== Object.prototype.toString && !(prototype instanceof Error),
      );
      expect(own.length).toBeGreaterThan(3);
      expect(own.filter(([, { prototype }]) => !(SHOWN in prototype)).map(([name]) => name)).toEqual([]);
    },
  );

  it(
    'shows greenlets, locks and operations by a line each, also within other objects',
    green(function* () {
      const worker = spawn({ name: 'worker' }, () => sleep(1000));
      yield* sleep(0);
      const lock = new Lock({ name: 'door' });
      expect(inspect([worker, lock])).toBe(`[ ${worker}, <Lock 'door' free> ]`);
      expect(String(worker)).toMatch(/^<Greenlet 'worker'/);
      expect(inspect(lock.acquire())).toBe("<Operation Lock.acquire of <Lock 'door' free>>");
      expect(`${sleep(5)}`).toBe('<Operation sleep of 5 ms>');
      yield* worker.kill();
    }),
  );

  it(
    'shows of the errors of waits their code, and nothing that is not meant for users',
    green(function* () {
      const empty = yield* thrownBy(() => new Queue().get({ timeout: 0 }));
      const late = yield* thrownBy(() => withTimeout(1, sleep, 1000));
      for (const error of [empty, late, new Timeout(5)]) {
        expect(inspect(error)).toContain('code:');
        expect(inspect(error)).not.toMatch(/\b_\w+:/);
      }
      expect(JSON.parse(JSON.stringify(late))).toEqual({ code: 'TIMEOUT', ms: 1 });
    }),
  );
});
