/** A body that is called and not run: the call of a generator function only makes a generator. */
import { type Context, droppedCalls, memberOf, type Node, type Rule, typeOf, variableOf } from './rule.js';

export const noUncalledBody: Rule = {
  meta: {
    type: 'problem',
    docs: { description: 'bodies of greenlets are run, by yield* or spawn' },
    schema: [],
    messages: {
      body: '{{name}}(…) only makes a generator, and nothing of it runs: write yield* {{name}}(…), or spawn({{name}}, …).',
    },
  },
  create: (context) => {
    const check = (expression: Node | null) => {
      for (const node of expression === null ? [] : droppedCalls(expression)) {
        const name = nameOf(node['callee']);
        if (name !== null && isBody(context, node))
          context.report({ node, messageId: 'body', data: { name } });
      }
    };
    return {
      ExpressionStatement: (node: Node) => check(node['expression']),
      AwaitExpression: (node: Node) => check(node['argument']),
      YieldExpression: (node: Node) => check(node['delegate'] ? null : node['argument']),
    };
  },
};

/** `body`, or `this.body`. */
function nameOf(callee: Node): string | null {
  if (callee.type === 'Identifier') return callee['name'];
  if (callee.type !== 'MemberExpression' || callee['computed']) return null;
  const { object, property } = callee as unknown as { object: Node; property: Node };
  const owner =
    object.type === 'ThisExpression' ? 'this' : object.type === 'Identifier' ? object['name'] : '…';
  return `${owner}.${property.type === 'PrivateIdentifier' ? '#' : ''}${property['name']}`;
}

/** What is called is a generator function of a greenlet: by its types, or as it is written. */
function isBody(context: Context, call: Node): boolean {
  const type = typeOf(context, call);
  if (type !== null) return type.aliasSymbol?.name === 'Green' || type.symbol?.name === 'Generator';
  const { callee } = call;
  const fn = callee.type === 'Identifier' ? functionOf(context, call, callee.name) : methodOf(callee);
  return fn?.['generator'] === true && fn['async'] !== true;
}

function functionOf(context: Context, call: Node, name: string): Node | null {
  const definition = variableOf(context, call, name)?.defs[0];
  // Of a parameter, the node would be the function that it is one of.
  if (definition?.type === 'Variable') return definition.node['init'];
  return definition?.type === 'FunctionName' ? definition.node : null;
}

/** The method of the class around that `this.name` is. */
function methodOf(callee: Node): Node | null {
  const found = memberOf(callee);
  return found?.type === 'MethodDefinition' && found['kind'] === 'method' ? found['value'] : null;
}
