/** After each test of the client: nothing is left. */
import { http } from 'greenlets/io';
import { expect } from 'vitest';
import { engine } from '../../src/runtime/engine.js';
import { outside } from '../../src/runtime/until.js';

const KINDS = /TCPSocketWrap|TCPConnectWrap|PipeWrap|TLSWrap|TCPWrap|ConnectWrap|WriteWrap|ShutdownWrap|Zlib/;

/** No request waits, no timer of a request is set, no connection is busy, and no idle one holds the process. */
export async function nothingLeft(): Promise<void> {
  expect(outside.waits, 'waits for the world outside').toBe(0);
  expect(engine.timers.size, 'timers').toBe(0);
  const { sockets, free, waiting } = http.globalAgent.statistics();
  expect({ busy: sockets - free, waiting }).toEqual({ busy: 0, waiting: 0 });
  http.globalAgent.close();
  expect(http.globalAgent.statistics()).toEqual({ origins: 0, sockets: 0, free: 0, waiting: 0 });
  // The host closes handles in its own time: within a few passes.
  for (let i = 0; i < 200 && left().length > 0; i++) await new Promise((resolve) => setImmediate(resolve));
  expect(left()).toEqual([]);
}

function kinds(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => KINDS.test(kind));
}

/** The pipes to whoever runs the tests. */
const before = kinds();

function left(): string[] {
  const found = kinds();
  for (const kind of before) {
    const at = found.indexOf(kind);
    if (at !== -1) found.splice(at, 1);
  }
  return found;
}
