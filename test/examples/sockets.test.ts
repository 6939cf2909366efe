import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { net } from 'greenlets/io';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runExample } from './run-example.js';
import { startProgram } from './run-server.js';

/** A started example, and the port that it listens on. */
async function started(file: string, ...args: string[]) {
  const program = startProgram(file, ...args);
  const port = Number((await program.line(/^listening on (\d+)$/))[1]);
  return { ...program, port };
}

async function connect(port: number): Promise<net.Socket> {
  const socket = await net.connect(port, '127.0.0.1');
  onTestFinished(() => socket.abort());
  return socket;
}

describe('the examples with sockets', () => {
  it('echo-server gives back each line, to several at once, and ends by SIGINT', async () => {
    const { port, line, end, interrupt } = await started('examples/echo-server.ts', '0');
    const [a, b] = [await connect(port), await connect(port)];
    const gone = new RegExp(`^gone: 127.0.0.1 ${a.localPort}$`);
    await a.write('from a\n');
    await b.write('from b\n');
    expect([await b.readLine(), await a.readLine()]).toEqual(['from b', 'from a']);
    await a.end();
    expect(await a.readLine()).toBe(null);
    await line(gone);
    interrupt();
    expect(await b.readLine()).toBe(null);
    expect((await end).code).toBe(130);
  });

  it('chat-server tells the others what one says, and who comes and leaves', async () => {
    const { port, end, interrupt } = await started('examples/chat-server.ts', '0');
    const [ann, bob, twin] = [await connect(port), await connect(port), await connect(port)];
    const say = async (socket: net.Socket, text: string) => socket.write(`${text}\n`);
    const hear = async (socket: net.Socket) => socket.readLine();
    for (const socket of [ann, bob, twin]) expect(await hear(socket)).toBe('Who are you?');
    await say(ann, 'Ann');
    expect(await hear(ann)).toBe('* Ann is here, with 0 others');
    await say(bob, 'Bob');
    for (const socket of [ann, bob]) expect(await hear(socket)).toBe('* Bob is here, with 1 others');
    await say(twin, 'Bob');
    expect(await hear(twin)).toBe('Not with that name.');
    expect(await hear(twin)).toBe(null);
    await say(ann, 'hello');
    expect(await hear(bob)).toBe('Ann: hello');
    bob.abort();
    expect(await hear(ann)).toBe('* Bob has left');
    interrupt();
    expect((await end).code).toBe(130);
  });

  it('port-scanner finds what is open', async () => {
    const server = new net.StreamServer(['127.0.0.1', 0], () => {});
    await server.start();
    const { port } = server;
    const { code, stdout } = await runExample(
      'examples/port-scanner.ts',
      '127.0.0.1',
      `${port - 2}`,
      `${port + 2}`,
    );
    await server.stop();
    expect(stdout.split('\n')).toContain(`${port} is open`);
    expect(stdout).toMatch(/^\d of 5 ports of 127\.0\.0\.1 are open$/m);
    expect(code).toBe(0);
  });

  it('reverse-proxy passes both directions on, by turns, and skips a backend that is down', async () => {
    const web = createServer((request, response) => request.pipe(response)).listen(0, '127.0.0.1');
    onTestFinished(() => void web.close());
    await once(web, 'listening');
    const down = new net.StreamServer(['127.0.0.1', 0], () => {});
    await down.start();
    const dead = down.port;
    await down.stop();
    const alive = (web.address() as AddressInfo).port;
    const { port, line, end, interrupt } = await started(
      'examples/reverse-proxy.ts',
      '0',
      `127.0.0.1:${dead}`,
      `127.0.0.1:${alive}`,
    );
    const body = 'x'.repeat(1_000_000);
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body });
    expect(await answer.text()).toBe(body);
    await line(new RegExp(`^127.0.0.1:${dead} is down: ECONNREFUSED$`));
    interrupt();
    expect((await end).code).toBe(130);
  });
});
