/** The rules of the house (CONTRIBUTING.md), read off the source files themselves. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MOST_LINES = 400;

interface Import {
  readonly from: string;
  /** A file of the project, or the name of a package or of a module of Node. */
  readonly to: string;
  readonly typeOnly: boolean;
}

const sources = new Map(
  filesBelow('src').map((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    return [file, ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)] as const;
  }),
);
const imports = [...sources].flatMap(([file, source]) => importsOf(file, source));

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

function importsOf(file: string, source: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Expression | undefined, typeOnly: boolean) => {
    if (specifier === undefined) return;
    if (!ts.isStringLiteral(specifier))
      throw new Error(`${file} imports what is no literal: ${specifier.getText()}`);
    const { text } = specifier;
    const to = text.startsWith('.')
      ? relative(ROOT, resolve(ROOT, dirname(file), text)).replace(/\.js$/, '.ts')
      : text;
    found.push({ from: file, to, typeOnly });
  };
  visit(source, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, isTypeOnlyExport(node));
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal as ts.Expression, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      // The modules of the program, and the services of a child, are known by their URLs only.
      if (file !== 'src/io/workers/load.ts') add(node.arguments[0], false);
    }
  });
  return found;
}

function isTypeOnly(node: ts.ImportDeclaration): boolean {
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const named = clause.namedBindings;
  if (clause.name !== undefined || named === undefined || !ts.isNamedImports(named)) return false;
  return named.elements.every((each) => each.isTypeOnly);
}

function isTypeOnlyExport(node: ts.ExportDeclaration): boolean {
  if (node.isTypeOnly) return true;
  const clause = node.exportClause;
  return (
    clause !== undefined && ts.isNamedExports(clause) && clause.elements.every((each) => each.isTypeOnly)
  );
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  node.forEachChild((child) => visit(child, see));
}

/** The nodes of all files that `wanted` holds for, as `file:line text`. */
function nodesWhere(wanted: (node: ts.Node, file: string) => boolean): string[] {
  const found: string[] = [];
  for (const [file, source] of sources) {
    visit(source, (node) => {
      if (wanted(node, file)) found.push(`${file}: ${node.getText().replace(/\s+/g, ' ')}`);
    });
  }
  return found;
}

const folderOf = (file: string) => {
  const [, folder, rest] = file.split('/');
  return rest === undefined ? 'index' : (folder as string);
};

/** What each floor may import. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  runtime: ['runtime'],
  sync: ['sync', 'runtime'],
  io: ['io', 'sync', 'runtime'],
  threading: ['threading', 'io', 'sync', 'runtime'],
  multiprocessing: ['multiprocessing', 'io', 'sync', 'runtime'],
  // The tools for tests and for looking on stand apart from io, so that both run in a browser.
  testing: ['testing', 'sync', 'runtime'],
  inspect: ['inspect', 'sync', 'runtime'],
  // Reads programs, runs none.
  eslint: ['eslint'],
  index: ['io', 'sync', 'runtime'],
};

describe('the floors', () => {
  it('are all known', () => {
    expect([...new Set([...sources.keys()].map(folderOf))].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });

  it.each(Object.keys(MAY_IMPORT))('%s imports, for types too, only itself and floors below', (floor) => {
    const wrong = imports
      .filter(({ from, to }) => folderOf(from) === floor && to.startsWith('src/'))
      .filter(({ to }) => !MAY_IMPORT[floor]?.includes(folderOf(to)));
    expect(wrong).toEqual([]);
  });

  it('the files that are imported exist', () => {
    expect(imports.filter(({ to }) => to.startsWith('src/') && !sources.has(to))).toEqual([]);
  });

  it('no package is imported, and modules of Node only where Node is required', () => {
    const outside = imports.filter(({ to }) => !to.startsWith('src/'));
    expect(outside.filter(({ to }) => !to.startsWith('node:'))).toEqual([]);
    const nodeless = ['runtime', 'sync', 'testing', 'index'];
    expect(outside.filter(({ from }) => nodeless.includes(folderOf(from)))).toEqual([]);
  });

  it('the doors are lists of names', () => {
    const logic = [...sources]
      .filter(([file]) => file.endsWith('/index.ts') || file === 'src/index.ts')
      .flatMap(([file, source]) =>
        source.statements
          .filter((each) => !ts.isExportDeclaration(each) && !isBareImport(each))
          .map((each) => `${file}: ${each.getText()}`),
      );
    expect(logic).toEqual([]);
  });
});

function isBareImport(statement: ts.Statement): boolean {
  return ts.isImportDeclaration(statement) && statement.importClause === undefined;
}

describe('the imports', () => {
  it('go in no circle at run time', () => {
    expect(circles(imports.filter(({ typeOnly }) => !typeOnly))).toEqual([]);
  });

  it('go in a circle for types only inside the runtime', () => {
    // The engine is one machine cut into files: a waiter names the operation that it is parked in, an operation the waiter that it
    // parks, a fiber both. Their types cannot be told in a row; their values can, and are.
    const outside = circles(imports)
      .flat()
      .filter((file) => folderOf(file) !== 'runtime');
    expect(outside).toEqual([]);
  });
});

/** The groups of files that import one another in a circle (Tarjan's strongly connected components). */
function circles(edges: readonly Import[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of edges) {
    if (sources.has(to)) targets.set(from, [...(targets.get(from) ?? []), to]);
  }
  const found: string[][] = [];
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const path: string[] = [];
  const connect = (file: string): number => {
    order.set(file, order.size);
    let least = order.get(file) as number;
    path.push(file);
    for (const to of targets.get(file) ?? []) {
      if (!order.has(to)) least = Math.min(least, connect(to));
      else if (path.includes(to)) least = Math.min(least, order.get(to) as number);
    }
    low.set(file, least);
    if (least === order.get(file)) {
      const group = path.splice(path.indexOf(file));
      if (group.length > 1 || targets.get(file)?.includes(file)) found.push(group.sort());
    }
    return least;
  };
  for (const file of sources.keys()) if (!order.has(file)) connect(file);
  return found;
}

