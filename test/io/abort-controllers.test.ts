import { fetch, type Green, green, spawn, until } from 'greenlets';
import { describe, expect, it } from 'vitest';
import { giveBack, lend } from '../../src/io/abort-controllers.js';
import { serve } from './local-server.js';

describe('the controllers of requests', () => {
  it('serve a few requests each, one at a time, and none when they were needed', () => {
    const first = lend();
    const uses = [first.controller];
    giveBack(first);
    for (let next = lend(); next.controller === first.controller; next = lend()) {
      uses.push(next.controller);
      giveBack(next);
    }
    expect(uses.length).toBeGreaterThan(1);
    expect(uses.length).toBeLessThan(11);
    const [a, b] = [lend(), lend()];
    expect(a.controller).not.toBe(b.controller);
    a.controller.abort();
    giveBack(a);
    expect(lend().controller).not.toBe(a.controller);
  });

  it(
    'are those of requests that are over: a kill reaches its own request and no other',
    green(function* () {
      const server = yield* until(serve(({ url }, response) => void (url === '/quick' && response.end(url))));
      function* page(path: string): Green<string> {
        return yield* (yield* fetch(`${server.url}${path}`)).text();
      }
      for (let i = 0; i < 20; i++) {
        expect(yield* page('/quick')).toBe('/quick');
        const asked = server.next();
        const killed = spawn(page, '/slow');
        const { end } = yield* until(asked);
        const askedAgain = server.next();
        const other = spawn(page, '/slow');
        const { response } = yield* until(askedAgain);
        yield* killed.kill();
        expect(yield* until(end)).toBe('aborted');
        response.end('done');
        expect(yield* other.get()).toBe('done');
      }
    }),
  );
});
