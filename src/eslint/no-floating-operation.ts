/** An operation that nobody runs: building one does nothing. */
import { operationOf } from './operations.js';
import { droppedCalls, type Node, type Rule } from './rule.js';

export const noFloatingOperation: Rule = {
  meta: {
    type: 'problem',
    docs: { description: 'operations are run, by yield* or await' },
    schema: [],
    messages: {
      floating:
        '{{name}}(…) is an operation that is never run: write yield* in front of it (outside of greenlets, await).',
      star: 'yield {{name}}(…) lacks the star: write yield*.',
    },
  },
  create: (context) => ({
    ExpressionStatement({ expression }: Node) {
      for (const node of droppedCalls(expression)) {
        const name = operationOf(context, node);
        if (name !== null) context.report({ node, messageId: 'floating', data: { name } });
      }
    },
    YieldExpression(node: Node) {
      const name =
        node['delegate'] || node['argument'] == null ? null : operationOf(context, node['argument']);
      if (name !== null) context.report({ node, messageId: 'star', data: { name } });
    },
  }),
};
