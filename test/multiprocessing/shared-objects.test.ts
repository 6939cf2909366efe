import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/run-program.js';

describe('shared objects', () => {
  it.each(['process', 'worker'])(
    'work between processes, and can be sent by one another (%s)',
    async (method) => {
      const { out, err } = await runProgram('mp-shared', ['works', method]);
      expect(out).toEqual([
        "Map(1) { 1 => 'one' } true 0 [ 'Empty', 'EMPTY' ]",
        "[ 'Hello', null, 'World' ] false",
        '{ got: 7 }',
        'EOFError',
      ]);
      expect(err).toBe('');
    },
  );

  it.each(['process', 'worker'])(
    'agree with what was written before a job, or a message, and before the result of a job (%s)',
    async (method) => {
      const { out, err } = await runProgram('mp-shared', ['values', method]);
      expect(out).toEqual(['220 60 true', '42 written 99']);
      expect(err).toBe('');
    },
  );

  it('tell whoever waits for what cannot pass between processes, and go on', async () => {
    const { out, err } = await runProgram('mp-shared', ['unsendable']);
    const refused = 'Error: #X could not be cloned.';
    expect(out).toEqual([refused, 'the next', refused]);
    expect(err).toBe('');
  });

  it.each(['process', 'worker'])('lose no update of a number that a lock guards (%s)', async (method) => {
    const { out } = await runProgram('mp-shared', ['counter', method]);
    expect(out).toEqual(['130.5 261 [ 261, 2 ]']);
  });

  it.each(['process', 'worker'])(
    'are let go by a process that is killed, and nobody hangs (%s)',
    async (method) => {
      const { out } = await runProgram('mp-shared', ['crash', method]);
      expect(out).toEqual([
        'Lock true -9',
        'RLock true -9',
        'Semaphore true -9',
        'Queue.put 1 -9',
        'first true',
        'Queue.get undefined -9',
        'mine',
        'Condition true -9',
        'Condition.wait true -9',
        expect.stringMatching(/^Barrier BrokenBarrierError: .* -9$/),
        expect.stringMatching(
          /^JoinableQueue.join ProcessError: Process-9 \(exit code -9\) has died with 1 of the tasks/,
        ),
        'Connection.recv EOFError: the other end of the pipe is closed -9',
      ]);
    },
  );
});
