/** The other versions of Node that scripts/node-versions.sh has put into .cache/node. */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../.cache/node', import.meta.url));

/** Paths of the binaries, the oldest version first. */
export function otherNodes() {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER)
    .sort((a, b) => Number(a) - Number(b))
    .flatMap((version) => {
      const modules = `${FOLDER}/${version}/node_modules`;
      const names = existsSync(modules) ? readdirSync(modules) : [];
      const name = names.find((each) => each.startsWith('node-'));
      return name === undefined ? [] : [`${modules}/${name}/bin/node`];
    })
    .filter((binary) => existsSync(binary));
}
