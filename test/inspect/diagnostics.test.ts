import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { hub, sleep, spawn } from 'greenlets';
import type { GreenletMessage } from 'greenlets/inspect';
import { describe, expect, it, onTestFinished } from 'vitest';
import 'greenlets/inspect';

describe('diagnostics_channel', () => {
  it('has the spawn, kill, error and end of every greenlet for whoever subscribes', async () => {
    const seen: unknown[] = [];
    for (const name of ['spawn', 'end', 'error', 'kill']) {
      const note = (message: unknown) => {
        const { greenlet, error } = message as GreenletMessage;
        seen.push([name, greenlet.name, error instanceof Error ? error.message : error]);
      };
      subscribe(`greenlets:${name}`, note);
      onTestFinished(() => void unsubscribe(`greenlets:${name}`, note));
    }
    hub.onError = () => {};
    onTestFinished(() => {
      hub.onError = null;
    });
    await spawn({ name: 'fine' }, () => 1).get();
    await expect(
      spawn({ name: 'bad' }, () => {
        throw new Error('no');
      }).get(),
    ).rejects.toThrow('no');
    await spawn({ name: 'victim' }, () => sleep(1000)).kill();
    expect(seen).toEqual([
      ['spawn', 'fine', undefined],
      ['end', 'fine', undefined],
      ['spawn', 'bad', undefined],
      ['error', 'bad', 'no'],
      ['end', 'bad', undefined],
      ['spawn', 'victim', undefined],
      ['kill', 'victim', 'killed'],
      ['end', 'victim', undefined],
    ]);
  });
});
