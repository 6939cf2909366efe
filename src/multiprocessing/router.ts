/**
 * The ways between processes. Each has a home, named after its parent's: 'm' is the program, 'm.2' its second child. A message goes along
 * the tree, from parent to child and back, and in order.
 */
import type { Channel } from '../io/workers/channel.js';
import { childInit } from '../io/workers/child-state.js';

export interface Envelope {
  readonly to: string;
  readonly from: string;
}

interface ChildData {
  readonly home: string;
}

/** Where this process lives. */
export const here: string = (childInit()?.data as ChildData | undefined)?.home ?? 'm';

const above = here.slice(0, here.lastIndexOf('.'));
const children = new Map<string, Channel>();
let parent: Channel | null = null;
let made = 0;

/** A home for a new child. */
export function nextHome(): string {
  return `${here}.${++made}`;
}

/** Called before anything is sent: what was written to shared values goes first. */
export const beforeSending: (() => void)[] = [];

type Handler = (payload: never) => void;
const handlers = new Map<string, Handler>();

/** Has `handler` called with what comes for this process under `topic`. */
export function receives<P>(topic: string, handler: (payload: P) => void): void {
  handlers.set(topic, handler as Handler);
}

function listen(channel: Channel): void {
  for (const topic of handlers.keys()) {
    channel.on<Envelope>(topic, (payload) => {
      if (payload.to === here || payload.to === '*') (handlers.get(topic) as Handler)(payload as never);
      else forward(topic, payload);
    });
  }
}

/** What is told when a process has gone, here and everywhere. */
const mourners: ((home: string, name: string) => void)[] = [];

export function onGone(mourner: (home: string, name: string) => void): void {
  mourners.push(mourner);
}

receives<Envelope & { readonly home: string; readonly name: string }>('gone', (payload) => {
  gone(payload.home, payload.name, payload.from);
});

/** Everyone but `except` is told that the process at `home` and its children have gone. */
function gone(home: string, name: string, except: string | null): void {
  for (const mourner of mourners) mourner(home, name);
  const payload = { to: '*', from: here, home, name };
  for (const [child, channel] of children) if (child !== except) channel.send('gone', payload);
  if (except !== above) parent?.send('gone', payload);
}

/** `channel` leads to the child at `home`, called `name`. */
export function addChild(home: string, channel: Channel, name: () => string): void {
  children.set(home, channel);
  listen(channel);
  channel.onClose(() => {
    children.delete(home);
    gone(home, name(), home);
  });
}

/** `channel` leads to the parent. */
export function setParent(channel: Channel): void {
  parent = channel;
  listen(channel);
}

/** The parent's channel, in a child. */
export function parentChannel(): Channel | null {
  return parent;
}

/** Whether `home` is `of`, or below it. */
export function isWithin(home: string, of: string): boolean {
  return home === of || home.startsWith(`${of}.`);
}

function channelTo(home: string): Channel | null {
  if (!home.startsWith(`${here}.`)) return parent;
  for (const [child, channel] of children) if (isWithin(home, child)) return channel;
  return null;
}

/** Whether there is a way to `home`. */
export function reaches(home: string): boolean {
  return home === here || channelTo(home) !== null;
}

function forward(topic: string, payload: Envelope): void {
  const channel = channelTo(payload.to);
  if (channel !== null) channel.send(topic, payload);
  else if (topic === 'call') {
    const { id, from } = payload as Envelope & { readonly id: number };
    send('reply', from, { id, lost: payload.to });
  }
}

/** Sends `payload` to `to`. */
export function send(topic: string, to: string, payload: object): void {
  for (const before of beforeSending) before();
  const full = { ...payload, to, from: here };
  if (to === here) (handlers.get(topic) as Handler)(full as never);
  else forward(topic, full);
}
