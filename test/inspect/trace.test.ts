import { GreenletError, gettrace, Queue, settrace, sleep, spawn } from 'greenlets';
import { type TraceEvent, trace } from 'greenlets/inspect';
import { describe, expect, it, onTestFinished } from 'vitest';

function* worker(queue: Queue<number>) {
  yield* queue.get();
  yield* sleep(0);
}

async function program(): Promise<void> {
  const queue = new Queue<number>();
  const one = spawn({ name: 'one' }, worker, queue);
  const killed = spawn({ name: '</script>' }, () => sleep(1000));
  await sleep(0);
  queue.putNowait(1);
  await one.get();
  await killed.kill();
}

const brief = (events: readonly TraceEvent[], name: string) => {
  const row = events.find((event) => event.args?.name === name)?.tid;
  return events
    .filter(({ tid, ph }) => tid === row && ph !== 'M')
    .map(({ cat, name: what }) => `${cat} ${what}`);
};

describe('trace', () => {
  it('has no run of a greenlet that was killed before its first', async () => {
    trace.start();
    const unrun = spawn({ name: 'unrun' }, worker, new Queue<number>());
    unrun.kill();
    await sleep(0);
    expect(brief(trace.stop().traceEvents, 'unrun')).toEqual(['life spawn', 'life kill', 'life end']);
  });

  it('has a row for each greenlet: its runs, its waits by their names, and its life', async () => {
    trace.start();
    await program();
    const { traceEvents, dropped } = trace.stop();
    expect(brief(traceEvents, 'one')).toEqual([
      'life spawn',
      'run one',
      expect.stringMatching(/^wait Queue\.get of <Queue/),
      'run one',
      expect.stringMatching(/^wait sleep/),
      'life end',
      'run one',
    ]);
    expect(brief(traceEvents, '</script>')).toEqual([
      'life spawn',
      'run </script>',
      'life kill',
      expect.stringMatching(/^wait /),
      'life end',
      'run </script>',
    ]);
    expect(dropped).toBe(0);
    for (const { ph, ts, dur = 0 } of traceEvents) {
      expect(['X', 'i', 'M']).toContain(ph);
      expect([ts >= 0, dur >= 0]).toEqual([true, true]);
    }
  });

  it('has no run of a greenlet that has not run', async () => {
    trace.start();
    const late = spawn({ name: 'late' }, () => sleep(0));
    const { traceEvents } = trace.stop();
    expect(brief(traceEvents, 'late')).toEqual(['life spawn']);
    await late.get();
  });

  it('is written as Chrome trace events, and as a page that nothing in it can break', async () => {
    trace.start();
    await program();
    const stopped = trace.stop();
    expect(JSON.parse(JSON.stringify(stopped))).toEqual({
      traceEvents: stopped.traceEvents,
      displayTimeUnit: 'ms',
    });
    const html = stopped.toHTML();
    expect(html.match(/<\/script>/g)).toHaveLength(1);
    expect(html).not.toMatch(/\b(?:src|href)=|https?:/);
    const data = /const events = (.*);\n/.exec(html)?.[1] as string;
    expect(JSON.parse(data)).toEqual(stopped.traceEvents);
  });

  it('keeps no more than its limit, and counts the rest', async () => {
    trace.start({ limit: 3 });
    await program();
    const { traceEvents, dropped } = trace.stop();
    expect(traceEvents).toHaveLength(3);
    expect(dropped).toBeGreaterThan(0);
  });

  it('leaves settrace alone', async () => {
    const seen: string[] = [];
    const tracer = (event: string) => void seen.push(event);
    settrace(tracer);
    onTestFinished(() => void settrace(null));
    trace.start();
    await spawn(() => 1).get();
    trace.stop();
    expect(gettrace()).toBe(tracer);
    const before = seen.length;
    expect(before).toBeGreaterThan(0);
    await spawn(() => 1).get();
    expect(seen.length).toBeGreaterThan(before);
  });

  it('is started and stopped in turn', () => {
    expect(() => trace.stop()).toThrow(GreenletError);
    trace.start();
    expect(() => trace.start()).toThrow('a trace is being recorded already');
    trace.stop();
    expect(() => trace.start({ limit: -1 })).toThrow(RangeError);
  });
});
