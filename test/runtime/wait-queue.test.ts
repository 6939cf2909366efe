import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaitQueue } from '../../src/runtime/wait-queue.js';
import { NEW, Waiter } from '../../src/runtime/waiter.js';

class Someone extends Waiter {
  constructor() {
    super(NEW);
  }
  get _self(): Waiter {
    return this;
  }
  _woken(): void {}
  _turn(): void {}
}

describe('WaitQueue', () => {
  it('behaves as an array, whatever is pushed, shifted and removed', () => {
    const command = fc.record({ do: fc.constantFrom('push', 'push', 'shift', 'remove'), which: fc.nat() });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 100 }), (commands) => {
        const queue = new WaitQueue();
        const model: Waiter[] = [];
        for (const each of commands) {
          if (each.do === 'push') {
            const waiter = new Someone();
            queue.push(waiter);
            model.push(waiter);
          } else if (each.do === 'shift') {
            expect(queue.shift()).toBe(model.shift() ?? null);
          } else if (model.length > 0) {
            const [waiter] = model.splice(each.which % model.length, 1);
            queue.remove(waiter!);
            expect([waiter!._next, waiter!._value]).toEqual([null, undefined]);
          }
          expect(queue.length).toBe(model.length);
          expect(queue.first).toBe(model[0] ?? null);
          expect([...queue].every((waiter, i) => waiter === model[i])).toBe(true);
          expect([...queue]).toHaveLength(model.length);
        }
      }),
      { seed: 42, numRuns: 200 },
    );
  });

  it('a waiter that has left may enter again, at the end', () => {
    const queue = new WaitQueue();
    const [a, b] = [new Someone(), new Someone()];
    queue.push(a);
    queue.push(b);
    queue.remove(a);
    queue.push(a);
    expect(queue.shift()).toBe(b);
    expect(queue.shift()).toBe(a);
    expect(queue.shift()).toBeNull();
  });
});
