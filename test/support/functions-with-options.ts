/** The functions of an entry point that have a parameter for options. */

// biome-ignore lint/complexity/noBannedTypes: any function or class
type Any = Function;

/** The parameters of a function, or of the constructor of a class, as they are written. */
function parametersOf(fn: Any): string {
  const text = Function.prototype.toString.call(fn);
  const at = text.startsWith('class') ? text.search(/\n\s*constructor\(/) : 0;
  if (at === -1) return '';
  const start = text.indexOf('(', at);
  let depth = 0;
  for (let end = start; end < text.length; end++) {
    const character = text[end] as string;
    if ('([{'.includes(character)) depth++;
    if (')]}'.includes(character) && --depth === 0) return text.slice(start + 1, end);
  }
  return '';
}

function takesOptions(fn: Any): boolean {
  return /\b(options|init)\b(?! = 0)/.test(parametersOf(fn));
}

/** By name, each function once: `Event.wait` is that of the class, one that is inherited stands with the first class that has it. */
export function functionsWithOptions(entries: Readonly<Record<string, object>>): string[] {
  const names: string[] = [];
  const seen = new Set<unknown>();
  const look = (fn: Any, name: string): void => {
    if (!seen.has(fn) && takesOptions(fn)) names.push(name);
    seen.add(fn);
  };
  const walk = (value: unknown, name: string): void => {
    if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value))
      return;
    if (typeof value === 'function') {
      look(value, name);
      const { prototype } = value as { prototype?: object };
      for (
        let each = prototype;
        each != null && each !== Object.prototype;
        each = Object.getPrototypeOf(each)
      ) {
        for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(each))) {
          if (key === 'constructor' || key.startsWith('_') || typeof property.value !== 'function') continue;
          look(property.value, `${name}.${key}`);
        }
      }
    }
    seen.add(value);
    for (const [key, each] of Object.entries(value)) walk(each, `${name}.${key}`);
  };
  for (const [entry, exported] of Object.entries(entries)) {
    for (const [key, value] of Object.entries(exported)) walk(value, `${entry}:${key}`);
  }
  return names;
}
