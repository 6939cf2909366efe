/** What daemons wait for in io, and how long the process lives: `daemon-io.ts CASE`. */
import { type Green, idle, Queue, sleep, spawn } from 'greenlets';
import { fs, http, net, signal, subprocess, udp } from 'greenlets/io';

const [which] = process.argv.slice(2);
const LOCAL = ['127.0.0.1', 0] as const;

function* reads(socket: net.Socket): Green<void> {
  try {
    yield* socket.read();
  } finally {
    console.log('the read has ended');
  }
}

const cases: Record<string, () => Green<unknown>> = {
  /** Each waits for something that never comes. */
  *alone() {
    const silent = new net.StreamServer(LOCAL, reads);
    const web = http.serve(() => sleep(Number.POSITIVE_INFINITY), { host: '127.0.0.1' });
    yield* web.stop();
    let begun = 0;
    const daemons: (() => Green<unknown>)[] = [
      () => silent.serveForever() as unknown as Green<void>,
      () => web.serveForever() as unknown as Green<void>,
      function* () {
        while (silent.address === null) yield* idle();
        const socket = yield* net.connect(silent.port, '127.0.0.1');
        begun++;
        yield* socket.read();
      },
      function* () {
        while (web.address === null) yield* idle();
        yield* http.get(web.url);
      },
      function* () {
        const socket = yield* udp.bind({ host: '127.0.0.1' });
        begun++;
        yield* socket.receive();
      },
      function* () {
        yield* udp.bind({ host: '127.0.0.1' });
        begun++;
        yield* sleep(Number.POSITIVE_INFINITY);
      },
      function* () {
        const child = new subprocess.Popen(['cat'], { stdin: 'pipe', stdout: 'pipe' });
        begun++;
        yield* child.wait();
      },
      function* () {
        const child = new subprocess.Popen(['cat'], { stdin: 'pipe', stdout: 'pipe' });
        begun++;
        yield* child.stdout!.readLine();
      },
      function* () {
        begun++;
        yield* signal.wait('SIGUSR2');
      },
      function* () {
        const changes = fs.watch('test/process');
        begun++;
        yield* changes.more();
      },
    ];
    for (const each of daemons) spawn({ daemon: true }, each);
    while (begun < 7 || silent.connections < 1 || web.requests < 1) yield* idle();
    console.log('the program has ended');
  },
  /** Somebody waits in a queue for what a daemon reads; another daemon serves it. */
  *needed() {
    const answers = new Queue<string | null>();
    const server = new net.StreamServer(LOCAL, function* (socket) {
      yield* socket.readLine();
      yield* socket.write('answer\n');
      yield* socket.read();
    });
    spawn({ daemon: true }, () => server.serveForever());
    while (server.address === null) yield* idle();
    const { port } = server;
    spawn({ daemon: true }, function* () {
      const child = new subprocess.Popen(['sh', '-c', 'sleep 0.2; echo question'], { stdout: 'pipe' });
      const socket = yield* net.connect(port, '127.0.0.1');
      yield* socket.write(`${yield* child.stdout!.readLine()}\n`);
      yield* answers.put(yield* socket.readLine());
      yield* reads(socket);
    });
    console.log(yield* answers.get());
  },
};

await spawn(cases[which as string] as () => Green<unknown>).get();
