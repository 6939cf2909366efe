/** A `catch` around a suspension that takes a kill, or a foreign timeout, for an error. */
import { type Context, functionAround, importedName, type Node, type Rule, variableOf } from './rule.js';

export const rethrowExit: Rule = {
  meta: {
    type: 'problem',
    docs: { description: 'a catch around yield* lets exits pass' },
    schema: [],
    messages: {
      swallows:
        'This catch also catches the kill of the greenlet: begin it with rethrowExit({{name}}), or use attempt() instead of try.',
    },
  },
  create: (context) => ({
    CatchClause(node: Node) {
      const tried = node.parent?.['block'] as Node;
      const around = functionAround(node);
      if (around?.['generator'] !== true || around['async'] === true || !contains(tried, isSuspension))
        return;
      const name = node['param']?.type === 'Identifier' ? String(node['param'].name) : null;
      if (name !== null && contains(node['body'], (each) => letsPass(context, each, name))) return;
      context.report({ node, messageId: 'swallows', data: { name: name ?? 'error' } });
    },
  }),
};

const isSuspension = (node: Node): boolean => node.type === 'YieldExpression' && node['delegate'] === true;

/** `rethrowExit(e)`, a look at `isExit(e)`, or a `throw` that passes it on. */
function letsPass(context: Context, node: Node, name: string): boolean {
  if (node.type === 'ThrowStatement') return contains(node['argument'], (each) => isName(each, name));
  if (node.type !== 'CallExpression') return false;
  const { callee } = node;
  const called = (callee.type === 'MemberExpression' ? callee.property : callee).name ?? '';
  const imported = callee.type === 'Identifier' ? importedName(variableOf(context, node, called)) : null;
  return (
    /^(?:rethrowExit|isExit)$/.test(imported ?? called) &&
    node['arguments'].some((each: Node) => isName(each, name))
  );
}

const isName = (node: Node, name: string): boolean => node.type === 'Identifier' && node['name'] === name;

/** Whether `wanted` holds for a node in `root`, functions within it left out. */
function contains(root: Node, wanted: (node: Node) => boolean): boolean {
  if (wanted(root)) return true;
  for (const [key, value] of Object.entries(root)) {
    if (key === 'parent') continue;
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child?.type !== 'string' || /Function/.test(child.type)) continue;
      if (contains(child, wanted)) return true;
    }
  }
  return false;
}
