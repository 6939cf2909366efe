/**
 * Where the library lies: as source, as it was built file by file, or as it was built for Node, in a few files. This file is one by
 * itself in each of them, so that its own URL tells.
 */
const { url = '' } = import.meta as unknown as { url?: string };
const found = /^(.*\/)runtime\/home(\.[jt]s)(?:[?#].*)?$/.exec(url);

/** The URL of the folder, '' when the library was bundled into a file of somebody else's; a bundle that is no module has no URL either. */
export const HOME = found?.[1] ?? '';

/** The URL of a file of the library that is loaded by its name, such as 'multiprocessing/child'. */
export function fileOf(name: string): string {
  if (found !== null) return `${HOME}${name}${found[2]}`;
  throw new Error(
    `greenlets was bundled into ${url || 'another file'}, where ${name} cannot be found: have the bundler leave it out (external)`,
  );
}
