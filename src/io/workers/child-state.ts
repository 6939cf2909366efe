/** What this process or thread is: the program itself, or a child that this package has started. */
import { realpathSync } from 'node:fs';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

export type StartMethod = 'process' | 'worker';

/** What a child is told before anything else. */
export interface Init {
  /** The module whose `serve(channel, init)` runs in the child. */
  readonly service: string;
  /** The module of the program; null when there is none (`node -e`). */
  readonly main: string | null;
  readonly script: string | undefined;
  readonly kind: StartMethod;
  readonly data: unknown;
  /** Of a worker of a pool: its side of the board that it shares with the pool (board.ts). */
  readonly board: SharedArrayBuffer | number | null;
}

const KEY = Symbol.for('greenlets.child');
const store = globalThis as unknown as Record<symbol, Init | undefined>;

/** What this child was told; null in the program itself. */
export function childInit(): Init | null {
  return store[KEY] ?? null;
}

export function becomeChild(init: Init): void {
  store[KEY] = init;
  if (init.script !== undefined) process.argv[1] = init.script;
}

/** The URL of the program's module; null when there is none. */
export function mainUrl(): string | null {
  const init = childInit();
  if (init !== null) return init.main;
  const script = process.argv[1];
  if (script === undefined) return null;
  for (const path of [script, `${script}.js`, `${script}.mjs`, `${script}/index.js`]) {
    try {
      return pathToFileURL(realpathSync(path)).href;
    } catch {
      // Node looks for it under the other names, too.
    }
  }
  return null;
}
