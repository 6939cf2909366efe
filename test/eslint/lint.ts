import { fileURLToPath } from 'node:url';
import * as parser from '@typescript-eslint/parser';
import { Linter } from 'eslint';
import { recommended } from 'greenlets/eslint';
import ts from 'typescript';

const linter = new Linter();

/** What the recommended rules say of `code`, as `line rule`. Without types: by the names that are imported. */
export function lint(code: string): string[] {
  return run(code, {});
}

/** The same by the types of `code`. */
export function lintWithTypes(code: string): string[] {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const name = `${root}test/eslint/checked.ts`;
  const options: ts.CompilerOptions = {
    ...ts.parseJsonConfigFileContent({ extends: './tsconfig.json', files: [] }, ts.sys, root).options,
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const original = host.getSourceFile.bind(host);
  host.getSourceFile = (file, version) =>
    file === name ? ts.createSourceFile(file, code, version, true) : original(file, version);
  const exists = host.fileExists.bind(host);
  host.fileExists = (file) => file === name || exists(file);
  const program = ts.createProgram([name], options, host);
  return run(code, { programs: [program] }, name);
}

function run(code: string, parserOptions: object, filename = 'checked.ts'): string[] {
  const configs = [
    { files: ['**/*.ts'], languageOptions: { parser, parserOptions } },
    recommended,
  ] as unknown as Linter.Config[];
  return linter
    .verify(code, configs, { filename })
    .map(({ line, ruleId, message }) => `${line} ${ruleId?.replace('greenlets/', '') ?? message}`);
}

export function messagesOf(code: string): string[] {
  const configs = [{ files: ['**/*.ts'], languageOptions: { parser } }, recommended];
  return linter
    .verify(code, configs as unknown as Linter.Config[], { filename: 'checked.ts' })
    .map(({ message }) => message);
}
