import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimerHeap } from '../../src/runtime/timers.js';
import type { Timed } from '../../src/runtime/waiter.js';

class Entry implements Timed {
  _timer = -1;
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  _expired(): void {}
}

/** The naive heap: a sorted array. */
class Model {
  rows: { entry: Entry; deadline: number; order: number; hold: boolean }[] = [];
  #order = 0;
  set(entry: Entry, deadline: number, hold: boolean): void {
    this.rows.push({ entry, deadline, order: this.#order++, hold });
    this.rows.sort((a, b) => a.deadline - b.deadline || a.order - b.order);
  }
  remove(entry: Entry): void {
    this.rows = this.rows.filter((row) => row.entry !== entry);
  }
  takeDue(now: number): Entry | null {
    const [row] = this.rows;
    if (row === undefined || row.deadline > now) return null;
    this.rows.shift();
    return row.entry;
  }
}

const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      deadline: fc.nat(20),
      hold: fc.boolean(),
      span: fc.option(fc.nat(3), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('hold' as const), which: fc.nat(), hold: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('take' as const), now: fc.nat(25) }) },
);

describe('TimerHeap', () => {
  it('behaves as a sorted array, whatever is set, removed, held and taken', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
        const heap = new TimerHeap();
        const model = new Model();
        let names = 0;
        for (const each of commands) {
          if (each.do === 'set') {
            const entry = new Entry(`e${names++}`);
            heap.set(entry, each.deadline, each.hold, each.span);
            model.set(entry, each.deadline, each.hold);
          } else if (each.do === 'take') {
            const taken = heap.takeDue(each.now) as Entry | null;
            expect(taken?.name).toBe(model.takeDue(each.now)?.name);
            if (taken !== null) expect(taken._timer).toBe(-1);
          } else if (model.rows.length > 0) {
            const row = model.rows[each.which % model.rows.length]!;
            if (each.do === 'remove') {
              heap.remove(row.entry);
              model.remove(row.entry);
              expect(row.entry._timer).toBe(-1);
            } else {
              heap.hold(row.entry, each.hold);
              row.hold = each.hold;
            }
          }
          expect(heap.size).toBe(model.rows.length);
          expect(heap.held).toBe(model.rows.filter((row) => row.hold).length);
          expect(heap.earliest).toBe(model.rows[0]?.deadline ?? Number.POSITIVE_INFINITY);
          for (const row of model.rows) expect(heap.deadlineOf(row.entry)).toBe(row.deadline);
          expect(new Set(heap)).toEqual(new Set(model.rows.map((row) => row.entry)));
        }
      }),
      { seed: 42, numRuns: 200 },
    );
  });

  it('takes equal deadlines in the order in which they were set, many of them', () => {
    const heap = new TimerHeap();
    const entries = Array.from({ length: 1000 }, (_, i) => new Entry(`e${i}`));
    entries.forEach((entry, i) => {
      heap.set(entry, i % 3, true);
    });
    const taken: string[] = [];
    for (let due = heap.takeDue(2); due !== null; due = heap.takeDue(2)) taken.push((due as Entry).name);
    const sorted = [0, 1, 2].flatMap((rest) => entries.filter((_, i) => i % 3 === rest).map((e) => e.name));
    expect(taken).toEqual(sorted);
  });

  it('keeps the order of equal deadlines that were set for different spans', () => {
    const heap = new TimerHeap();
    const names: string[] = [];
    for (let now = 0; now < 10; now++) {
      for (const span of [30 - now, 20 - now, 0.5]) {
        const entry = new Entry(`${now + span} set at ${now}`);
        heap.set(entry, now + span, true, span);
        names.push(entry.name);
      }
    }
    const taken: string[] = [];
    for (let due = heap.takeDue(30); due !== null; due = heap.takeDue(30)) taken.push((due as Entry).name);
    expect(taken).toEqual(names.sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b)));
  });

  it('grows, gives the room back when it is empty, and goes on', () => {
    const heap = new TimerHeap();
    for (let round = 0; round < 3; round++) {
      const entries = Array.from({ length: 500 }, (_, i) => new Entry(`e${i}`));
      entries.forEach((entry, i) => {
        heap.set(entry, round * 1000 + i, i % 2 === 0, i % 7);
      });
      for (const entry of entries.filter((_, i) => i % 3 !== 0)) heap.remove(entry);
      const taken: string[] = [];
      for (let due = heap.takeDue(9999); due !== null; due = heap.takeDue(9999))
        taken.push((due as Entry).name);
      expect(taken).toEqual(entries.filter((_, i) => i % 3 === 0).map((entry) => entry.name));
      expect([heap.size, heap.held, heap.earliest]).toEqual([0, 0, Number.POSITIVE_INFINITY]);
    }
  });

  it('may be changed while it is iterated', () => {
    const heap = new TimerHeap();
    for (let i = 0; i < 10; i++) heap.set(new Entry(`e${i}`), i, true);
    let seen = 0;
    for (const entry of heap) {
      heap.remove(entry);
      seen++;
    }
    expect([seen, heap.size]).toEqual([10, 0]);
  });

  it('gives nothing before its time, and Infinity for an entry that is not in it', () => {
    const heap = new TimerHeap();
    const entry = new Entry('e');
    expect(heap.earliest).toBe(Number.POSITIVE_INFINITY);
    expect(heap.takeDue(Number.MAX_VALUE)).toBeNull();
    heap.set(entry, 5, true);
    expect(heap.takeDue(4.999)).toBeNull();
    expect(heap.takeDue(5)).toBe(entry);
    expect(heap.deadlineOf(entry)).toBe(Number.POSITIVE_INFINITY);
  });
});
