/** run, checkOutput, Popen: child processes. */
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getcurrent, green, sleep, spawn, Timeout, until, wait, withTimeout } from 'greenlets';
import { subprocess } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';
import { atEnd, eventually, watchLeftovers } from '../support/leftovers.js';
import { thrownBy } from '../support/sockets.js';
import { children, gone } from './subprocess-support.js';

const hub = watchHub();
watchLeftovers();

const { run, checkOutput, Popen, CalledProcessError, TimeoutExpired } = subprocess;
const NODE = process.execPath;
const MEGABYTE = 'x'.repeat(1024 * 1024);
const PIPE = { stdin: 'pipe', stdout: 'pipe' } as const;

describe('run', () => {
  it(
    'gives the exit code, or the negative number of the signal',
    green(function* () {
      expect(yield* run(['true'])).toEqual({
        args: ['true'],
        returncode: 0,
        stdout: undefined,
        stderr: undefined,
      });
      expect((yield* run(['sh', '-c', 'exit 10'])).returncode).toBe(10);
      expect((yield* run(['sh', '-c', 'kill -TERM $$'])).returncode).toBe(-15);
      expect((yield* run('exit 3', { shell: true })).returncode).toBe(3);
      expect((yield* run('echo $0; exit 4', { shell: '/bin/sh', captureOutput: true })).stdout).toBe(
        '/bin/sh\n',
      );
    }),
  );

  it('may be awaited outside of greenlets', async () => {
    expect((await run(['echo', 'hi'], { captureOutput: true })).stdout).toBe('hi\n');
  });

  it(
    'takes what the child writes, text or bytes, and gives it input',
    green(function* () {
      const both = yield* run(['sh', '-c', 'echo out; echo err >&2'], { captureOutput: true });
      expect([both.stdout, both.stderr]).toEqual(['out\n', 'err\n']);
      expect((yield* run(['true'], { captureOutput: true })).stdout).toBe('');
      const bytes = yield* run(['cat'], {
        input: new Uint8Array([255, 0]),
        captureOutput: true,
        encoding: 'buffer',
      });
      expect([...bytes.stdout]).toEqual([255, 0]);
      expect((yield* run(['true'], { captureOutput: true, encoding: 'buffer' })).stdout).toEqual(
        Buffer.alloc(0),
      );
      expect((yield* run(['printf', '\\377'], { stdout: 'pipe', encoding: 'latin1' })).stdout).toBe('ÿ');
      expect((yield* run(['cat'], { input: 'häuser', stdout: 'pipe' })).stdout).toBe('häuser');
    }),
  );

  it(
    'moves a megabyte each way at once without a deadlock',
    green(function* () {
      const script = 'process.stdin.on("data", (d) => { process.stdout.write(d); process.stderr.write(d); })';
      const { stdout, stderr, returncode } = yield* run([NODE, '-e', script], {
        input: MEGABYTE,
        captureOutput: true,
      });
      expect([returncode, stdout === MEGABYTE, stderr === MEGABYTE]).toEqual([0, true, true]);
    }),
    20_000,
  );

  it(
    'does not mind a child that does not read its input',
    green(function* () {
      for (let i = 0; i < 5; i++) expect((yield* run(['true'], { input: MEGABYTE })).returncode).toBe(0);
    }),
  );

  it(
    'sends stderr where stdout goes, in the order in which it was written',
    green(function* () {
      const script = 'for i in 1 2 3; do echo o$i; echo e$i >&2; done';
      const together = 'o1\ne1\no2\ne2\no3\ne3\n';
      const options = { stdout: 'pipe', stderr: 'stdout' } as const;
      const done = yield* run(['sh', '-c', script], options);
      expect([done.stdout, done.stderr]).toEqual([together, undefined]);
      expect((yield* run(script, { ...options, shell: true })).stdout).toBe(together);
      expect((yield* thrownBy(() => run(['no-such-program'], options))).code).toBe('ENOENT');
      const args = yield* run(['printf', '%s|', 'a b', '$c', '"'], options);
      expect(args.stdout).toBe('a b|$c|"|');
    }),
  );

  it(
    'that gives what is no UTF-8 raises in the caller, and tells nobody else',
    green(function* () {
      const me = getcurrent();
      const error = yield* thrownBy(() => run(['printf', '\\377'], { captureOutput: true }));
      expect(error).toBeInstanceOf(TypeError);
      expect(getcurrent()).toBe(me);
    }),
  );

  it(
    'has the folder and the environment that it is given',
    green(function* () {
      const folder = realpathSync(mkdtempSync(join(tmpdir(), 'run-')));
      atEnd(() => rmSync(folder, { recursive: true }));
      expect(yield* checkOutput(['pwd'], { cwd: folder })).toBe(`${folder}\n`);
      const env = { PATH: process.env['PATH'], COLOR: 'red' };
      expect(yield* checkOutput('echo $COLOR$HOME', { env, shell: true })).toBe('red\n');
    }),
  );

  it(
    'with check throws an error that has code and output; so does checkOutput',
    green(function* () {
      const script = 'echo out; echo err >&2; exit 7';
      const error = yield* thrownBy(() => run(['sh', '-c', script], { captureOutput: true, check: true }));
      expect(error).toBeInstanceOf(CalledProcessError);
      expect(error).toMatchObject({
        name: 'CalledProcessError',
        returncode: 7,
        stdout: 'out\n',
        stderr: 'err\n',
      });
      expect(error.message).toBe(`sh -c ${script} ended with exit code 7`);
      const killed = yield* thrownBy(() => checkOutput(['sh', '-c', 'echo part; kill -9 $$']));
      expect(killed).toMatchObject({ returncode: -9, stdout: 'part\n' });
      expect(killed.message).toContain('signal 9');
      expect(yield* checkOutput(['echo', 'fine'])).toBe('fine\n');
    }),
  );

  it(
    'of a program that is not there throws ENOENT, once, with pipes and input as well',
    green(function* () {
      for (let i = 0; i < 7; i++) {
        const options = i % 2 ? { captureOutput: true, input: MEGABYTE } : {};
        const error = yield* thrownBy(() => run(['no-such-program'], options));
        expect([error.code, error.path]).toEqual(['ENOENT', 'no-such-program']);
      }
      expect((yield* thrownBy(() => run(['true'], { cwd: '/no/such/folder' }))).code).toBe('ENOENT');
      expect((yield* thrownBy(() => run(['/etc/passwd']))).code).toBe('EACCES');
    }),
  );

  it('refuses what is no command at the call of the child', () => {
    for (const args of [[], [5], null]) expect(() => new Popen(args as never)).toThrow(TypeError);
    expect(() => run(['true'], { timeout: -1 })).toThrow(RangeError);
  });

  it('refuses options that are none at the call, before there is a child', () => {
    const rows: [subprocess.RunOptions, string][] = [
      [{ input: 5 as never }, 'input must be a string or bytes, got 5 (number)'],
      [{ input: 'x', stdin: 'inherit' }, "stdin must be 'pipe' or left out where there is an input, got"],
      [
        { encoding: 'bogus' as never },
        `encoding must be an encoding such as 'latin1', or 'buffer', got "bogus"`,
      ],
      [{ captureOutput: 1 as never }, 'captureOutput must be a boolean, got 1'],
      [{ check: 'yes' as never }, 'check must be a boolean, got "yes"'],
      [
        { stdin: 'stdout' as never },
        "stdin must be 'pipe', 'inherit', 'ignore' or the number of a descriptor, got",
      ],
      [{ stderr: 'bogus' as never }, "'ignore', 'stdout' or the number of a descriptor, got \"bogus\""],
      [{ stdout: -1 }, 'the number of a descriptor, got -1 (number)'],
      [{ cwd: 5 as never }, 'cwd must be a path or a file URL, got 5'],
      [{ env: 'A=b' as never }, 'env must be an object such as { PATH: … }, got "A=b"'],
      [{ shell: 5 as never }, 'shell must be a boolean or the path of a shell, got 5'],
    ];
    for (const [options, message] of rows) {
      expect(() => run(['cat'], options)).toThrow(message);
      expect(() => checkOutput(['cat'], options)).toThrow(message);
    }
    for (const [options, message] of rows.slice(5))
      expect(() => new Popen(['cat'], options)).toThrow(message);
    expect(children()).toEqual([]);
  });

  it(
    'names the folder that is not there, and output that is not UTF-8',
    green(function* () {
      const lost = yield* thrownBy(() => run(['true'], { cwd: '/no/such/folder' }));
      expect(lost.code).toBe('ENOENT');
      expect(lost.message).toBe('spawn true ENOENT: there is no folder /no/such/folder (cwd)');
      expect((yield* thrownBy(() => run(['no-such-program'], { cwd: '/' }))).message).toBe(
        'spawn no-such-program ENOENT',
      );
      const bytes = ['printf', '\\377'];
      const error = yield* thrownBy(() => run(bytes, { captureOutput: true }));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.code).toBe('ERR_ENCODING_INVALID_ENCODED_DATA');
      expect(error.message).toBe(
        "stdout of printf \\377 is not UTF-8: for bytes write { encoding: 'buffer' }",
      );
      expect(yield* checkOutput(bytes, { encoding: 'buffer' })).toEqual(Buffer.from([255]));
      const none = new Popen(['no-such-program']);
      expect((yield* thrownBy(() => none.wait())).code).toBe('ENOENT');
      expect(String(none)).toBe("<Popen 'no-such-program' not started>");
    }),
  );
});

