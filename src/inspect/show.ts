/** Values as one line of text, without running any code of theirs beyond a `toString` of the library's own classes. */
import { greenlet } from '../runtime/greenlet.js';

const MOST = 5;
const LONGEST = 80;

/** Strings in quotes, containers one level deep, instances by the name of their class. */
export function show(value: unknown, depth = 1): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value));
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Error) return shorten(`${value.name}: ${value.message}`);
  if (value instanceof greenlet) return String(value);
  if (Array.isArray(value))
    return depth === 0
      ? '[…]'
      : list(
          '[',
          value.map((each) => show(each, depth - 1)),
          ']',
        );
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null)
    return depth === 0 ? '{…}' : showFields(value, depth);
  return `<${prototype.constructor?.name ?? 'object'}>`;
}

/** The enumerable fields of an object, each as text; getters are named, not read. */
export function fieldsOf(fields: object, depth = 1): [name: string, text: string][] {
  return Object.entries(Object.getOwnPropertyDescriptors(fields))
    .filter(([, each]) => each.enumerable)
    .map(([name, each]) => [name, 'value' in each ? show(each.value, depth) : '(getter)']);
}

function showFields(fields: object, depth: number): string {
  const parts = fieldsOf(fields, depth - 1).map(([name, text]) => `${name}: ${text}`);
  return parts.length === 0 ? '{}' : list('{ ', parts, ' }');
}

function list(open: string, parts: readonly string[], close: string): string {
  const rest = parts.length - MOST;
  return `${open}${parts.slice(0, MOST).join(', ')}${rest > 0 ? `, … ${rest} more` : ''}${close}`;
}

function shorten(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
