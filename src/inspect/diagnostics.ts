/**
 * The lives of greenlets on Node's `diagnostics_channel`: with this module loaded, `greenlets:spawn`, `greenlets:end`,
 * `greenlets:error` and `greenlets:kill` are published, to whoever has subscribed.
 */
import type { greenlet } from '../runtime/greenlet.js';
import { builtin } from '../runtime/host.js';
import { listen } from '../runtime/life-hooks.js';

/** What is published: `error` with `greenlets:error` and `greenlets:kill`. */
export interface GreenletMessage {
  readonly greenlet: greenlet;
  readonly error?: unknown;
}

interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: GreenletMessage): void;
}

const channels = builtin<{ channel(name: string): Channel }>('diagnostics_channel');

if (channels !== undefined) {
  const [spawn, end, error, kill] = ['spawn', 'end', 'error', 'kill'].map((name) =>
    channels.channel(`greenlets:${name}`),
  ) as [Channel, Channel, Channel, Channel];
  listen({
    starting(started) {
      if (spawn.hasSubscribers) spawn.publish({ greenlet: started });
    },
    killed(killed, reason) {
      if (kill.hasSubscribers) kill.publish({ greenlet: killed, error: reason });
    },
    ended(ended, failed) {
      if (failed && error.hasSubscribers) error.publish({ greenlet: ended, error: ended._value });
      if (end.hasSubscribers) end.publish({ greenlet: ended });
    },
  });
}
