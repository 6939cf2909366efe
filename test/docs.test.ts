/** README.md and docs/: every ```ts block type-checks and runs; a ```text block right after it is what it prints. */
import { spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transformSync } from 'esbuild';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Timers and clock of a snippet do not depend on how fast the machine is. */
const OWN_TIME = new URL('./support/own-time.mjs', import.meta.url).href;
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`),
];

interface Snippet {
  /** `docs/kill.md:12`: where it begins. */
  readonly place: string;
  readonly file: string;
  readonly code: string;
  readonly printed: string | undefined;
}

const texts = new Map(PAGES.map((page) => [page, readFileSync(join(ROOT, page), 'utf8')]));
const snippets = [...texts].flatMap(([page, text]) => snippetsOf(page, text));

function snippetsOf(page: string, text: string): Snippet[] {
  const fence = /^```ts\n(.*?)^```\n(?:\n*^```text\n(.*?)^```$)?/gms;
  return [...text.matchAll(fence)].map(([whole, code = '', printed], index) => {
    const line = text.slice(0, text.indexOf(whole)).split('\n').length;
    const name = page.replace(/^docs\//, '').replace(/\.md$/, '');
    return { place: `${page}:${line}`, file: `${name}-${index + 1}`, code, printed };
  });
}

/** What the snippets import beside the package. */
const LIBRARIES = ['@types', 'needle', 'undici', 'ws'];

/** A folder with the package as it is installed, and the snippets beside it. */
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'greenlets-docs-'));
  const home = join(folder, 'node_modules', 'greenlets');
  mkdirSync(home, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  // The modules as they are, and not those that were put into a few files for Node: they are the same, and sooner built.
  for (const target of Object.values<{ node?: string } | null>(manifest.exports)) delete target?.node;
  writeFileSync(join(home, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  for (const name of LIBRARIES) {
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
  }
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  await build({
    entryPoints: sources.filter((file) => file.endsWith('.ts')).map((file) => join(ROOT, 'src', file)),
    outbase: join(ROOT, 'src'),
    outdir: join(home, 'dist'),
    format: 'esm',
    target: 'es2022',
  });
  for (const { file, code } of snippets) {
    writeFileSync(join(folder, `${file}.ts`), code);
    const options = {
      loader: 'ts',
      format: 'esm',
      target: 'es2022',
      sourcemap: 'inline',
      sourcefile: `${file}.ts`,
    } as const;
    writeFileSync(join(folder, `${file}.js`), transformSync(code, options).code);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(file: string): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const args = ['--enable-source-maps', '--import', OWN_TIME, `${file}.js`];
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: '' },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

describe('the snippets of README and docs', () => {
  it('are there', () => {
    expect(snippets.length).toBeGreaterThan(20);
  });

  it('type-check under the settings of the project', () => {
    const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
    const files = snippets.map(({ file }) => join(folder, `${file}.ts`));
    const program = ts.createProgram(files, { ...options, typeRoots: [join(ROOT, 'node_modules/@types')] });
    const problems = files.flatMap((file, index) =>
      ts
        .getPreEmitDiagnostics(program, program.getSourceFile(file))
        .map(
          (each) => `${snippets[index]?.place}: ${ts.flattenDiagnosticMessageText(each.messageText, '\n')}`,
        ),
    );
    expect(problems).toEqual([]);
  });

  it.concurrent.each(snippets.map((each) => [each.place, each] as const))(
    '%s runs, and prints what stands below it',
    async (_place, { file, printed }) => {
      const { code, out, err } = await run(file);
      expect(err).toBe('');
      if (printed !== undefined) expect(out).toBe(printed);
      expect(code).toBe(0);
    },
  );
});

describe('the pages', () => {
  it.each(PAGES)('%s links to files that exist', (page) => {
    const links = [...(texts.get(page) ?? '').matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(
      ([, target]) => target as string,
    );
    const local = links.filter((target) => !/^[a-z]+:/.test(target));
    const missing = local.filter((target) => !ts.sys.fileExists(resolve(ROOT, dirname(page), target)));
    expect(missing).toEqual([]);
  });

  it('docs/warnings.md has every code that the library warns with, and no other', () => {
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    const used = sources.flatMap((file) => {
      const text = readFileSync(join(ROOT, 'src', file), 'utf8');
      return [...text.matchAll(/warn\(\{\s*code: '([A-Z_]+)'/g)].map(([, code]) => code as string);
    });
    const told = [...(texts.get('docs/warnings.md') ?? '').matchAll(/^## `([A-Z_]+)`$/gm)].map(
      ([, code]) => code as string,
    );
    expect(told.sort()).toEqual([...new Set(used)].sort());
  });
});
