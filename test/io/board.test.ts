import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  type Board,
  CELLS,
  clock,
  DONE,
  kindOf,
  OFFERED,
  RUNNING,
  SENT,
  type Seat,
  SKIPPED,
} from '../../src/io/workers/board.js';
import { FileBoard, FileSeat } from '../../src/io/workers/file-board.js';
import { SharedBoard, SharedSeat } from '../../src/io/workers/shared-board.js';

function both(kind: string): { board: Board; seat: Seat } {
  if (kind === 'shared') {
    const board = new SharedBoard();
    return { board, seat: new SharedSeat(board.handle) };
  }
  const board = FileBoard.open() as FileBoard;
  return { board, seat: new FileSeat(board.handle) };
}

function finish(seat: Seat, cell: number, number: number, value: unknown): void {
  seat.finish(cell, number, kindOf(value), value, 2.5);
}

describe.each(['shared', 'file'])('a board (%s)', (kind) => {
  it('lets a worker begin what was offered, and nobody take it back after that', () => {
    const { board, seat } = both(kind);
    board.offer(3, 1);
    board.look();
    expect(board.stateOf(3, 1)).toBe(OFFERED);
    expect(seat.begin(3, 1, 0)).toBe(true);
    expect(board.takeBack(3, 1)).toBe(false);
    board.look();
    expect(board.stateOf(3, 1)).toBe(RUNNING);
    board.close();
  });

  it('lets a pool take back what has not begun, and no worker begin it after that', () => {
    const { board, seat } = both(kind);
    board.offer(3, 1);
    expect(board.takeBack(3, 1)).toBe(true);
    expect(seat.begin(3, 1, 0)).toBe(false);
    board.close();
  });

  it('keeps a job that was taken back apart from another that has its cell', () => {
    const { board, seat } = both(kind);
    board.offer(0, 1);
    expect(board.takeBack(0, 1)).toBe(true);
    board.offer(0, 2);
    expect(board.takeBack(0, 2)).toBe(true);
    board.offer(0, 3);
    expect([seat.begin(0, 1, 0), seat.begin(0, 2, 0), seat.begin(0, 3, 0)]).toEqual([false, false, true]);
    finish(seat, 0, 3, 'x'.length);
    seat.due();
    board.look();
    expect([board.stateOf(0, 3), board.valueAt(0)]).toEqual([DONE, 1]);
    board.close();
  });

  it('is not confused by a result that is told after the cell was given to another job', () => {
    const { board, seat } = both(kind);
    board.offer(0, 1);
    seat.begin(0, 1, 0);
    board.offer(0, 2);
    seat.sent(0, 1);
    expect(seat.begin(0, 2, 0)).toBe(true);
    board.look();
    expect(board.stateOf(0, 2)).toBe(RUNNING);
    board.close();
  });

  it.each([undefined, null, true, false, 0, -0, 1.5, NaN, -Infinity, 2 ** 53])('keeps %s', (value) => {
    const { board, seat } = both(kind);
    const cell = CELLS - 1;
    board.offer(cell, 7);
    seat.begin(cell, 7, 0);
    finish(seat, cell, 7, value);
    expect(seat.due()).toBe(true);
    board.woken();
    expect(board.stateOf(cell, 7)).toBe(DONE);
    expect(board.valueAt(cell)).toBe(value);
    expect(board.timeOf(cell)).toBe(2.5);
    board.close();
  });

  it('has no room for anything else', () => {
    expect(['', 1n, {}, [], () => {}, Symbol('s')].map(kindOf)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('knows when the function of a job was called', () => {
    const { board, seat } = both(kind);
    for (const cell of [0, 1]) board.offer(cell, cell + 1);
    const before = clock();
    seat.begin(0, 1, clock());
    finish(seat, 0, 1, 1);
    seat.begin(1, 2, 0);
    board.look();
    expect(board.timeOf(1)).toBe(0);
    seat.called(1, 2, clock());
    board.look();
    expect(board.timeOf(1)).toBeGreaterThanOrEqual(before);
    expect(board.timeOf(1)).toBeLessThanOrEqual(clock());
    board.close();
  });

  it('has the pool woken once for all that it has not yet seen', () => {
    const { board, seat } = both(kind);
    const woken: boolean[] = [];
    const step = (number: number) => {
      board.offer(number, number);
      seat.begin(number, number, 0);
      finish(seat, number, number, number);
      woken.push(seat.due());
    };
    expect(seat.due()).toBe(false);
    step(1);
    step(2);
    board.woken();
    expect([board.valueAt(1), board.valueAt(2)]).toEqual([1, 2]);
    step(3);
    step(4);
    board.woken();
    expect(board.valueAt(4)).toBe(4);
    expect(woken).toEqual([true, false, true, false]);
    expect(seat.due()).toBe(false);
    board.close();
  });

  it('says of a result that went by message that it was sent', () => {
    const { board, seat } = both(kind);
    board.offer(0, 1);
    board.offer(1, 2);
    seat.begin(0, 1, 0);
    seat.sent(0, 1);
    seat.begin(1, 2, 0);
    board.look();
    expect([board.stateOf(0, 1), board.stateOf(1, 2)]).toEqual([SENT, RUNNING]);
    board.close();
  });
});

describe('a board in a file', () => {
  it('gives a job back when both sides have met at it and each has left it to the other', () => {
    const board = FileBoard.open() as FileBoard;
    const seat = new FileSeat(board.handle);
    // The worker has written that it begins, and not yet looked; then the pool has written and looked.
    const early = new FileSeat(board.handle);
    early.begin(0, 1, 0);
    expect(board.takeBack(0, 1)).toBe(false);
    expect(seat.begin(0, 1, 0)).toBe(false);
    expect(seat.due()).toBe(true);
    board.woken();
    expect(board.stateOf(0, 1)).toBe(SKIPPED);
    board.close();
  });

  it('has no name', () => {
    const names = () =>
      ['/dev/shm', tmpdir()].flatMap((folder) => {
        try {
          return readdirSync(folder).filter((name) => name.startsWith(`greenlets-${process.pid}-`));
        } catch {
          return [];
        }
      });
    const board = FileBoard.open() as FileBoard;
    expect(names()).toEqual([]);
    board.close();
    board.close();
    board.look();
  });

  it('cannot be had where there is no folder for it', () => {
    expect(FileBoard.open(['/nowhere/at/all'])).toBe(null);
  });
});
