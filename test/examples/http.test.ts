import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serve } from '../io/local-server.js';
import { runExample } from './run-example.js';
import { startProgram } from './run-server.js';

describe('parallel-download', () => {
  it('downloads a file of its own over a server that breaks connections', async () => {
    const { code, stdout, stderr } = await runExample('examples/parallel-download.ts');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/: 2621540 bytes\nthe same\n$/);
    // A part whose connection broke was asked for again; how much of it had come is up to the host.
    expect(stdout).toMatch(/part (\d+): from [\s\S]*part \1: from \d/);
  });

  it('goes on where an earlier run was interrupted, and asks for the rest alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'download-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'file');
    const content = Buffer.from('0123456789');
    writeFileSync(path, '01234');
    writeFileSync(`${path}.part`, JSON.stringify({ size: 10, have: [5] }));
    const server = await serve(({ method, headers }, response) => {
      if (method === 'HEAD') response.writeHead(200, { 'content-length': 10 }).end();
      else response.writeHead(206).end(content.subarray(Number(headers.range?.match(/\d+/)?.[0])));
    });
    const { code, stdout, stderr } = await runExample('examples/parallel-download.ts', server.url, path);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('part 0: from 5\n');
    expect(server.exchanges.at(-1)?.request.headers.range).toBe('bytes=5-9');
    expect(readFileSync(path, 'utf8')).toBe('0123456789');
  });
});

describe('http-api', () => {
  it('lists, reads, writes and removes notes, tells what is wrong as JSON, and ends by Ctrl-C', async () => {
    const api = startProgram('examples/http-api.ts', '0');
    const [, port] = await api.line(/listening on (\d+)/);
    const ask = async (method: string, path: string, body?: string) => {
      const response = await fetch(`http://localhost:${port}${path}`, {
        method,
        ...(body === undefined ? {} : { body }),
      });
      return [response.status, await response.text()];
    };
    expect(await ask('GET', '/notes')).toEqual([200, '[]']);
    expect(await ask('POST', '/notes', '{"text":"milk"}')).toEqual([201, '{"id":1,"text":"milk"}']);
    expect(await ask('GET', '/notes/1')).toEqual([200, '{"id":1,"text":"milk"}']);
    expect(await ask('POST', '/notes', '{"text":""}')).toEqual([422, '{"error":"text must be a text"}']);
    expect((await ask('POST', '/notes', '{no'))[0]).toBe(400);
    expect(await ask('PUT', '/notes/1', '')).toEqual([405, '{"error":"PUT cannot be done here"}']);
    expect(await ask('DELETE', '/notes/1')).toEqual([204, '']);
    expect(await ask('GET', '/notes/1')).toEqual([404, '{"error":"there is no note 1"}']);
    const many = await Promise.all(Array.from({ length: 60 }, () => ask('GET', '/notes')));
    expect(many.filter(([status]) => status === 429).length).toBeGreaterThan(0);
    api.interrupt();
    expect(await api.end).toEqual({ code: 130 });
  });
});
