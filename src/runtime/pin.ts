/**
 * One greenlet of each kind that lives as long as the process. V8 forgets the shape of objects of which a full collection finds
 * none, and with it throws away the code that was compiled for that shape: the loop would be compiled anew after every time
 * without greenlets.
 */
import { greenlet, idents, main } from './greenlet.js';
import { JoinAll } from './joinall.js';
import { Greenlet } from './scheduled-greenlet.js';
import { Transfer } from './transfer.js';

const { next } = idents;

export const pinned: readonly unknown[] = [
  new greenlet(),
  new Greenlet(() => {}),
  new JoinAll([], {}),
  new Transfer(main, main, null, undefined, false),
];

// They take no numbers from the user's greenlets.
idents.next = next;