describe('a timeout of run', () => {
  it(
    'kills the whole group: grandchildren as well, also of a child that has ended; the error has what was written',
    green(function* () {
      const ends = ['wait', 'exit 0', 'exec cat /dev/zero >/dev/null'];
      const runs = ends.map((end) => {
        const script = `sleep 1000 & echo $!; printf '\\303' >&2; ${end}`;
        return spawn(() => thrownBy(() => run(['sh', '-c', script], { captureOutput: true, timeout: 1500 })));
      });
      for (const each of runs) {
        const error = yield* each.get();
        expect(error).toBeInstanceOf(TimeoutExpired);
        expect(error).toMatchObject({ name: 'TimeoutExpired', timeout: 1500, stderr: '\ufffd' });
        expect(error.stdout).toMatch(/^\d+\n$/);
        yield* gone(Number(error.stdout));
      }
      expect(children()).toEqual([]);
    }),
  );

  it(
    'of an outer frame is its own, and leaves no child either',
    green(function* () {
      const error = yield* thrownBy(() => withTimeout(50, () => run(['sleep', '1000'], { timeout: 10_000 })));
      expect(error).toBeInstanceOf(Timeout);
      expect(children()).toEqual([]);
    }),
  );
});

describe('Popen', () => {
  it(
    'is read and written as it runs',
    green(function* () {
      const child = new Popen(['cat'], PIPE);
      expect(String(child)).toBe(`<Popen 'cat' running as ${child.pid}>`);
      yield* child.stdin!.write('one\ntwo\n');
      expect(yield* child.stdout!.readLine()).toBe('one');
      expect([child.poll(), child.ready()]).toEqual([null, false]);
      yield* child.stdin!.end('three');
      expect(yield* child.stdout!.lines().toArray()).toEqual(['two', 'three']);
      expect(yield* child.wait()).toBe(0);
      expect([child.poll(), child.returncode, child.ready()]).toEqual([0, 0, true]);
      expect(String(child)).toBe("<Popen 'cat' ended with 0>");
      expect(yield* child.wait()).toBe(0);
    }),
  );

  it(
    'waits with a timeout: TimeoutExpired, and it goes on; kill, terminate and sendSignal end it',
    green(function* () {
      const ends: [(child: subprocess.Popen) => void, number][] = [
        [(child) => child.kill(), -9],
        [(child) => child.terminate(), -15],
        [(child) => child.sendSignal('SIGINT'), -2],
      ];
      for (const [end, code] of ends) {
        const child = new Popen(['sleep', '1000']);
        expect(yield* thrownBy(() => child.wait({ timeout: 0 }))).toBeInstanceOf(TimeoutExpired);
        expect(() => child.wait(5 as never)).toThrow('Popen.wait: options must be an object such as');
        expect(yield* thrownBy(() => child.wait({ timeout: 5 }))).toBeInstanceOf(TimeoutExpired);
        expect(child.ready()).toBe(false);
        const others = [spawn(() => child.wait()), spawn(() => child.wait({ timeout: 10_000 }))];
        yield* sleep(0);
        end(child);
        expect(yield* child.wait()).toBe(code);
        for (const other of others) expect(yield* other.get()).toBe(code);
        child.kill();
      }
      expect(children()).toEqual([]);
    }),
  );

  it(
    'can be waited for with others, and a missing one throws there',
    green(function* () {
      const child = new Popen(['sh', '-c', 'exit 11']);
      expect(yield* wait([child as never])).toEqual([child]);
      expect(child.poll()).toBe(11);
      const missing = new Popen(['no-such-program']);
      expect((yield* thrownBy(() => missing.wait())).code).toBe('ENOENT');
      expect((yield* thrownBy(() => missing.wait())).code).toBe('ENOENT');
    }),
  );

  it(
    'that cannot be started is told once when nobody waits',
    green(function* () {
      const missing = new Popen(['no-such-program'], PIPE);
      const told: unknown[] = [];
      yield* until(eventually('it is told', () => told.push(...hub.takeErrors()) > 0));
      yield* until(pass());
      expect(told).toMatchObject([{ code: 'ENOENT' }]);
      expect([missing.pid, missing.ready()]).toEqual([undefined, true]);
      missing.kill();
    }),
  );

  it(
    'whose output nobody reads is held up, and not kept in memory',
    green(function* () {
      const child = new Popen(['sh', '-c', 'yes | head -c 8000000; echo end >&2'], {
        stdout: 'pipe',
        stderr: 'pipe',
      });
      expect(yield* child.stdout!.readLine()).toBe('y');
      const rest = yield* child.stdout!.readExactly(7_999_998);
      expect(rest.length).toBe(7_999_998);
      expect(yield* child.stderr!.readLine()).toBe('end');
      expect(yield* child.wait()).toBe(0);
    }),
  );

  it(
    'communicates: is given its input and the end of that, and gives all that it writes once it has ended',
    green(function* () {
      const both = { ...PIPE, stderr: 'pipe' } as const;
      const child = new Popen(['sh', '-c', 'cat; echo err >&2; exit 5'], both);
      expect(yield* child.communicate('häuser')).toEqual({ stdout: 'häuser', stderr: 'err\n' });
      expect(child.returncode).toBe(5);
      expect(yield* child.communicate()).toEqual({ stdout: 'häuser', stderr: 'err\n' });
      const bytes = new Popen(['cat'], PIPE).communicate(Uint8Array.of(255), { encoding: 'buffer' });
      expect(yield* bytes).toEqual({ stdout: Buffer.of(255), stderr: undefined });
      const much = yield* new Popen(['cat'], PIPE).communicate(MEGABYTE);
      expect(much.stdout === MEGABYTE).toBe(true);
      expect(yield* new Popen(['true']).communicate()).toEqual({ stdout: undefined, stderr: undefined });
      const missing = new Popen(['no-such-program'], PIPE);
      expect((yield* thrownBy(() => missing.communicate('x'))).code).toBe('ENOENT');
    }),
  );

  it(
    'goes on when its communication is interrupted, and the next one has lost nothing',
    green(function* () {
      const folder = mkdtempSync(join(tmpdir(), 'greenlets-popen-'));
      atEnd(() => rmSync(folder, { recursive: true }));
      const script = 'cat; while [ ! -d "$0/go" ]; do sleep 0.01; done; echo two';
      const child = new Popen(['sh', '-c', script, folder], PIPE);
      const first = spawn(() => child.communicate('one\n'));
      yield* sleep(0);
      yield* first.kill();
      let error = yield* thrownBy(() => child.communicate(undefined, { timeout: 5 }));
      while ((error as subprocess.TimeoutExpired).stdout !== 'one\n') {
        expect(error).toBeInstanceOf(TimeoutExpired);
        error = yield* thrownBy(() => child.communicate(undefined, { timeout: 5 }));
      }
      expect(child.ready()).toBe(false);
      expect((yield* thrownBy(() => child.communicate('more'))).message).toMatch(
        /has been given, and is closed/,
      );
      mkdirSync(join(folder, 'go'));
      expect(yield* child.communicate()).toEqual({ stdout: 'one\ntwo\n', stderr: undefined });
    }),
  );

  it('refuses at the call an input that has no way to it, and wrong options', () => {
    const child = new Popen(['true']);
    expect(() => child.communicate('x')).toThrow(/input has no way to <Popen 'true' .*stdin: 'pipe'/);
    expect(() => child.communicate(5 as never)).toThrow('input must be a string or bytes, got 5');
    expect(() => child.communicate(undefined, { encoding: 'utf9' as never })).toThrow('encoding must be');
    expect(() => child.communicate(undefined, { timeout: -1 })).toThrow(RangeError);
  });
});

describe('a hundred runs', () => {
  it(
    'leave no file descriptor, no zombie and no listener',
    green(function* () {
      const open = () => readdirSync('/proc/self/fd').length;
      yield* run(['true'], { captureOutput: true, input: '' });
      yield* until(pass());
      const before = open();
      for (let i = 0; i < 20; i++) {
        const five = Array.from({ length: 5 }, () =>
          spawn(() => run(['cat'], { captureOutput: true, input: 'a' })),
        );
        for (const each of five) expect((yield* each.get()).stdout).toBe('a');
      }
      yield* until(eventually('descriptors are closed', () => open() <= before));
      expect(children()).toEqual([]);
    }),
    30_000,
  );
});
