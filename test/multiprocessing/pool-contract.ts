/** What pools of processes and of threads have in common. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../support/run-program.js';

export function poolContract(method: string): void {
  const name = method === 'thread' ? 'ThreadPool' : 'Pool';
  const worker = method === 'process' ? /worker \d \(pid N\)/ : /worker \d \(thread\)/;
  const code = method === 'process' ? 'exit code -9' : 'exit code 7';

  it('applies and maps, in order or as results come, with callbacks and limits', async () => {
    const { out, err } = await runProgram('mp-pool', ['works', method]);
    expect(err).toBe('');
    expect(out.join('\n').replace(/\s+/g, ' ')).toBe(
      '3 25 [ 1, 4, 9, 16, 25, 36, 49, 64, 81 ] [ 3, 7 ] [ 9, 1 ] 9,4,1 1,4,9 RangeError: 2 is even ' +
        '{"ok":true,"value":{"done":false,"value":1}} {"ok":false,"error":{}} ' +
        '{"ok":true,"value":{"done":false,"value":3}} TimeoutError 40000 callback 40000 ' +
        `errorCallback RangeError: 2 is even true <${name} closed, 0 of 2 at work, 0 queued>`,
    );
  });

  it('fails the job of a worker that dies, ends those that run too long or are killed, and goes on', async () => {
    const { out } = await runProgram('mp-pool', ['deaths', method]);
    expect(out[0]).toMatch(worker);
    expect(out[0]).toContain(`of ${name} died (${code})`);
    expect(out.slice(1, 7)).toEqual(['1', '4', '9', '16', '25', '36']);
    expect(out[7]).toMatch(/^TimeoutError: spins ran for more than 30 ms in worker/);
    expect(out.slice(8)).toEqual(['1', '4', '9', 'mine true', `ProcessError: ${name} was terminated true`]);
  });

  it('calls back, and goes on, in the async context of whoever has asked', async () => {
    const { out, err } = await runProgram('mp-pool', ['context', method]);
    const parts = [
      'after',
      'at the end',
      'callback',
      'errorCallback',
      'imap progress',
      'progress later',
      'progress',
    ];
    const of = (store: string) => parts.map((part) => `${store} ${part}: ${store}`);
    expect(out).toEqual([...of('one'), 'outside after: outside', 'outside then: outside', ...of('two')]);
    expect(err).toBe('');
  });

  it('tells of progress, moves buffers to threads, and gives locks to processes', async () => {
    const { out } = await runProgram('mp-pool', ['extras', method]);
    expect(out).toEqual([
      '3 [ 0, 1, 2 ]',
      method === 'thread' ? '1024 0' : 'inside',
      '{"size":1,"workers":1,"queued":0,"running":0,"state":"open"}',
    ]);
  });

  it('fails a job that throws what is hard to send, and sends arguments as they were at the call', async () => {
    const { out, err } = await runProgram('mp-pool', ['odd', method]);
    expect(out).toEqual([
      'Error: cycle true',
      'Error: getter false',
      'Error: stack false',
      'something that cannot be shown false',
      '0,1,2,3,4,5',
    ]);
    expect(err).toBe('');
  });

  it('runs each job once, whatever becomes of the one before it, and lets none wait behind a long one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'greenlets-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const { out, err } = await runProgram('mp-pool-ahead', [method, folder]);
    expect(err).toBe('');
    expect(out).toEqual([
      ...['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      'false [0,1,2,3,4,5,6,7,8,9]',
      'waited 11 true',
      ...['false', 'false', 'false'],
      'false 11',
      'waited 51',
      "[ 1, undefined, 'text', null, -0, [ 1 ], true, NaN, { a: 1 }, false, 10n, 1970-01-01T00:00:00.000Z ]",
      '1000',
    ]);
  });
}
