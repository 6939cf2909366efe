import { getcurrent, gettrace, greenlet, RawGreenlet, settrace, type Transfer } from 'greenlets';
import { expectType } from './expect.js';

declare const console: { log(...args: unknown[]): void };

// Seed G1, as written.
function* test1() {
  console.log(11);
  yield* gr2.switch();
  console.log(22);
  yield* gr2.switch();
}
function* test2() {
  console.log(33);
  yield* gr1.switch();
  console.log(44);
}
const gr1 = new greenlet(test1);
const gr2 = new greenlet(test2);
gr1.switch();

const transfer = gr1.switch(1, 'two');
expectType<boolean>()(transfer.done);
const sent: number = transfer.value;
async function outside() {
  const value: string = await gr1.switch();
  const thrown: Transfer<any> = gr1.throw(new Error());
  gr1.throw();
  gr1.throw(TypeError);
}

expectType<boolean>()(gr1.dead);
expectType<boolean>()(gr1.started);
expectType<number>()(gr1.ident);
expectType<string>()(gr1.name);
gr1.name = 'one';
expectType<greenlet | null>()(gr1.parent);
gr1.parent = gr2;
gr1.parent = getcurrent();
// @ts-expect-error a number is no greenlet
gr1.parent = 5;
// @ts-expect-error ident is read-only
gr1.ident = 5;

const withParent: greenlet = new greenlet(() => 5, gr1);
const raw: greenlet = new RawGreenlet();

class Adder extends greenlet<number> {
  override *run(a: number, b: number) {
    return a + b + ((yield* gr1.switch()) as number);
  }
}
const sum: Transfer<number> = new Adder().switch(1, 2);

settrace((event, origin, target) => {
  expectType<'switch' | 'throw'>()(event);
  expectType<greenlet>()(origin);
  target.switch();
});
settrace(null);
expectType<((event: 'switch' | 'throw', origin: greenlet, target: greenlet) => void) | null>()(gettrace());
// @ts-expect-error a tracer is a function
settrace(5);
