import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import plugin, { recommended, rules } from 'greenlets/eslint';
import { describe, expect, it } from 'vitest';
import { lint, lintWithTypes, messagesOf } from './lint.js';

describe('the plugin', () => {
  it('has each rule in the recommended configuration', () => {
    expect(Object.keys(recommended.rules)).toEqual(Object.keys(rules).map((name) => `greenlets/${name}`));
    expect(plugin.configs.recommended).toBe(recommended);
  });

  it('says what to write', () => {
    expect(
      messagesOf(
        [
          "import { sleep } from 'greenlets';",
          'function* f() {',
          '  sleep(1);',
          '  f();',
          '  try { yield* sleep(1); } catch (e) {}',
          '}',
        ].join('\n'),
      ),
    ).toEqual([
      'sleep(…) is an operation that is never run: write yield* in front of it (outside of greenlets, await).',
      'f(…) only makes a generator, and nothing of it runs: write yield* f(…), or spawn(f, …).',
      'This catch also catches the kill of the greenlet: begin it with rethrowExit(e), or use attempt() instead of try.',
    ]);
  });
});

describe('no-floating-operation', () => {
  it('finds functions that were imported, under any name, and methods of what was made here', () => {
    const code = `import { Queue, sleep as pause, joinall, spawn } from 'greenlets';
      const queue = new Queue();
      function* f() {
        pause(1);
        queue.put(1);
        const g = spawn(f);
        g.join();
        joinall([g]);
        yield queue.get();
      }`;
    expect(lint(code)).toEqual([4, 5, 7, 8, 9].map((line) => `${line} no-floating-operation`));
  });

  it('finds them behind ?. && and ?:, in whole doors, and in the modules of io', () => {
    const code = `import * as g from 'greenlets';
      import { Queue, sleep } from 'greenlets';
      import { fs, http, net as sockets } from 'greenlets/io';
      const queue = new Queue();
      function* f(on) {
        queue?.put(1);
        on && sleep(1);
        on ? sleep(1) : on;
        on(), sleep(1);
        g.sleep(1);
        fs.writeFile('a', 'b');
        http.get('http://a/');
        sockets.connect(1);
        on && (yield* sleep(1));
        g.spawn(f);
        fs.watch('a');
        sleep(1) && on;
      }`;
    expect(lint(code)).toEqual([6, 7, 8, 9, 10, 11, 12, 13].map((line) => `${line} no-floating-operation`));
  });

  it('finds the methods of what a field of the class holds, and names it', () => {
    const code = `import { Lock, Queue, spawn } from 'greenlets';
      export class Worker {
        queue = new Queue();
        #lock = new Lock();
        other = this.other;
        constructor(given) {
          this.given = given;
          this.worker = spawn(this.run);
        }
        *run() {
          this.queue.put(1);
          this.#lock.acquire();
          this.worker.join();
          yield* this.queue.put(1);
          this.given.put(1);
          this.other.put(1);
          this.queue.putNowait(1);
          this.worker.kill();
        }
      }
      export const literal = { queue: 1, run() { this.queue.put(1); } };`;
    expect(lint(code)).toEqual([11, 12, 13].map((line) => `${line} no-floating-operation`));
    expect(messagesOf(code).map((message) => message.split('(')[0])).toEqual([
      'this.queue.put',
      'this.#lock.acquire',
      'this.worker.join',
    ]);
  });

  it('leaves alone what is run, kept, passed on or a request, and what is not of the package', () => {
    const code = `import { Queue, sleep, spawn, killall, greenlet } from 'greenlets';
      import { wait } from 'elsewhere';
      const queue = new Queue();
      const gr = new greenlet(() => {});
      gr.switch();
      function* f() {
        yield* sleep(1);
        const op = queue.get();
        const g = spawn(() => sleep(1));
        g.kill();
        killall([g]);
        queue.putNowait(1);
        void sleep(1);
        wait(1);
        yield* op;
      }
      await sleep(1);`;
    expect(lint(code)).toEqual([]);
  });

  it('goes by the types where there are any', () => {
    const code = `import { type Queue, type Operation, hub, greenlet, type Greenlet } from 'greenlets';
      import type { Event, Lock, Value } from 'greenlets/multiprocessing';
      declare const jobs: { readonly queue: Queue<number>; load(): Operation<string>; g: Greenlet<void> };
      declare const other: greenlet;
      declare const shared: { flag: Event; lock: Lock; value: Value };
      declare namespace editor { interface Operation { readonly at: number; } }
      declare function apply(): editor.Operation;
      export function* f() {
        jobs.queue.put(1);
        jobs.load();
        other.switch();
        jobs.g.kill();
        jobs.queue.putNowait(1);
        hub.stats();
        apply();
        shared.flag.set();
        shared.lock.release();
        shared.value.set(1);
        yield* jobs.load();
      }`;
    expect(lintWithTypes(code)).toEqual([9, 10, 11, 18].map((line) => `${line} no-floating-operation`));
  });
});

