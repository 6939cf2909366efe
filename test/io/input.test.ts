/** input(): lines of the standard input, of a program that is fed by the test. */
import type { Green } from 'greenlets';
import { green } from 'greenlets';
import { input, subprocess } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { watchLeftovers } from '../support/leftovers.js';

watchHub();
watchLeftovers();

function program(how: string): subprocess.Popen {
  return new subprocess.Popen([process.execPath, '--import', 'tsx', 'test/process/input.ts', how], {
    stdin: 'pipe',
    stdout: 'pipe',
  });
}

function* rest(child: subprocess.Popen): Green<string> {
  let text = '';
  for (let chunk = yield* child.stdout!.read(); chunk !== null; chunk = yield* child.stdout!.read())
    text += chunk;
  return text;
}

describe('input', () => {
  it(
    'prompts, gives line after line, and null at the end and from then on',
    green(function* () {
      const child = program('lines');
      expect(String(yield* child.stdout!.readUntil('? '))).toBe('name? ');
      yield* child.stdin!.write('Ann');
      yield* child.stdin!.write('a\r\nBob\nlast');
      yield* child.stdin!.end();
      expect(yield* rest(child)).toBe('hello Anna\nname? hello Bob\nname? hello last\nname? end null\n');
      expect(yield* child.wait()).toBe(0);
    }),
  );

  it(
    'a second reader is refused, and the first still holds the process',
    green(function* () {
      const child = program('two');
      expect(yield* child.stdout!.readLine()).toBe('second ConcurrentUseError');
      expect(yield* child.stdout!.readLine()).toBe('a pass later');
      yield* child.stdin!.write('line\n');
      expect(yield* rest(child)).toBe('first line\n');
      expect(yield* child.wait()).toBe(0);
    }),
  );

  it(
    'an interrupted one has taken nothing, and what nobody waits for does not hold the process',
    green(function* () {
      const child = program('interrupted');
      expect(yield* child.stdout!.readLine()).toBe('interrupted');
      yield* child.stdin!.write('whole\n');
      expect(yield* rest(child)).toBe('got whole\n');
      expect(yield* child.wait()).toBe(0);
      child.stdin!.raw.destroy();
    }),
  );

  it('refuses a prompt that is no string at the call', () => {
    expect(() => input(5 as never)).toThrow('prompt must be a string, got 5 (number)');
  });
});
