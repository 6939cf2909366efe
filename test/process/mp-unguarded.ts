/** Starts a process whenever it is imported, which Python refuses in a child. */
import { Process } from 'greenlets/multiprocessing';

export function f() {}

const p = new Process({ target: f });
p.start();
await p.join();
console.log('code', p.exitCode);
