// G1: two greenlets that switch to one another by hand.
import { greenlet } from 'greenlets';

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
