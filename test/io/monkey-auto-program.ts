/** A program that is started with and without `greenlets/monkey/auto`, for monkey-table.test.ts. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { hub, spawn } from 'greenlets';
import { isPatched, patchAll } from 'greenlets/monkey';

const [how] = process.argv.slice(2);
if (how === 'late') {
  createRequire(import.meta.url)('needle');
  hub.onWarning = ({ code, message, at }) => console.log(code, message, at);
  patchAll();
  patchAll();
} else {
  if (how === 'import') await import('greenlets/monkey/auto');
  console.log('fs', isPatched('fs'));
  const reader = spawn(function* () {
    const text = yield* readFile(new URL(import.meta.url), 'utf8');
    return text.length > 0;
  });
  await reader.get().then(
    (value) => console.log('content', value),
    (error) => console.log(String(error)),
  );
}
