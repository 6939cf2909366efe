/** Options are checked at the call, by every function that takes some: a new one needs a row here. */
import dgram from 'node:dgram';
import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import * as main from '../src/index.js';
import * as inspect from '../src/inspect/index.js';
import * as io from '../src/io/index.js';
import * as monkey from '../src/io/monkey/index.js';
import * as mp from '../src/multiprocessing/index.js';
import * as testing from '../src/testing/index.js';
import * as threading from '../src/threading/index.js';
import { functionsWithOptions } from './support/functions-with-options.js';

// A first import of an entry compiles all that is below it.
vi.setConfig({ testTimeout: 60_000 });

type Wrong = any;
type Call = (options: Wrong) => unknown;

const nothing = (): void => {};
const unstarted = (): main.Greenlet => new main.Greenlet(nothing);
const bytes = (): io.net.Socket => new io.net.Socket(new Socket());
const udp = (options: Wrong): void => {
  using socket = new io.udp.UdpSocket(dgram.createSocket('udp4'));
  void socket.receive(options);
};
const pool = new threading.ThreadPool(1);
const work = mp.ref(import.meta.url, 'work') as Wrong;

const ROWS: Readonly<Record<string, Call>> = {
  // The platform takes null.
  'main:fetch': (o) => main.fetch('http://localhost/', o ?? 5),
  'main:green': (o) => main.green(nothing, o),
  'main:joinall': (o) => main.joinall([], o),
  'main:kill': (o) => main.kill(unstarted(), o),
  'main:killall': (o) => main.killall([unstarted()], o),
  'main:Greenlet.get': (o) => unstarted().get(o),
  'main:Greenlet.join': (o) => unstarted().join(o),
  'main:Greenlet.kill': (o) => unstarted().kill(o),
  'main:select': (o) => main.select({ a: main.sleep(1) }, o),
  'main:sleep': (o) => main.sleep(1, o),
  'main:until': (o) => main.until(Promise.resolve(), o),
  'main:iwait': (o) => main.iwait([], o),
  'main:wait': (o) => main.wait([], o),
  'main:AsyncResult': (o) => new main.AsyncResult(o),
  'main:AsyncResult.get': (o) => new main.AsyncResult().get(o),
  'main:AsyncResult.wait': (o) => new main.AsyncResult().wait(o),
  'main:Barrier': (o) => new main.Barrier(1, null, o),
  'main:Barrier.wait': (o) => new main.Barrier(1).wait(o),
  'main:BoundedSemaphore': (o) => new main.BoundedSemaphore(1, o),
  'main:BoundedSemaphore.acquire': (o) => new main.BoundedSemaphore(1).acquire(o),
  'main:BoundedSemaphore.hold': (o) => new main.BoundedSemaphore(1).hold(o),
  'main:Channel': (o) => new main.Channel(o),
  'main:Channel.put': (o) => new main.Channel().put(1, o),
  'main:Channel.get': (o) => new main.Channel().get(o),
  'main:Channel.peek': (o) => new main.Channel().peek(o),
  'main:Channel.join': (o) => new main.Channel().join(o),
  'main:Channel.shutdown': (o) => new main.Channel().shutdown(o),
  'main:Condition': (o) => new main.Condition(new main.Lock(), o),
  'main:Condition.acquire': (o) => new main.Condition().acquire(o),
  'main:Condition.hold': (o) => new main.Condition().hold(o),
  'main:Condition.wait': (o) => new main.Condition().wait(o),
  'main:Condition.waitFor': (o) => new main.Condition().waitFor(() => true, o),
  'main:Event': (o) => new main.Event(o),
  'main:Event.wait': (o) => new main.Event().wait(o),
  'main:every': (o) => main.every(1, nothing, o),
  'main:Group': (o) => new main.Group([], o),
  'main:Group.waitAvailable': (o) => new main.Group().waitAvailable(o),
  'main:Group.join': (o) => new main.Group().join(o),
  'main:Group.kill': (o) => new main.Group().kill(o),
  'main:Group.killone': (o) => new main.Group().killone(unstarted(), o),
  'main:Group.apply': (o) => new main.Group().apply(nothing, [], o),
  'main:Group.applyAsync': (o) => new main.Group().applyAsync(nothing, [], o),
  'main:Group.map': (o) => new main.Group().map(nothing, [], o),
  'main:Group.starmap': (o) => new main.Group().starmap(nothing, [], o),
  'main:Group.imap': (o) => new main.Group().imap(nothing, [], o),
  'main:Group.imapUnordered': (o) => new main.Group().imapUnordered(nothing, [], o),
  'main:Pool': (o) => new main.Pool(1, o),
  'main:Pool.add': (o) => new main.Pool(1).add(unstarted(), o),
  'main:Pool.start': (o) => new main.Pool(1).start(unstarted(), o),
  'main:Pool.waitAvailable': (o) => new main.Pool(1).waitAvailable(o),
  'main:PriorityQueue': (o) => new main.PriorityQueue(undefined, o),
  'main:Queue': (o) => new main.Queue(1, o),
  'main:RateLimit': (o) => new main.RateLimit(o),
  'main:RateLimit.take': (o) => new main.RateLimit({ rate: 1 }).take(1, o),
  'main:retry': (o) => main.retry(nothing, o),
  'main:RWLock': (o) => new main.RWLock(o),
  'main:Semaphore': (o) => new main.Semaphore(1, o),
  'main:supervise': (o) => main.supervise(nothing, o),
  'io:dns.Resolver': (o) => new io.dns.Resolver(o),
  'io:fs.FileHandle.readLines': (o) => io.fs.FileHandle.prototype.readLines.call({}, o),
  'io:fs.readLines': (o) => io.fs.readLines('none', o),
  'io:fs.walk': (o) => io.fs.walk('none', o),
  'io:http.Agent': (o) => new io.http.Agent(o),
  'io:http.get': (o) => io.http.get('http://localhost/', o),
  'io:http.request': (o) => io.http.request('http://localhost/', o),
  'io:http.HttpServer': (o) => new io.http.HttpServer(nothing as Wrong, o),
  'io:http.HttpServer.stop': (o) => new io.http.HttpServer(nothing as Wrong, {}).stop(o),
  'io:http.serve': (o) => io.http.serve(nothing as Wrong, o),
  'io:net.Socket.write': (o) => bytes().write('text', o),
  'io:net.Socket.read': (o) => bytes().read(1, o),
  'io:net.Socket.readExactly': (o) => bytes().readExactly(1, o),
  'io:net.Socket.readLine': (o) => bytes().readLine(o),
  'io:net.Socket.readUntil': (o) => bytes().readUntil('\n', o),
  'io:net.Socket.lines': (o) => bytes().lines(o),
  'io:net.StreamServer': (o) => new io.net.StreamServer(0, nothing, o),
  'io:net.StreamServer.stop': (o) => new io.net.StreamServer(0, nothing).stop(o),
  'io:net.StreamServer.serveForever': (o) => new io.net.StreamServer(0, nothing).serveForever(o),
  'io:stream.StreamWriter.write': (o) => new io.stream.StreamWriter(new PassThrough()).write('text', o),
  'io:subprocess.Popen': (o) => new io.subprocess.Popen(['none'], o),
  'io:subprocess.checkOutput': (o) => io.subprocess.checkOutput(['none'], o),
  'io:subprocess.run': (o) => io.subprocess.run(['none'], o),
  'io:timers.setImmediate': (o) => io.timers.setImmediate(1, o),
  'io:timers.scheduler.wait': (o) => io.timers.scheduler.wait(1, o),
  'io:timers.setTimeout': (o) => io.timers.setTimeout(1, 1, o),
  'io:timers.setInterval': (o) => io.timers.setInterval(1, 1, o),
  'io:tls.connect': (o) => io.tls.connect(o),
  'io:tls.TlsServer': (o) => new io.tls.TlsServer(0, nothing, o),
  'io:tls.upgrade': (o) => io.tls.upgrade(bytes(), o),
  'io:udp.UdpSocket.receive': udp,
  'io:udp.bind': (o) => io.udp.bind(o),
  'monkey:DuplexStream.write': (o) => new monkey.DuplexStream(new PassThrough()).write('text', o),
  'monkey:patchAll': (o) => monkey.patchAll(o),
  'threading:Thread': (o) => new threading.Thread(o),
  'threading:Thread.join': (o) => new threading.Thread({ target: nothing }).join(o),
  'threading:ThreadPool': (o) => new threading.ThreadPool(1, o),
  'threading:ThreadPool.apply': (o) => pool.apply(work, [], o),
  'threading:ThreadPool.applyAsync': (o) => pool.applyAsync(work, [], o),
  'threading:ThreadPool.map': (o) => pool.map(work, [1], o),
  'threading:ThreadPool.mapAsync': (o) => pool.mapAsync(work, [1], o),
  'threading:ThreadPool.starmap': (o) => pool.starmap(work, [[]], o),
  'threading:ThreadPool.starmapAsync': (o) => pool.starmapAsync(work, [[]], o),
  'threading:ThreadPool.imap': (o) => pool.imap(work, [1], o),
  'threading:ThreadPool.imapUnordered': (o) => pool.imapUnordered(work, [1], o),
  'multiprocessing:AsyncResult.get': (o) => new mp.AsyncResult({}).get(o),
  'multiprocessing:AsyncResult.wait': (o) => new mp.AsyncResult({}).wait(o),
  'multiprocessing:Barrier': (o) => new mp.Barrier(1, null, o),
  'multiprocessing:Barrier.wait': (o) => new mp.Barrier(1).wait(o),
  'multiprocessing:Condition': (o) => new mp.Condition(undefined, o),
  'multiprocessing:Condition.wait': (o) => new mp.Condition().wait(o),
  'multiprocessing:Condition.waitFor': (o) => new mp.Condition().waitFor(() => true, o),
  'multiprocessing:Condition.acquire': (o) => new mp.Condition().acquire(o),
  'multiprocessing:Event': (o) => new mp.Event(o),
  'multiprocessing:Event.wait': (o) => new mp.Event().wait(o),
  'multiprocessing:BoundedSemaphore': (o) => new mp.BoundedSemaphore(1, o),
  'multiprocessing:Lock': (o) => new mp.Lock(o),
  'multiprocessing:RLock': (o) => new mp.RLock(o),
  'multiprocessing:Semaphore': (o) => new mp.Semaphore(1, o),
  'multiprocessing:Manager.connect': (o) => mp.Manager.connect(o),
  'multiprocessing:Pipe': (o) => mp.Pipe(o),
  'multiprocessing:Process': (o) => new mp.Process(o),
  'multiprocessing:Process.join': (o) => new mp.Process({ target: work }).join(o),
  'multiprocessing:ListProxy.sort': (o) => mp.Manager().list([1]).sort(o),
  'multiprocessing:JoinableQueue.join': (o) => new mp.JoinableQueue().join(o),
  'multiprocessing:JoinableQueue.put': (o) => new mp.JoinableQueue().put(1, o),
  'multiprocessing:JoinableQueue.get': (o) => new mp.JoinableQueue().get(o),
  'multiprocessing:JoinableQueue.shutdown': (o) => new mp.JoinableQueue().shutdown(o),
  'testing:explore': (o) => testing.explore(nothing, o),
  'testing:sweepKills': (o) => testing.sweepKills(nothing, o),
  'testing:runVirtual': (o) => testing.runVirtual(nothing, o),
  'testing:virtual': (o) => testing.virtual(nothing, o),
  'inspect:dump': (o) => inspect.dump(o),
  'inspect:onSignal': (o) => inspect.onSignal('SIGUSR2', o),
  'inspect:formatTree': (o) => inspect.formatTree(o),
  'inspect:monitorBlocking': (o) => inspect.monitorBlocking(o),
  'inspect:formatRunInfo': (o) => inspect.formatRunInfo(o),
  'inspect:printRunInfo': (o) => inspect.printRunInfo(o),
  'inspect:trace.start': (o) => inspect.trace.start(o),
  'inspect:tree': (o) => inspect.tree(o),
};

