/** The packages that are measured beside this one. */

/** Whether it is there. It is not loaded. */
export function installed(name) {
  try {
    import.meta.resolve(name);
    return true;
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return false;
    throw error;
  }
}

/** The package itself; null when it is not installed. A workload whose contestants name their `peer` has no need of it. */
export async function peer(name) {
  return installed(name) ? await import(name) : null;
}

/** A contestant made with effect: `program(effect)` gives the description that each run runs. */
export function effectRow({ program, ...row }) {
  return {
    family: 'effect',
    peer: 'effect',
    begin: (effect) => [effect.Effect.runPromise, program(effect)],
    run: (_, [runPromise, described]) => runPromise(described),
    ...row,
  };
}

/** A contestant made with effection: `program(effection)` gives the operation that each run runs. */
export function effectionRow({ program, ...row }) {
  return {
    family: 'effection',
    peer: 'effection',
    begin: (effection) => [effection.run, program(effection)],
    run: (_, [run, operation]) => run(operation),
    ...row,
  };
}

/** A contestant made with co: `program(co)` gives what each run calls. */
export function coRow({ program, ...row }) {
  return {
    family: 'co',
    peer: 'co',
    begin: (module) => program(module.default),
    run: (_, begun) => begun(),
    ...row,
  };
}