describe('no-uncalled-body', () => {
  it('finds generators that are made and dropped, awaited, or yielded without the star', () => {
    const code = `function* body() {}
      const other = function* () {};
      async function f() { body(); await body(); }
      function* g() { yield body(); other(); }`;
    expect(lint(code)).toEqual([3, 3, 4, 4].map((line) => `${line} no-uncalled-body`));
  });

  it('finds methods of the class around, and those that are called on a condition', () => {
    const code = `function* body() {}
      class Worker {
        *step() {}
        *#inner() {}
        plain() {}
        *run(on) {
          this.step();
          this.#inner();
          on && body();
          body?.();
          this.plain();
          yield* this.step();
          on.step();
        }
      }`;
    expect(lint(code)).toEqual([7, 8, 9, 10].map((line) => `${line} no-uncalled-body`));
  });

  it('leaves alone what is run or passed on, async generators, and plain functions', () => {
    const code = `import { spawn } from 'greenlets';
      function* body() {}
      async function* stream() {}
      function plain() {}
      function* g() { yield* body(); const it = body(); spawn(body); spawn(() => body()); yield* it; plain(); stream(); }`;
    expect(lint(code)).toEqual([]);
  });

  it('goes by the types where there are any', () => {
    const code = `import type { Green } from 'greenlets';
      declare function body(): Green<void>;
      declare function plain(): void;
      declare const worker: { step(): Green<void> };
      export function* g() { body(); plain(); yield* body(); }
      export function* h() { worker.step(); yield* worker.step(); }`;
    expect(lintWithTypes(code)).toEqual(['5 no-uncalled-body', '6 no-uncalled-body']);
  });
});

describe('rethrow-exit', () => {
  it('finds a catch around a suspension that lets no exit pass', () => {
    const code = `function* f(op) {
        try { yield* op; } catch {}
        try { yield* op; } catch (e) { console.log(e); }
        try { yield* op; } catch (e) { throw new Error('lost'); }
        try { if (op) { yield* op; } } catch ({ message }) {}
      }`;
    expect(lint(code)).toEqual([2, 3, 4, 5].map((line) => `${line} rethrow-exit`));
  });

  it('leaves alone those that let it pass, and those around no suspension of this greenlet', () => {
    const code = `import { isExit, rethrowExit, rethrowExit as pass } from 'greenlets';
      async function* stream(op) { try { yield* op; } catch {} }
      function* f(op) {
        try { yield* op; } catch (e) { pass(e); }
        try { yield* op; } catch (e) { rethrowExit(e); }
        try { yield* op; } catch (e) { if (isExit(e)) return; }
        try { yield* op; } catch (e) { if (op) throw e; }
        try { yield* op; } catch (e) { throw new Error('failed', { cause: e }); }
        try { JSON.parse(op); } catch {}
        try { op(function* () { yield* op; }); } catch {}
        try { yield* op; } finally { op.close(); }
      }
      function plain(op) { try { op(); } catch {} }`;
    expect(lint(code)).toEqual([]);
  });
});

describe('no-generator-closure-in-loop', () => {
  it('finds generator functions that are made anew each time', () => {
    const code = `import { spawn } from 'greenlets';
      for (const x of [1]) spawn(function* () {});
      while (true) { spawn(function* () {}); break; }
      [1].map((x) => spawn(function* () {}));
      Array.from([1], (x) => spawn(function* () {}));`;
    expect(lint(code)).toEqual([2, 3, 4, 5].map((line) => `${line} no-generator-closure-in-loop`));
  });

  it('leaves alone those that are made once', () => {
    const code = `import { spawn } from 'greenlets';
      spawn(function* () { for (;;) {} });
      for (const each of [function* () {}]) spawn(each);
      for (const x of [1]) spawn(() => x);
      const once = () => spawn(function* () {});
      once();`;
    expect(lint(code)).toEqual([]);
  });
});

describe('the recommended configuration', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const pages = readdirSync(`${root}docs`).filter((name) => name.endsWith('.md'));

  it.each(['README.md', ...pages.map((name) => `docs/${name}`)])('finds nothing wrong in %s', (page) => {
    const blocks = readFileSync(root + page, 'utf8').matchAll(/^```ts\n(.*?)^```/gms);
    expect([...blocks].map(([, code = '']) => lint(code)).filter((found) => found.length > 0)).toEqual([]);
  });
});
