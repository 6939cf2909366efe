// `greenlets/testing` compiles with neither @types/node nor lib.dom, and infers as the daily door does.
import { type Green, sleep } from 'greenlets';
import {
  explore,
  runVirtual,
  sweepKills,
  type TestClock,
  type VirtualOptions,
  virtual,
  waitAllBlocked,
} from 'greenlets/testing';
import { expectType } from './expect.js';

async function tests() {
  expectType<number>()(
    await runVirtual(function* (clock): Green<number> {
      expectType<TestClock>()(clock);
      yield* sleep(5);
      yield* clock.advance(5);
      yield* clock.next();
      yield* waitAllBlocked();
      expectType<number | undefined>()(clock.seed);
      expectType<number>()(clock.random());
      return clock.now();
    }),
  );
  expectType<string>()(await runVirtual(async () => '' as string, { seed: 1, clock: 'manual', patch: true }));
  const body: () => Promise<number> = virtual((clock) => clock.now());
  const options: VirtualOptions = { clock: 'auto' };
  expectType<number>()(await sweepKills(() => sleep(5), options));
  expectType<void>()(await explore(() => sleep(5), { runs: 5, seed: 1 }));
  // @ts-expect-error no such clock
  await runVirtual(() => sleep(5), { clock: 'fast' });
}

function* bare() {
  yield 5;
}
// @ts-expect-error a bare yield
virtual(bare);
// @ts-expect-error
runVirtual(bare);
// @ts-expect-error
explore(bare);
// @ts-expect-error
sweepKills(bare);
