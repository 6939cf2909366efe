/**
 * One object of each kind that the loop meets, which live as long as the process. V8 forgets the shape of objects of which a
 * full collection finds none, and with it throws away the code that was compiled for that shape: the loop would be compiled
 * anew after every time without greenlets, or without waits of one kind.
 */
import { greenlet, idents, main } from './greenlet.js';
import { DeathLink, Get } from './join.js';
import { JoinAll, Joining } from './joinall.js';
import { Greenlet } from './scheduled-greenlet.js';
import { Transfer } from './transfer.js';
import { Visit } from './visitor.js';

const { next } = idents;
const nothing = () => {};
const scheduled = new Greenlet(nothing);
scheduled._more();

export const pinned: readonly unknown[] = [
  new greenlet(),
  scheduled,
  new JoinAll([], {}),
  new Joining(main, [], 0, false),
  new DeathLink(main, new Get(scheduled, 0)),
  new Transfer(main, main, null, undefined, false),
  new Visit(main, nothing, nothing),
];

// They take no numbers from the user's greenlets.
idents.next = next;