describe('the way down', () => {
  it('SUSPENDED is made in operation.ts alone', () => {
    const made = nodesWhere(
      (node) =>
        ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.name.text === 'SUSPENDED',
    );
    expect(made).toHaveLength(1);
    expect(made[0]).toMatch(/^src\/runtime\/operation\.ts: /);
    // Nothing else can be taken for a suspension: it is told by identity.
    expect(nodesWhere((node) => ts.isAsExpression(node) && node.type.getText() === 'Suspend')).toEqual([
      'src/runtime/operation.ts: {} as Suspend',
    ]);
  });

  it('operations are their own iterators, and none gives another', () => {
    const iterators = nodesWhere(
      (node) =>
        ts.isMethodDeclaration(node) &&
        node.name.getText() === '[Symbol.iterator]' &&
        node.type?.getText().includes('Suspend') === true,
    );
    expect(iterators).toHaveLength(1);
    expect(iterators[0]).toMatch(/^src\/runtime\/operation\.ts: .*return this /);
  });

  it('every step of an operation is that of operation.ts, word for word', () => {
    const steps = nodesWhere(
      (node) =>
        ts.isMethodDeclaration(node) && node.name.getText() === 'next' && node.type?.getText() === 'Started',
    ).map((text) => {
      const [file = '', ...rest] = text.split(': ');
      return {
        file,
        words: rest.join(': ').replace(/^override |\/\/ biome-ignore .*? (?=const count)/g, ''),
      };
    });
    const [first] = steps.filter(({ file }) => file === 'src/runtime/operation.ts');
    expect(first?.words).toMatch(
      /^next\(value: unknown\): Started \{ if \(engine\.resuming\) return resumed\(value\);/,
    );
    // A pull makes what its wait has given into an outcome of its own.
    const others = steps.filter(({ file }) => file !== 'src/runtime/results.ts');
    expect(others.filter(({ words }) => words !== first?.words)).toEqual([]);
  });

  it('no body in the library yields but by yield*', () => {
    const plain = nodesWhere((node) => {
      if (!ts.isYieldExpression(node) || node.asteriskToken !== undefined) return false;
      // An iterator, run by for...of and never by a greenlet, takes nothing from whoever runs it.
      return !/^(Iterable<\w+>|Generator<\w+, void, undefined>|AsyncGenerator<.+, void, undefined>)$/.test(
        functionAround(node)?.type?.getText() ?? '',
      );
    });
    expect(plain).toEqual([]);
  });
});

function functionAround(node: ts.Node): ts.SignatureDeclaration | undefined {
  for (let each = node.parent; each !== undefined; each = each.parent) {
    if (ts.isFunctionLike(each)) return each;
  }
  return undefined;
}

describe('the way up', () => {
  /** Who steps a generator of a greenlet, other than the resume loop, and why. */
  const STEPS: Readonly<Record<string, string>> = {
    'src/runtime/body.ts: generator.next(undefined)':
      'the first step of a greenlet, called by the loop: calling the body and entering it cost one step, not two',
    'src/runtime/stack.ts: generator.next(undefined)':
      'the probe: it reaches the leaf iterator, which answers without anything of the program running',
  };

  it('resume.ts alone steps the generators of greenlets, with exceptions that have a reason', () => {
    const steps = nodesWhere(
      (node) =>
        ts.isCallExpression(node) &&
        ts.isPropertyAccessExpression(node.expression) &&
        ['next', 'throw', 'return'].includes(node.expression.name.text) &&
        /\bgen(erator)?\b|_gen\b/.test(node.expression.expression.getText()),
    );
    const elsewhere = steps.filter((step) => !step.startsWith('src/runtime/resume.ts: '));
    expect(elsewhere.sort()).toEqual(Object.keys(STEPS).sort());
    expect(steps.length).toBeGreaterThan(elsewhere.length);
  });

  it('what else is stepped is an iterator of the program, and none of a greenlet', () => {
    const others = nodesWhere(
      (node, file) =>
        ['runtime', 'sync'].includes(folderOf(file)) &&
        file !== 'src/runtime/resume.ts' &&
        ts.isCallExpression(node) &&
        ts.isPropertyAccessExpression(node.expression) &&
        ['next', 'throw', 'return'].includes(node.expression.name.text),
    ).filter((step) => !(step in STEPS));
    expect([...new Set(others.map((step) => step.replace(/\([^()]*\)$/s, '')))].sort()).toEqual([
      // The source of `each`, stepped as the program asks for values.
      'src/runtime/each.ts: this.#iterator.next',
      'src/runtime/each.ts: this.#iterator.return?.',
      // Results for `for await`, and the first of a set.
      'src/runtime/results.ts: this.next',
      'src/runtime/transfer.ts: open.values().next',
    ]);
  });
});

describe('the host', () => {
  const TIMERS = [
    'setTimeout',
    'setInterval',
    'setImmediate',
    'clearTimeout',
    'clearInterval',
    'clearImmediate',
    'queueMicrotask',
  ];

  it('its timers are touched by clock.ts and host.ts alone in the runtime and in sync', () => {
    const touched = [...sources]
      .filter(([file]) => ['runtime', 'sync'].includes(folderOf(file)))
      .flatMap(([file, source]) => {
        const names: string[] = [];
        visit(source, (node) => {
          if (ts.isIdentifier(node) && TIMERS.includes(node.text)) names.push(node.text);
        });
        return names.length > 0 ? [file] : [];
      });
    expect(touched).toEqual(['src/runtime/clock.ts', 'src/runtime/host.ts']);
  });

  it('sync makes no promises of its own', () => {
    const promises = nodesWhere(
      (node, file) => folderOf(file) === 'sync' && ts.isIdentifier(node) && node.text === 'Promise',
    );
    expect(promises).toEqual([]);
  });
});

describe('the files', () => {
  it('are readable at a sitting: at most 400 lines each', () => {
    const long = [...sources]
      .map(([file, source]) => ({ file, lines: source.getLineStarts().length }))
      .filter(({ lines }) => lines > MOST_LINES);
    expect(long).toEqual([]);
  });

  it('have names in kebab case, and open with what they are', () => {
    const names = [...sources.keys()].filter((file) => !/^src(\/[a-z]+)*\/[a-z]+(-[a-z]+)*\.ts$/.test(file));
    expect(names).toEqual([]);
    const silent = [...sources]
      .filter(([, source]) => !/^(\/\/\/ .*\n)*\/\*\*/.test(source.text))
      .map(([file]) => file);
    expect(silent).toEqual([]);
  });

  it('of the sources never say any', () => {
    const unexplained = nodesWhere((node) => {
      if (node.kind !== ts.SyntaxKind.AnyKeyword) return false;
      const { line } = node.getSourceFile().getLineAndCharacterOfPosition(node.getStart());
      const lines = node.getSourceFile().text.split('\n');
      return !lines.slice(Math.max(0, line - 8), line).some((each) => each.includes('noExplicitAny: '));
    });
    expect(unexplained).toEqual([]);
  });
});
