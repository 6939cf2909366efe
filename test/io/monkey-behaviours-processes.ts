/** `node:child_process`, `node:net` and `node:dns`. */
import childProcess, { type ChildProcess } from 'node:child_process';
import dns from 'node:dns';
import lookups from 'node:dns/promises';
import { once } from 'node:events';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { type Behaviours, type Kit, type Steps, thrown } from './monkey-behaviours.js';

const NODE = process.execPath;
const execFile = () => promisify(childProcess.execFile);
const exec = () => promisify(childProcess.exec);

export const processes: Behaviours = {
  *'exec gives what was printed, to its callback and by promisify'(kit) {
    const printed = yield* kit.wait(kit.called((cb) => childProcess.exec('echo out; echo err >&2', cb)));
    expect(printed).toEqual(['out\n', 'err\n']);
    const promise = exec()('echo out');
    expect(promise.child.pid).toBeGreaterThan(0);
    expect(yield* kit.wait(promise)).toEqual({ stdout: 'out\n', stderr: '' });
  },
  *'exec that fails has the code, the command and what was printed until then'(kit) {
    const error = yield* kit.fails(exec()('echo out; echo err >&2; exit 3'));
    expect(error).toMatchObject({
      code: 3,
      killed: false,
      signal: null,
      cmd: 'echo out; echo err >&2; exit 3',
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(error.message).toMatch(/^Command failed: echo out; echo err >&2; exit 3\n/);
  },
  *'execFile passes its arguments as they are, and knows a missing program'(kit) {
    const { stdout } = yield* kit.wait(execFile()(NODE, ['-p', 'process.argv[1]', 'a b "c" $d']));
    expect(stdout).toBe('a b "c" $d\n');
    expect(yield* kit.fails(execFile()(kit.path('none')))).toMatchObject({
      code: 'ENOENT',
      syscall: `spawn ${kit.path('none')}`,
      path: kit.path('none'),
    });
  },
  *'limits are kept: of what is printed, of time, and by a signal'(kit) {
    const much = execFile()(NODE, ['-e', 'console.log("x".repeat(100))'], { maxBuffer: 10 });
    expect(yield* kit.fails(much)).toMatchObject({
      code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER',
      stdout: 'xxxxxxxxxx',
    });
    const long = ['-e', 'setInterval(() => {}, 1e6)'];
    expect(yield* kit.fails(execFile()(NODE, long, { timeout: 1, killSignal: 'SIGKILL' }))).toMatchObject({
      killed: true,
      signal: 'SIGKILL',
    });
    const controller = new AbortController();
    const running = execFile()(NODE, long, { signal: controller.signal });
    controller.abort();
    expect(yield* kit.fails(running)).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
  },
  *'spawn tells of start, exit and close in this order, and its streams flow'(kit) {
    const child = childProcess.spawn('cat');
    const told: unknown[] = [];
    for (const event of ['spawn', 'exit', 'close']) {
      child.on(event, (...args) => told.push([event, ...args]));
    }
    const read = text(child.stdout);
    child.stdin.end('through');
    const closed = once(child, 'close');
    expect(yield* kit.wait(read)).toBe('through');
    expect(yield* kit.wait(closed)).toEqual([0, null]);
    expect(told).toEqual([['spawn'], ['exit', 0, null], ['close', 0, null]]);
  },
  *'spawn of nothing tells an error and no exit; a killed one tells the signal'(kit) {
    const none = childProcess.spawn(kit.path('none'));
    expect(none.pid).toBe(undefined);
    const [error] = yield* kit.wait(once(none, 'error'));
    expect(error).toMatchObject({ code: 'ENOENT', syscall: `spawn ${kit.path('none')}`, spawnargs: [] });
    const child: ChildProcess = childProcess.spawn('cat');
    const exit = once(child, 'exit');
    expect(child.kill('SIGKILL')).toBe(true);
    expect(yield* kit.wait(exit)).toEqual([null, 'SIGKILL']);
    expect([child.killed, child.signalCode, child.exitCode]).toEqual([true, 'SIGKILL', null]);
  },
  *'wrong arguments are thrown'() {
    for (const call of [
      () => childProcess.spawn(5 as never),
      () => childProcess.exec(5 as never),
      () => childProcess.execFile(null as never),
      () => childProcess.spawn('cat', [], { cwd: 5 as never }),
    ]) {
      expect(thrown(call)).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
  },
};

/** A server on loopback, with what it does to a connection. */
function* listening(kit: Kit, handle: (socket: net.Socket) => void, allowHalfOpen = false): Steps<number> {
  const server = net.createServer({ allowHalfOpen }, handle);
  kit.after(() => server.close());
  server.listen(0, '127.0.0.1');
  yield* kit.wait(once(server, 'listening'));
  return (server.address() as net.AddressInfo).port;
}

export const connections: Behaviours = {
  *'a connection echoes, and knows its ends and how much went through'(kit) {
    const port = yield* listening(kit, (socket) => socket.pipe(socket));
    const socket = net.connect(port, '127.0.0.1');
    expect(socket).toBeInstanceOf(net.Socket);
    yield* kit.wait(once(socket, 'connect'));
    expect([socket.remotePort, socket.remoteAddress, socket.remoteFamily]).toEqual([
      port,
      '127.0.0.1',
      'IPv4',
    ]);
    const read = text(socket);
    socket.end('hello');
    expect(yield* kit.wait(read)).toBe('hello');
    expect([socket.bytesRead, socket.bytesWritten]).toEqual([5, 5]);
  },
  *'a refused connection tells an error with address and port, then closes'(kit) {
    const gone = net.createServer().listen(0, '127.0.0.1');
    yield* kit.wait(once(gone, 'listening'));
    const { port } = gone.address() as net.AddressInfo;
    yield* kit.wait(kit.called((cb) => void gone.close(cb)));
    const socket = net.connect(port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const [error] = yield* kit.wait(once(socket, 'error'));
    expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port });
    expect(yield* kit.wait(closed)).toBe(true);
  },
  *'one side may end while the other goes on'(kit) {
    const port = yield* listening(
      kit,
      (socket) => {
        socket.resume().on('end', () => setImmediate(() => socket.end('after the end')));
      },
      true,
    );
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end('x');
    expect(yield* kit.wait(text(socket))).toBe('after the end');
    expect(socket.writableEnded).toBe(true);
  },
  *'a second server on the port is refused; close waits for the connections'(kit) {
    const port = yield* listening(kit, () => {});
    const second = net.createServer().listen(port, '127.0.0.1');
    const [error] = yield* kit.wait(once(second, 'error'));
    expect(error).toMatchObject({ code: 'EADDRINUSE', syscall: 'listen', port });
    const sockets: net.Socket[] = [];
    const server = net.createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    yield* kit.wait(once(server, 'listening'));
    const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1').resume();
    yield* kit.wait(once(server, 'connection'));
    let closed = false;
    server.close(() => {
      closed = true;
    });
    expect([server.listening, closed]).toEqual([false, false]);
    const over = once(server, 'close');
    sockets[0]?.end();
    yield* kit.wait(over);
    expect([closed, client.readableEnded]).toEqual([true, true]);
  },
  *'an idle socket tells its timeout and stays open; a destroyed one tells its error'(kit) {
    const port = yield* listening(kit, () => {});
    const socket = net.connect(port, '127.0.0.1');
    socket.setTimeout(5);
    yield* kit.wait(once(socket, 'timeout'));
    expect(socket.destroyed).toBe(false);
    const reason = new Error('enough');
    const failed = once(socket, 'error');
    socket.destroy(reason);
    expect(yield* kit.wait(failed)).toEqual([reason]);
    expect(yield* kit.fails(kit.called((cb) => socket.write('x', cb)))).toMatchObject({
      code: 'ERR_STREAM_DESTROYED',
    });
  },
};

export const names: Behaviours = {
  *'a lookup of an address gives it back, one or all'(kit) {
    expect(yield* kit.wait(lookups.lookup('127.0.0.1'))).toEqual({ address: '127.0.0.1', family: 4 });
    expect(yield* kit.wait(lookups.lookup('::1', { all: true }))).toEqual([{ address: '::1', family: 6 }]);
    const called = yield* kit.wait(kit.called((cb) => dns.lookup('127.0.0.1', cb)));
    expect(called).toEqual(['127.0.0.1', 4]);
    expect(yield* kit.wait(promisify(dns.lookup)('127.0.0.1'))).toEqual({ address: '127.0.0.1', family: 4 });
  },
  *'wrong arguments are thrown, also by the promised ones; what is no address rejects'(kit) {
    expect(yield* kit.fails(lookups.reverse('no address'))).toMatchObject({ code: 'EINVAL' });
    const code = (call: () => unknown) => (thrown(call) as NodeJS.ErrnoException).code;
    expect(code(() => lookups.lookup(5 as never))).toBe('ERR_INVALID_ARG_TYPE');
    expect(code(() => lookups.lookup('127.0.0.1', { family: 20 }))).toBe('ERR_INVALID_ARG_VALUE');
    expect(code(() => lookups.resolve(5 as never))).toBe('ERR_INVALID_ARG_TYPE');
    expect(code(() => lookups.resolve('a', 'NOPE'))).toBe('ERR_INVALID_ARG_VALUE');
    expect(code(() => (dns.lookup as unknown as (name: string) => void)('127.0.0.1'))).toBe(
      'ERR_INVALID_ARG_TYPE',
    );
  },
};
