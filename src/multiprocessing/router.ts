/**
 * The ways between processes. Each has a home, named after its parent's: 'm' is the program, 'm.2' its second child. A message goes along
 * the tree, from parent to child and back, and in order.
 */
import type { Channel } from '../io/workers/channel.js';
import { childInit } from '../io/workers/child-state.js';
import { packFailure } from '../io/workers/failure.js';

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

/** A home for what is at the other end of a connection of the network: known here, and below, as if it were a child. */
export function nextFarHome(): string {
  return `${here}.@${++made}`;
}

/** The part of `home` that names the other end of a connection; null when it is in this family of processes. */
export function farRoot(home: string): string | null {
  return /^.*?\.@\d+/.exec(home)?.[0] ?? null;
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
  channel.onUnsent = unsent;
  for (const topic of handlers.keys()) {
    channel.on<Envelope>(topic, (payload) => {
      if (payload.to === here || payload.to === '*') (handlers.get(topic) as Handler)(payload as never);
      else passOn(topic, payload);
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

const labels = new Map<string, string>();

/** What the process at `home` is called in messages. */
export function labelOf(home: string): string {
  return labels.get(home) ?? home;
}

/** `channel` leads to the child at `home`, called `label`; `name` says what it was when it has gone. */
export function addChild(home: string, channel: Channel, label: string, name: () => string): void {
  children.set(home, channel);
  labels.set(home, label);
  listen(channel);
  channel.onClose(() => {
    children.delete(home);
    labels.delete(home);
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

/** The channel that leads to `home`; null when there is no way. */
export function wayTo(home: string): Channel | null {
  return channelTo(home);
}

function forward(topic: string, payload: Envelope): void {
  const channel = channelTo(payload.to);
  if (channel !== null) channel.send(topic, payload);
  else if (topic === 'call') refuse(payload, { lost: payload.to });
}

/** Whoever has asked is told that it will not be done. */
function refuse(payload: Envelope, why: object): void {
  const { id, from } = payload as Envelope & { readonly id: number };
  send('reply', from, { id, ...why });
}

/** Passes on what is for somebody else; what cannot be sent on is answered here. */
function passOn(topic: string, payload: Envelope): void {
  try {
    forward(topic, payload);
  } catch (error) {
    if (!unsent(topic, payload, error)) throw error;
  }
}

/** Whoever waits for what cannot be sent is told so: memory that is shared cannot be sent to another process, for one. */
function unsent(topic: string, payload: unknown, error: unknown): boolean {
  const failure = packFailure(error);
  if (topic === 'call') refuse(payload as Envelope, { failure });
  else if (topic === 'reply')
    forward('reply', { ...(payload as Envelope), value: undefined, failure } as Envelope);
  else return false;
  return true;
}

/** Sends `payload` to `to`. */
export function send(topic: string, to: string, payload: object): void {
  for (const before of beforeSending) before();
  const full = { ...payload, to, from: here };
  if (to === here) (handlers.get(topic) as Handler)(full as never);
  else forward(topic, full);
}
