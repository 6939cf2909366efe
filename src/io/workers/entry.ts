/** What every child runs: it is told which service to be, and loads that. */
import process from 'node:process';
import { isMainThread, workerData } from 'node:worker_threads';
import type { Channel } from './channel.js';
import { childChannel } from './child-channel.js';
import { becomeChild, type Init } from './child-state.js';
import { loadModule } from './load.js';

async function begin(init: Init, channel: Channel): Promise<void> {
  becomeChild(init);
  const service = await loadModule(init.service);
  await (service['serve'] as (channel: Channel, init: Init) => unknown)(channel, init);
}

if (isMainThread) {
  // What follows the first message is for the channel.
  const first = (init: unknown) => {
    process.off('message', first);
    const channel = childChannel();
    channel.hold(true);
    void begin(init as Init, channel);
  };
  process.on('message', first);
} else {
  const channel = childChannel();
  channel.hold(true);
  void begin(workerData as Init, channel);
}
