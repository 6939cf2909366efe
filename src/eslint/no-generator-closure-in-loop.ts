/** A generator function made anew each time: V8 makes a prototype and a hidden class for each, which costs more than the spawn. */
import type { Node, Rule } from './rule.js';

/** Array methods that call their function once an element. */
const EACH = /^(?:map|forEach|flatMap|from)$/;

export const noGeneratorClosureInLoop: Rule = {
  meta: {
    type: 'suggestion',
    docs: { description: 'generator functions are shared, and get arguments' },
    schema: [],
    messages: {
      closure:
        'A generator function made in a loop costs many times what a shared one does: make it once outside, and pass what differs as arguments.',
    },
  },
  create: (context) => ({
    FunctionExpression(node: Node) {
      if (node['generator'] && isInLoop(node)) context.report({ node, messageId: 'closure' });
    },
  }),
};

function isInLoop(node: Node): boolean {
  for (let each = node; each.parent !== null; each = each.parent) {
    const { parent } = each;
    if (/^(?:For|While|DoWhile)/.test(parent.type)) return parent['body'] === each;
    if (/Function/.test(parent.type)) return isCalledForEach(parent);
  }
  return false;
}

/** `fn` is what `list.map(fn)` calls. */
function isCalledForEach(fn: Node): boolean {
  const call = fn.parent;
  if (call?.type !== 'CallExpression' || !call['arguments'].includes(fn)) return false;
  return call['callee'].type === 'MemberExpression' && EACH.test(call['callee'].property.name ?? '');
}