/** Those whose parameter has another name, or that no entry exports by itself. */
const MORE: Readonly<Record<string, Call>> = {
  promise: (o) => main.sleep(1).promise(o),
  'promise of a Transfer': (o) => new main.RawGreenlet(nothing).switch().promise(o),
  'Pool.join': (o) => new main.Pool(1).join(o),
  'wait without objects': (o) => main.wait(undefined, o),
  'Connection.poll': (o) => mp.Pipe()[0].poll(o),
  'Manager.serve': (o) => mp.Manager().serve(o),
};

const wrong = (value: unknown): Wrong => value;

/** Values of options, and arguments that are none: what the message says, and the call. */
const VALUES: readonly (readonly [string, Call])[] = [
  ['daemon must be a boolean, got 1 (number)', () => main.spawn({ daemon: wrong(1) }, nothing)],
  ['name must be a string, got 5 (number)', () => main.spawn({ name: wrong(5) }, nothing)],
  ["context must be 'inherit' or 'fresh', got \"new\"", () => main.spawn({ context: wrong('new') }, nothing)],
  [
    'signal must be an AbortSignal, got an instance of AbortController',
    () => {
      main.spawn({ signal: wrong(new AbortController()) }, nothing);
    },
  ],
  ['daemon must be a boolean', () => new main.Pool(1).spawn({ daemon: wrong(1) }, nothing)],
  ['signal must be an AbortSignal', () => new main.Pool(1).spawn({ signal: wrong(5) }, nothing)],
  ['context must be', () => new main.Group().spawn({ context: wrong(null) }, nothing)],
  ['signal must be an AbortSignal, got 5 (number)', () => unstarted().killOn(wrong(5))],
  ['for an emitter pass the event', () => unstarted().killOn(wrong({ on: nothing, off: nothing }))],
  ['signal must be an AbortSignal, got 5 (number)', () => main.sleep(1).promise({ signal: wrong(5) })],
  ['signal must be an AbortSignal', () => main.until(Promise.resolve(), { signal: wrong({}) })],
  ['late must be a function, got 5 (number)', () => main.until(Promise.resolve(), { late: wrong(5) })],
  ['name must be a string', () => main.green(nothing, { name: wrong(5) })],
  ['ref must be a boolean, got 0 (number)', () => main.sleep(1, { ref: wrong(0) })],
  ['block must be a boolean, got 0 (number)', () => unstarted().get({ block: wrong(0) })],
  ['block must be a boolean', () => main.killall([unstarted()], { block: wrong('no') })],
  ['grace must be a number', () => unstarted().kill({ grace: wrong('5') })],
  ['raiseError must be a boolean, got 1 (number)', () => main.joinall([], { raiseError: wrong(1) })],
  ['blocking must be a boolean, got 0 (number)', () => new main.Lock().acquire({ blocking: wrong(0) })],
  ['block must be a boolean', () => new main.Queue().put(1, { block: wrong(0) })],
  ['immediate must be a boolean', () => new main.Queue().shutdown({ immediate: wrong(1) })],
  ['items must be an iterable, got 5 (number)', () => new main.Queue(1, { items: wrong(5) })],
  ['items must be an iterable', () => new main.PriorityQueue(undefined, { items: wrong(5) })],
  ['name must be a string', () => new main.Event({ name: wrong(5) })],
  [
    'hub.raiseOnDeadlock must be a boolean, got 1 (number)',
    () => {
      main.hub.raiseOnDeadlock = wrong(1);
    },
  ],
  [
    'hub.debug must be a boolean, got undefined (undefined)',
    () => {
      main.hub.debug = wrong(undefined);
    },
  ],
  ['initial must be an object such as { count: 0 }, got 5 (number)', () => main.local(wrong(5))],
  ['initial must be an object', () => new main.Local(null)],
  ['greenlet must be a Greenlet, got 5 (number)', () => new main.Group().discard(wrong(5))],
  ['greenlet must be a Greenlet, got 5 (number)', () => new main.Pool(1).killone(wrong(5))],
  ['storage must be an AsyncLocalStorage, got 5 (number)', () => main.runWith(wrong(5), 1, nothing)],
  [
    'source must be an iterable, a stream, a queue or Results, got 5 (number)',
    () => main.forEach(wrong(5), nothing),
  ],
  ['source must be an iterable', () => new main.Group().map(nothing, wrong(5))],
  ['source must be an iterable', () => new main.Pool(1).starmap(nothing, wrong(null))],
  ['source must be an iterable', () => new main.Pool(1).imap(nothing, wrong(5))],
  [
    'source[1] must be a list of arguments, got 5 (number); write [arg]',
    () => new main.Group().starmap(wrong(nothing), [[1], wrong(5)]),
  ],
  ['items[1] must be a list of arguments', () => pool.starmap(work, [[], wrong(5)])],
  ['items must be an iterable, got 5 (number)', () => pool.map(work, wrong(5))],
  ['onProgress must be a function', () => pool.apply(work, [], { onProgress: wrong(5) })],
  ['seed must be a number, got "1"', () => testing.runVirtual(nothing, { seed: wrong('1') })],
  ['seed must be a finite number from', () => testing.explore(nothing, { seed: Number.NaN })],
  ['patch must be a boolean', () => testing.virtual(nothing, { patch: wrong(1) })],
  [
    "clock must be 'auto' or 'manual', got \"hand\"",
    () => testing.sweepKills(nothing, { clock: wrong('hand') }),
  ],
  ['daemon must be a boolean', () => new mp.Process({ daemon: wrong(1) })],
  ['duplex must be a boolean', () => mp.Pipe({ duplex: wrong(0) })],
  [
    'reverse must be a boolean',
    () =>
      mp
        .Manager()
        .list([1])
        .sort({ reverse: wrong(1) }),
  ],
  ['frames must be a whole number of at least 0', () => inspect.formatTree({ frames: -1 })],
  ['args must be a program and its arguments, got 5 (number)', () => io.subprocess.run(wrong(5))],
  ['keepEnd must be a boolean', () => bytes().readLine({ keepEnd: wrong(1) })],
  ['encoding must be one in which a newline is one byte', () => bytes().lines({ encoding: 'utf16le' })],
];

