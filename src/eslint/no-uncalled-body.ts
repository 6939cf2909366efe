/** A body that is called and not run: the call of a generator function only makes a generator. */
import { type Context, type Node, type Rule, typeOf, variableOf } from './rule.js';

export const noUncalledBody: Rule = {
  meta: {
    type: 'problem',
    docs: { description: 'bodies of greenlets are run, by yield* or spawn' },
    schema: [],
    messages: {
      body: '{{name}}(…) only makes a generator, and nothing of it runs: write yield* {{name}}(…), or spawn({{name}}, …).',
    },
  },
  create: (context) => ({
    CallExpression(node: Node) {
      const { callee, parent } = node;
      const dropped =
        parent?.type === 'ExpressionStatement' ||
        parent?.type === 'AwaitExpression' ||
        (parent?.type === 'YieldExpression' && !parent['delegate']);
      if (!dropped || callee.type !== 'Identifier' || !isBody(context, node, callee.name)) return;
      context.report({ node, messageId: 'body', data: { name: callee.name } });
    },
  }),
};

/** `name` is a generator function of a greenlet: it runs others by yield*, or gives what its types say is one. */
function isBody(context: Context, call: Node, name: string): boolean {
  const type = typeOf(context, call);
  if (type !== null) return type.aliasSymbol?.name === 'Green' || type.symbol?.name === 'Generator';
  const definition = variableOf(context, call, name)?.defs[0];
  // Of a parameter, the node would be the function that it is one of.
  if (definition?.type !== 'Variable' && definition?.type !== 'FunctionName') return false;
  const fn = definition.type === 'Variable' ? definition.node['init'] : definition.node;
  return fn?.generator === true && fn.async !== true;
}
