/** Loading the modules of the program, and the services of this package, by their URLs. */

const loaded = new Map<string, Promise<Record<string, unknown>>>();

/** The exports of the module at `url`. */
export function loadModule(url: string): Promise<Record<string, unknown>> {
  let module = loaded.get(url);
  if (module === undefined) {
    module = import(url) as Promise<Record<string, unknown>>;
    loaded.set(url, module);
  }
  return module;
}
