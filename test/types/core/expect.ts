/** Type equality for the tests of types. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export declare function expectType<T>(): <U>(
  value: U,
  ...same: Same<T, U> extends true ? [] : [never]
) => void;
