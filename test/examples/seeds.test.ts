import { describe, expect, it } from 'vitest';
import { serve } from '../io/local-server.js';
import { runExample, startExample } from './run-example.js';

const TIMEOUT = 600_000;

describe('the examples of the seed documents', { timeout: TIMEOUT }, () => {
  it('G1 prints 11 33 22 44', async () => {
    const outcome = await runExample('examples/seeds/g1-switch.ts');
    expect(outcome).toEqual({ code: 0, signal: null, stdout: '11\n33\n22\n44\n', stderr: '' });
  });

  it('G2 prints foo, bar, foo again, bar again', async () => {
    const outcome = await runExample('examples/seeds/g2-joinall.ts');
    const lines = [
      'Running in foo',
      'Explicit context to bar',
      'Explicit context switch to foo angin',
      'Implicit context swich back to bar',
    ];
    expect(outcome).toEqual({ code: 0, signal: null, stdout: `${lines.join('\n')}\n`, stderr: '' });
  });

  it.each([
    ['G3', 'g3-fetch.ts'],
    ['G3 with patches, as the seed has it,', 'g3-monkey.ts'],
  ])(
    '%s asks for all pages before the first has answered, and prints the answers as they come',
    async (_, file) => {
      const server = await serve();
      const urls = ['/a', '/b', '/c'].map((path) => server.url + path);
      const example = startExample(`examples/seeds/${file}`, ...urls);
      // No page answers before all three have been asked for: one after the other would never end.
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
      expect(stdout.trim().split('\n')).toEqual([
        `FET: ${a}`,
        `FET: ${b}`,
        `FET: ${c}`,
        `${c} 3`,
        `${a} 1`,
        `${b} 2`,
      ]);
      expect([code, stderr]).toEqual([0, '']);
    },
  );

  it('G3 serves itself three pages when it is given none; the first answers last', async () => {
    const { code, stdout, stderr } = await runExample('examples/seeds/g3-fetch.ts');
    expect(stdout.replace(/127\.0\.0\.1:\d+/g, 'HOST')).toBe(
      [
        'FET: http://HOST/slowest',
        'FET: http://HOST/slow',
        'FET: http://HOST/quick',
        'http://HOST/quick 5000',
        'http://HOST/slow 20000',
        'http://HOST/slowest 50000',
        '',
      ].join('\n'),
    );
    expect([code, stderr]).toEqual([0, '']);
  });
});

describe('npm run example', { timeout: TIMEOUT }, () => {
  it('runs one by its number, in any case of letters', async () => {
    const { code, stdout } = await runExample('examples/run.ts', 'g1');
    expect([code, stdout]).toEqual([0, '11\n33\n22\n44\n']);
  });

  it('passes arguments and the exit code on', async () => {
    const { code, stdout, stderr } = await runExample('examples/run.ts', 'G3', 'no-address');
    expect(stdout).toBe('FET: no-address\n');
    expect(stderr).toContain('Failed to parse URL from no-address');
    expect(code).toBe(1);
  });

  // All of them are run by `npm run examples`, and each by a test of its own.
  it('lists all, and runs all of a kind under headings', async () => {
    const list = await runExample('examples/run.ts', '--list');
    const ids = list.stdout.match(/^\w+/gm);
    expect(ids?.slice(0, 3)).toEqual(['G1', 'G2', 'G3']);
    const all = await runExample('examples/run.ts', '--all', 'g');
    // Those that share a file come together.
    const headings = all.stdout.match(/^== \w+/gm);
    const wanted = ids?.filter((id) => id.startsWith('G'));
    expect(headings?.slice().sort()).toEqual(wanted?.map((id) => `== ${id}`).sort());
    expect(all.stdout.indexOf('== G2')).toBeGreaterThan(all.stdout.indexOf('44\n'));
    expect(all.code).toBe(0);
  });

  it('tells what it takes when no id begins so', async () => {
    const { code, stderr } = await runExample('examples/run.ts', '--all', 'X');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^There is no example whose id begins with X\.\nUsage: /);
  });

  it('tells what it takes when there is no such example', async () => {
    const { code, stderr } = await runExample('examples/run.ts', 'G99');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^There is no example G99\.\nUsage: /);
  });
});
