/** The rules, by their names, and how they are recommended. */
import { noFloatingOperation } from './no-floating-operation.js';
import { noGeneratorClosureInLoop } from './no-generator-closure-in-loop.js';
import { noUncalledBody } from './no-uncalled-body.js';
import { rethrowExit } from './rethrow-exit.js';
import type { Rule } from './rule.js';

/** The rules by their names, which in a configuration begin with `greenlets/`. */
export const rules: Readonly<Record<string, Rule>> = Object.freeze({
  'no-floating-operation': noFloatingOperation,
  'no-uncalled-body': noUncalledBody,
  'rethrow-exit': rethrowExit,
  'no-generator-closure-in-loop': noGeneratorClosureInLoop,
});

const plugin = { meta: { name: 'greenlets' }, rules };

/** A flat configuration with all rules: what is never right is an error, what is only slow a warning. */
export const recommended = {
  name: 'greenlets/recommended',
  plugins: { greenlets: plugin },
  rules: {
    'greenlets/no-floating-operation': 'error',
    'greenlets/no-uncalled-body': 'error',
    'greenlets/rethrow-exit': 'error',
    'greenlets/no-generator-closure-in-loop': 'warn',
  },
} as const;

/** The plugin itself, for a configuration of one's own. */
export const eslintPlugin = { ...plugin, configs: { recommended } };
