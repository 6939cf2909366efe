import { hub, sleep, spawn } from 'greenlets';
import { expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';

watchHub();

function fail(): never {
  throw new Error('boo');
}

it('an error that is awaited in the statement of the spawn is not told, though the greenlet fails first', async () => {
  await expect(spawn(fail).get()).rejects.toThrow('boo');
  await sleep(0);
});

it('an error that is read after a join that began too late is not told', async () => {
  const g = spawn(fail);
  await g.join();
  expect((g.error as Error).message).toBe('boo');
});

it('an error that nobody takes is told before a sleep(0) of main is over', async () => {
  const told: unknown[] = [];
  hub.onError = (error) => told.push(String(error));
  spawn(fail);
  await sleep(0);
  expect(told).toEqual(['Error: boo']);
});