const EXEMPT: Readonly<Record<string, string>> = {
  'io:HttpError': 'an error class takes what Error takes',
  'io:http.ServerRequest.lines': 'hands them on to the lines of a stream',
  'io:subprocess.Popen.communicate': 'needs a process: test/io/subprocess.test.ts',
  'io:subprocess.Popen.wait': 'needs a process: test/io/subprocess.test.ts',
  'multiprocessing:AsyncResult': 'made by pools',
};

/** Those of node:fs are the host's, and so is the error. */
const isHost = (name: string): boolean => name.startsWith('io:fs.') && !/\.(walk|readLines)$/.test(name);

const BAD: readonly unknown[] = [5, '5', true, null, [1000], new Error('no options'), nothing];

async function outcome(call: Call, options: unknown): Promise<unknown> {
  try {
    await call(options);
    return 'nothing was thrown';
  } catch (error) {
    return error;
  }
}

describe('options', () => {
  const names = [...Object.keys(ROWS), ...Object.keys(MORE)];

  it.each(names)('%s refuses what are no options at the call', async (name) => {
    const call = ROWS[name] ?? (MORE[name] as Call);
    for (const bad of BAD) {
      const error = await outcome(call, bad);
      expect(error, `given ${String(bad)}`).toBeInstanceOf(TypeError);
      expect(String(error)).toMatch(/^TypeError: [\w.]+: options must be an object such as \{.*\}, got /);
    }
  });

  it('names the function, the argument, the value and the mend', () => {
    expect(() => new main.Event().wait(5 as never)).toThrow(
      'Event.wait: options must be an object such as { timeout: 1000 }, got 5 (number)',
    );
    expect(() => new main.Lock().acquire(false as never)).toThrow(
      'Lock.acquire: options must be an object such as { blocking: false }, got false (boolean)',
    );
    expect(() => unstarted().kill(new Error('stop') as never)).toThrow(
      'Greenlet.kill: options must be an object such as { timeout: 1000 }, got an instance of Error',
    );
  });

  it.each(VALUES)('%s', async (message, call) => {
    const error = await outcome(call, undefined);
    expect(String(error)).toContain(message);
    expect(error).toBeInstanceOf(/at least|a finite number/.test(message) ? RangeError : TypeError);
  });

  it('are told at the call, and not when the operation is run', () => {
    const kept = unstarted();
    expect(() => kept.kill(5 as never)).toThrow(TypeError);
    expect(kept.dead).toBe(false);
  });

  it('of every exported function are in the table', () => {
    const entries = { main, io, monkey, threading, multiprocessing: mp, testing, inspect };
    const found = functionsWithOptions(entries).filter((name) => !isHost(name) && !(name in EXEMPT));
    expect(found.filter((name) => !(name in ROWS))).toEqual([]);
    expect(Object.keys(ROWS).filter((name) => !found.includes(name) && !isHost(name))).toEqual([]);
  });
});
