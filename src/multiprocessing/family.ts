/**
 * The children of this process: whether they hold it, and how they end with it.
 *
 * They hold it while a greenlet, or somebody outside, waits for something. When nothing of this program is left to do, daemons are ended and
 * the others waited for, as Python does at its exit.
 */
import process from 'node:process';
import type { Child } from '../io/workers/start-child.js';
import { Call } from '../runtime/call.js';
import { hooks } from '../runtime/hub.js';
import { registered } from '../runtime/registry.js';
import type { Greenlet } from '../runtime/scheduled-greenlet.js';
import { endings } from '../runtime/signals.js';
import type { Green } from '../runtime/types.js';
import { visits } from '../runtime/visitor.js';
import type { Event } from '../sync/event.js';

export interface Member {
  readonly child: Child;
  readonly daemon: boolean;
  readonly ended: Event;
}

const members = new Set<Member>();
const held = new WeakSet<Member>();
/** Nothing of the program is left to do. */
let over = false;

export function join(member: Member): void {
  members.add(member);
  hooks.turnEnded.add(lookAtEnd);
  over = false;
  hold(member, true);
  setImmediate(look);
}

export function leave(member: Member): void {
  members.delete(member);
  if (members.size === 0) hooks.turnEnded.delete(lookAtEnd);
  hold(member, false);
}

function hold(member: Member, on: boolean): void {
  if (held.has(member) === on) return;
  if (on) held.add(member);
  else held.delete(member);
  member.child.hold(on);
}

function isBusy(): boolean {
  if (visits.size > 0) return true;
  return (registered() as Greenlet<unknown>[]).some((each) => !each._extra?.unreferenced);
}

function look(): void {
  if (members.size === 0) return;
  const busy = isBusy();
  for (const member of members) hold(member, busy || (over && !member.daemon));
}

function lookAtEnd(idle: boolean): void {
  if (idle) look();
}

// Before the runtime looks for what will never go on.
process.prependListener('beforeExit', () => {
  if (members.size === 0 || over) return;
  over = true;
  for (const member of members) if (member.daemon) member.child.kill('SIGTERM');
  look();
});

process.on('exit', () => {
  for (const member of members) member.child.kill('SIGTERM');
});

function* endAll(): Green<void> {
  for (const { child } of members) {
    child.send('end', null);
    child.flush();
  }
  for (const { ended } of [...members]) yield* ended.wait();
}

endings.push(() => new Call(endAll as never, []));
