import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/run-program.js';

const run = async (which: string) => {
  const { code, out, err } = await runProgram('thread-daemon', [which]);
  return { code, out, err };
};
const END = 'end of the program';

describe('daemon threads', () => {
  it('do not hold the process; at its end they are killed, and their finally blocks run', async () => {
    expect(await run('alone')).toEqual({ code: 0, out: [END, 'cleaned'], err: '' });
  });

  it('make daemons, unless told otherwise', async () => {
    expect(await run('inherited')).toEqual({ code: 0, out: [END, 'cleaned'], err: '' });
  });

  it('live until the last thread that is none has ended', async () => {
    expect(await run('beside')).toEqual({ code: 0, out: [END, 'the other has ended', 'cleaned'], err: '' });
  });

  it('may be timers', async () => {
    expect(await run('timer as a daemon')).toEqual({ code: 0, out: [END], err: '' });
  });

  it('hold the process while main waits for their end', async () => {
    expect(await run('joined')).toEqual({ code: 0, out: ['the daemon has ended', 'true', END], err: '' });
  });

  it('hold the process while a thread that is no daemon waits for their end', async () => {
    const out = [END, 'the daemon has ended', 'true'];
    expect(await run('joined by a thread')).toEqual({ code: 0, out, err: '' });
  });

  it('hold the process while main waits for what they work on', async () => {
    expect(await run('queue')).toEqual({ code: 0, out: ['done 1', 'done 2', 'done 3', END], err: '' });
  });

  it('hold the process by a timeout while main waits for what comes after it', async () => {
    expect(await run('timeout')).toEqual({ code: 0, out: ['false', END], err: '' });
  });

  it('that have ended do not hide that the others wait for ever', async () => {
    const { code, out, err } = await run('stuck');
    expect({ code, out }).toEqual({ code: 1, out: [END, 'the daemon has ended'] });
    expect(err).toContain('LOOP_EXIT');
    expect(err).toContain("<Thread 'stuck'");
  });

  it('do not change that a daemon of spawn() holds nobody', async () => {
    expect(await run('beside a daemon of spawn')).toEqual({ code: 0, out: ['LOOP_EXIT', END], err: '' });
  });
});

describe('the error of a thread', () => {
  it("is printed in Python's words, with its stack and cause, and makes the exit code 1", async () => {
    const { code, out, err } = await runProgram('thread-error');
    expect({ code, out }).toEqual({ code: 1, out: ['true'] });
    expect(err).toMatch(
      /^Exception in thread Thread-1 \(culprit\):\nError: what happened\n {4}at culprit \(/,
    );
    expect(err).toContain('caused by TypeError: why');
    expect(err.match(/what happened/g)).toHaveLength(1);
  });

  it('goes to an own hub.onError', async () => {
    const { code, out, err } = await runProgram('thread-error', ['onError']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toEqual(['true', 'Error: what happened Thread-1 (culprit)']);
  });

  it('goes to an own excepthook instead', async () => {
    const { code, out, err } = await runProgram('thread-error', ['handler']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toEqual(['Thread-1 (culprit): Error: what happened', 'true']);
  });
});
