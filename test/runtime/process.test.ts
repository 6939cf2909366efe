import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/run-program.js';

/** `file:line` of each place of test/process in a text. */
function placesIn(text: string): string[] {
  return [...text.matchAll(/test\/process\/([\w-]+\.ts:\d+):\d+/g)].map((match) => match[1] as string);
}

describe('a program whose greenlets all wait for ever', () => {
  const report = (text: string) => {
    expect(text).toContain('This operation would block forever');
    const alpha = text.split('\n').find((line) => line.includes("'alpha'")) ?? '';
    const beta = text.split('\n').find((line) => line.includes("'beta'")) ?? '';
    expect(alpha).toContain('Door.open');
    expect(placesIn(alpha)).toContain('loop-exit.ts:9');
    expect(beta).toContain('sleep');
    expect(placesIn(beta)).toContain('loop-exit.ts:17');
  };

  it('with nobody awaiting ends with one warning that names each greenlet, its operation and place; finally blocks run', async () => {
    const { code, err, out } = await runProgram('loop-exit', ['nobody']);
    report(err);
    expect(err.match(/would block forever/g)).toHaveLength(1);
    expect(err).toContain('LOOP_EXIT');
    expect(out.sort()).toEqual(['first cleaned', 'second cleaned']);
    expect(code).toBe(1);
  });

  it('with somebody awaiting rejects with a LoopExit that names them, and a non-zero exit code', async () => {
    const { code, err } = await runProgram('loop-exit', ['awaited']);
    report(err);
    expect(err).toMatch(/awaited outside of greenlets:\n {2}Greenlet\.get of <Greenlet 'alpha'/);
    expect(err).toContain('LoopExit');
    expect(code).not.toBe(0);
  });

  it('under main() exits with the LoopExit, behind the finally blocks of all, its own among them', async () => {
    const { code, err, out } = await runProgram('loop-exit', ['main']);
    report(err);
    expect(err.match(/LoopExit: This operation/g)).toHaveLength(1);
    expect(out.sort()).toEqual(['first cleaned', 'main cleaned', 'second cleaned']);
    expect(code).toBe(1);
  });

  it('whose LoopExit was caught goes on, and the finally blocks of the rest run at the end', async () => {
    const { out } = await runProgram('loop-exit', ['caught']);
    expect(out[0]).toContain('caught LOOP_EXIT');
    report(out.join('\n'));
    expect(out.slice(-2).sort()).toEqual(['first cleaned', 'second cleaned']);
  });
});

describe('main()', () => {
  it('gives the value of its function, and exit code 0', async () => {
    const { code, out, err } = await runProgram('main-error', ['value']);
    expect({ code, out, err }).toEqual({ code: 0, out: ['42'], err: '' });
  });

  it('with an error prints it once, and exits with 1', async () => {
    const { code, err } = await runProgram('main-error', ['thrown']);
    expect(code).toBe(1);
    expect(err.match(/Error: what happened/g)).toHaveLength(1);
    expect(err).toContain('main-error.ts:9');
  });

  it('with an error that the caller catches prints it too, and exits with 1', async () => {
    const { code, err, out } = await runProgram('main-error', ['caught']);
    expect(code).toBe(1);
    expect(out).toEqual(['caught']);
    expect(err.match(/Error: what happened/g)).toHaveLength(1);
    expect(err).toContain("'main'");
  });
});

describe('an end that comes at once', () => {
  it.each([
    ['process.exit in a greenlet', 'exit', 3],
    ['process.exit in a callback', 'callback', 4],
    ['an error that no callback catches', 'uncaught', 1],
    ['an error of main', 'error', 1],
  ])('by %s runs finally blocks as far as they do not wait', async (_, mode, code) => {
    const { err, ...outcome } = await runProgram('exit', [mode]);
    const out = ['one cleans up', 'two cleans up', 'one is clean', 'two is clean'];
    expect(outcome).toEqual({ code, signal: null, out });
    if (code === 1) expect(err.match(/Error: what happened/g)).toHaveLength(1);
    else expect(err).toBe('');
  });

  it('tells what finally blocks throw', async () => {
    const { code, err } = await runProgram('exit', ['failing']);
    expect(err.match(/Error: at the end/g)).toHaveLength(1);
    expect(code).toBe(5);
  });

  it('is not held up for good by a greenlet that swallows kills', async () => {
    expect((await runProgram('exit', ['stubborn'])).code).toBe(6);
  });
});

describe('an error that nobody observes', () => {
  it('is printed with name, spawn place and stack, and makes the exit code 1', async () => {
    const { code, err, out } = await runProgram('unobserved');
    expect(code).toBe(1);
    expect(out).toEqual(['end']);
    expect(err).toContain("'culprit'");
    expect(err).toContain('Error: nobody looks');
    expect(placesIn(err)).toEqual(expect.arrayContaining(['unobserved.ts:6', 'unobserved.ts:7']));
  });

  it('that is observed before the exit leaves the exit code 0', async () => {
    const { code, err, out } = await runProgram('unobserved', ['late']);
    expect(err).toContain('nobody looks');
    expect(out).toEqual(['Error: nobody looks', 'end']);
    expect(code).toBe(0);
  });

  it('that an own onError takes leaves the exit code 0, and nothing is printed', async () => {
    const { code, err, out } = await runProgram('unobserved', ['handled']);
    expect({ code, err, out }).toEqual({ code: 0, err: '', out: ['told nobody looks', 'end'] });
  });
});

