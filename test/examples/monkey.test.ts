/** G3 with `monkey.patchAll()`, as the seed has it. */
import { expect, it } from 'vitest';
import { serve } from '../io/local-server.js';
import { startExample } from './run-example.js';

it('G3 with patches asks for all pages before the first has answered, and prints the answers as they come', async () => {
  const server = await serve();
  const urls = ['/a', '/b', '/c'].map((path) => server.url + path);
  const example = startExample('examples/seeds/g3-monkey.ts', ...urls);
  while (server.exchanges.length < 3) await server.next();
  for (const [path, length] of Object.entries({ '/c': 3, '/a': 1, '/b': 2 })) {
    const exchange = server.exchanges.find(({ request }) => request.url === path);
    exchange?.response.end('x'.repeat(length));
    await exchange?.end;
    // One that answered at the same time could be read first.
    await example.printed(`${path} ${length}`);
  }
  const { code, stdout, stderr } = await example.end;
  const [a, b, c] = urls;
  const lines = [`FET: ${a}`, `FET: ${b}`, `FET: ${c}`, `${c} 3`, `${a} 1`, `${b} 2`];
  expect(stdout.trim().split('\n')).toEqual(lines);
  expect([code, stderr]).toEqual([0, '']);
}, 30_000);
