/** The overloads of a function of the host, so that each can be made green. */

/** Those that are there, in order. There may be up to sixteen. */
export type Overloads<F> = Distinct<Slots<F>>;

/** One function with the overloads of all. */
export type Both<L> = L extends [infer F, ...infer Rest] ? (Rest extends [] ? F : F & Both<Rest>) : never;

type Slots<F> = F extends {
  (...args: infer A1): infer R1;
  (...args: infer A2): infer R2;
  (...args: infer A3): infer R3;
  (...args: infer A4): infer R4;
  (...args: infer A5): infer R5;
  (...args: infer A6): infer R6;
  (...args: infer A7): infer R7;
  (...args: infer A8): infer R8;
  (...args: infer A9): infer R9;
  (...args: infer A10): infer R10;
  (...args: infer A11): infer R11;
  (...args: infer A12): infer R12;
  (...args: infer A13): infer R13;
  (...args: infer A14): infer R14;
  (...args: infer A15): infer R15;
  (...args: infer A16): infer R16;
}
  ? [
      (...args: A1) => R1,
      (...args: A2) => R2,
      (...args: A3) => R3,
      (...args: A4) => R4,
      (...args: A5) => R5,
      (...args: A6) => R6,
      (...args: A7) => R7,
      (...args: A8) => R8,
      (...args: A9) => R9,
      (...args: A10) => R10,
      (...args: A11) => R11,
      (...args: A12) => R12,
      (...args: A13) => R13,
      (...args: A14) => R14,
      (...args: A15) => R15,
      (...args: A16) => R16,
    ]
  : never;

/**
 * Of a function with fewer, the first one comes as often as there are places left over (in older compilers one that says
 * nothing): that is left out.
 */
type Distinct<L> = L extends [infer F, ...infer Rest]
  ? Rest extends [infer Next, ...unknown[]]
    ? Same<F, Next> extends true
      ? Distinct<Rest>
      : unknown extends ReturnOf<F>
        ? Distinct<Rest>
        : [F, ...Distinct<Rest>]
    : [F]
  : never;

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

type ReturnOf<F> = F extends (...args: never[]) => infer R ? R : never;