describe('a signal', () => {
  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`${signal} under main() kills main and then all others: finally blocks run, exit code ${expected}`, async () => {
      const { code, out, err } = await runProgram('signals', ['plain'], (line, kill) => {
        if (line === 'ready') kill(signal);
      });
      expect(code).toBe(expected);
      expect(err).toBe('');
      expect(out.slice(1)).toEqual(['main cleaned', 'a cleaned', 'b cleaned']);
    });
  }

  it('under hub.handleSignals() does the same without main()', async () => {
    const { code, out } = await runProgram('signals', ['handle'], (line, kill) => {
      if (line === 'ready') kill('SIGINT');
    });
    expect(code).toBe(130);
    expect(out.slice(1).sort()).toEqual(['a cleaned', 'b cleaned', 'main cleaned']);
  });

  it('names those who are still alive after hub.exitGrace, and exits all the same', async () => {
    const { code, out, err } = await runProgram('signals', ['stubborn'], (line, kill) => {
      if (line === 'ready') kill('SIGTERM');
    });
    expect(code).toBe(143);
    expect(out).toContain('b cleaned');
    expect(err).toContain('SURVIVORS');
    expect(err).toContain("'mule'");
    expect(err).not.toMatch(/SURVIVORS.*'b'/);
  });

  it('loses nothing of what was printed into a pipe that is read slowly', async () => {
    const { code, out } = await runProgram('signals', ['prints'], (line, kill) => {
      if (line === 'ready') kill('SIGTERM');
    });
    expect(code).toBe(143);
    expect(out.map((line) => line.length)).toContain(5_000_000);
    expect(out).toContain('b cleaned');
  });

  it('has the errors of finally blocks printed, each once, and keeps its exit code and the order of the end', async () => {
    const { code, out, err } = await runProgram('signals', ['fails'], (line, kill) => {
      if (line === 'ready') kill('SIGINT');
    });
    expect(code).toBe(130);
    expect(out.slice(1)).toEqual(['main cleaned', 'a cleaned', 'b cleaned']);
    const failures = [...err.matchAll(/Error: (\w+) failed to clean up/g)].map((match) => match[1]);
    expect(failures.sort()).toEqual(['a', 'b', 'main']);
  });

  it('a second time exits at once', async () => {
    const { code, err } = await runProgram('signals', ['twice'], (line, kill) => {
      if (line === 'ready') kill('SIGINT');
      if (line === 'b cleaned') kill('SIGTERM');
    });
    expect(code).toBe(143);
    expect(err).not.toContain('SURVIVORS');
  });
});

describe('daemons', () => {
  for (const what of ['sleep', 'timeout', 'started', 'get', 'join', 'joinall', 'wait']) {
    it(`do not hold the process by ${what}, end without a report, and their finally blocks run`, async () => {
      const { code, out, err } = await runProgram('daemon', [what]);
      expect({ code, out, err }).toEqual({ code: 0, out: ['end of the program', 'cleaned'], err: '' });
    });
  }

  const READY: readonly (readonly [string, string, readonly string[]])[] = [
    ['sleeps', 'is always ready again', ['end of the program', 'cleaned']],
    ['queues', 'never has to wait', ['end of the program', 'cleaned']],
    ['awaits', 'only waits for promises that are there', ['end of the program', 'cleaned']],
    ['idles', 'waits for the host to be idle', ['end of the program', 'cleaned']],
    ['swallows', 'lets no kill end it', ['end of the program', 'KILL_SWALLOWED']],
    ['closes', 'ends what does hold the process', ['end of the program', 'listening', 'cleaned']],
    ['slow', 'does so on a slow host', ['end of the program', 'listening', 'cleaned']],
    ['counts', 'is awaited', ['cleaned', 'counted', 'end of the program']],
  ];
  it.each(READY)(
    'do not hold the process: %s, which %s',
    async (which, _, lines) => {
      const { code, out, err } = await runProgram('daemon-ready', [which]);
      expect({ code, out, err }).toEqual({ code: 0, out: lines, err: '' });
    },
    30_000,
  );
});

describe('AsyncLocalStorage whose first use is inside a greenlet', () => {
  const UNSEEN = { before: null, behind: null, main: null };
  const GONE = { 'after a sleep': null, 'after until': null, child: null };

  it('by enterWith: stays with the greenlet and what it spawns, and nobody else sees it', async () => {
    const { out } = await runProgram('late-store', ['enterWith']);
    const stays = { 'at once': 'mine', 'after a sleep': 'mine', 'after until': 'mine', child: 'mine' };
    expect(JSON.parse(out[0] ?? '')).toEqual({ ...UNSEEN, ...stays });
  });

  it('by run: is seen in run and by what is spawned there, and not afterwards', async () => {
    const { out } = await runProgram('late-store', ['run']);
    const seen = { 'in run': 'mine', 'child of run': 'mine', 'after run': null };
    expect(JSON.parse(out[0] ?? '')).toEqual({ ...UNSEEN, ...GONE, ...seen });
  });

  it('by runWith: is seen inside over suspensions, and not afterwards', async () => {
    const { out } = await runProgram('late-store', ['runWith']);
    const seen = { 'in runWith': 'mine', 'after runWith': null };
    expect(JSON.parse(out[0] ?? '')).toEqual({ ...UNSEEN, ...GONE, ...seen });
  });

  it('by runWith, in the first turn of the program: is not seen by whoever awaits it, nor by what follows from that', async () => {
    const { out } = await runProgram('late-store', ['alone']);
    expect(JSON.parse(out[0] ?? '')).toEqual({ timer: null, child: null, main: null });
  });
});
