/** The programs of the seed documents, by the numbers of `programs.md`: `npm run example T12` runs one. */

export interface Example {
  /** From `examples/` on. */
  readonly file: string;
  readonly title: string;
  /** What is typed into it when all examples are run. */
  readonly typed?: string;
  /** The exit code that it ends with, when that is not 0. */
  readonly code?: number;
}

export const EXAMPLES: Readonly<Record<string, Example>> = {
  G1: { file: 'seeds/g1-switch.ts', title: 'two greenlets that switch by hand' },
  G2: { file: 'seeds/g2-joinall.ts', title: 'two greenlets that give way to one another' },
  G3: { file: 'seeds/g3-monkey.ts', title: 'three pages, fetched side by side' },
  G4: {
    file: 'seeds/g4-three-ways.ts',
    title: 'greenlets, threads and processes, for jobs that wait and that compute',
  },
  T1: { file: 'seeds/t01-thread.ts', title: 'threads run side by side' },
  T2: { file: 'seeds/t02-subclass.ts', title: 'a subclass of Thread' },
  T3: { file: 'seeds/t03-start.ts', title: 'main starts 50 threads and goes on' },
  T4: { file: 'seeds/t04-join-in-loop.ts', title: 'join() in the loop: one after the other' },
  T5: { file: 'seeds/t05-join-all.ts', title: 'join() after the loop: side by side' },
  T6: { file: 'seeds/t06-current-thread.ts', title: 'the current thread' },
  T7: { file: 'seeds/t07-active-count.ts', title: 'how many threads there are' },
  T8: { file: 'seeds/t08-event.ts', title: 'ten threads wait for an event', typed: 'True\n' },
  T9: { file: 'seeds/t09-daemon.ts', title: 'daemons, which nobody waits for' },
  T10: { file: 'seeds/t10-methods.ts', title: 'the methods of a thread' },
  T11: { file: 'seeds/t11-lock.ts', title: 'a lock, and what happens without it' },
  T12: { file: 'seeds/t12-rlock.ts', title: 'a lock that may be acquired again' },
  T13: { file: 'seeds/t13-deadlock.ts', title: 'a deadlock, explained' },
  T14: { file: 'seeds/t14-semaphore.ts', title: 'five at a time' },
  T15: { file: 'seeds/t15-condition.ts', title: 'a condition, and who is notified' },
  T16: { file: 'seeds/t16-producers.ts', title: 'producers and consumers' },
  T17: { file: 'seeds/t17-queue-methods.ts', title: 'the methods of a queue' },
  T18: { file: 'seeds/t18-simple-pool.ts', title: 'a pool made of a queue of permits' },
  T19: { file: 'seeds/t19-thread-pool.ts', title: 'a pool with callbacks, close and terminate' },
  P1: { file: 'seeds/p01-process.ts', title: 'a process, and several' },
  P2: { file: 'seeds/p01-process.ts', title: 'a thread inside a child process' },
  P3: { file: 'seeds/p01-process.ts', title: 'pids of parent and child' },
  P4: { file: 'seeds/p04-arguments.ts', title: 'processes with arguments, beside main' },
  P5: { file: 'seeds/p04-arguments.ts', title: 'globals are not shared' },
  P6: { file: 'seeds/p04-arguments.ts', title: 'join of one, and of several' },
  P7: { file: 'seeds/p01-process.ts', title: 'a subclass of Process' },
  P8: { file: 'seeds/p08-daemon.ts', title: 'a daemon process' },
  P9: { file: 'seeds/p09-locks.ts', title: 'a lock between processes' },
  P10: { file: 'seeds/p09-locks.ts', title: 'the karaoke room' },
  P11: { file: 'seeds/p09-locks.ts', title: 'an event between processes' },
  P12: { file: 'seeds/p12-queues.ts', title: 'a queue between processes' },
  P13: { file: 'seeds/p12-queues.ts', title: 'a queue that is joined' },
  P14: { file: 'seeds/p12-queues.ts', title: 'a pipe' },
  P15: { file: 'seeds/p15-manager.ts', title: 'a dict and a list that are shared' },
  P16: { file: 'seeds/p15-manager.ts', title: 'keys of several types' },
  P17: { file: 'seeds/p15-manager.ts', title: 'values and arrays' },
  P18: { file: 'seeds/p18-network.ts', title: 'a manager shared over the network' },
  P19: { file: 'seeds/p19-pool.ts', title: 'a pool with callbacks' },
  P20: { file: 'seeds/p19-pool.ts', title: 'a pool in a block' },
  P21: { file: 'seeds/p12-queues.ts', title: 'three ways to talk' },
  P22: { file: 'seeds/p19-pool.ts', title: 'terminate, and no zombie' },
  I1: { file: 'seeds/i1-ideas.ts', title: 'process, thread, coroutine, and the words around them' },
  I2: { file: 'seeds/i2-group.ts', title: 'a group of processes, and a signal that reaches all', code: 130 },
  I3: { file: 'seeds/i3-ends.ts', title: 'the four ways in which a process ends' },
};
