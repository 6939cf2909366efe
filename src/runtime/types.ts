/// <reference lib="esnext.disposable" preserve="true" />
/** The first types, on which everything else stands: what a generator body yields and returns. No code. */

declare const suspendBrand: unique symbol;

/** What a blocking call yields to the runtime. Branded with an unexported symbol, so that a bare `yield 5` does not type-check. */
export interface Suspend {
  readonly [suspendBrand]: true;
}

/** What a generator body returns: `function* f(): Green<number> { … }`. */
export type Green<T> = Generator<Suspend, T, unknown>;

/** The host's `AbortSignal`; where its types are not loaded, as much of it as the runtime uses. */
export type Signal = typeof globalThis extends { AbortSignal: { prototype: infer S } } ? S : AbortSignalLike;

/** `AbortSignal`, as far as the runtime uses it. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
