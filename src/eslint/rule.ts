/** The little of ESLint that the rules use: the package depends on nothing, its types neither. */

/** A node of the syntax tree (ESTree), with its parent. */
// biome-ignore lint/suspicious/noExplicitAny: the kinds of nodes differ in all but these
export type Node = { readonly type: string; readonly parent: Node | null; readonly [key: string]: any };

interface Definition {
  readonly type: string;
  readonly node: Node;
  readonly parent?: Node | null;
}

export interface Variable {
  readonly name: string;
  readonly defs: readonly Definition[];
}

interface Scope {
  readonly set: ReadonlyMap<string, Variable>;
  readonly upper: Scope | null;
}

/** TypeScript's checker, as far as it is used. */
interface Checker {
  getTypeAtLocation(node: unknown): Type;
}

export interface Type {
  readonly symbol?: { readonly name: string } | undefined;
  readonly aliasSymbol?: { readonly name: string } | undefined;
  getProperties(): readonly { readonly name: string }[];
}

export interface Context {
  readonly sourceCode: {
    getScope(node: Node): Scope;
    readonly parserServices?: {
      readonly program?: { getTypeChecker(): Checker } | null;
      readonly esTreeNodeToTSNodeMap?: { get(node: Node): unknown };
    };
  };
  report(problem: { node: Node; messageId: string; data?: Record<string, string> }): void;
}

export interface Rule {
  readonly meta: {
    readonly type: 'problem' | 'suggestion';
    readonly docs: { readonly description: string };
    readonly schema: readonly [];
    readonly messages: Readonly<Record<string, string>>;
  };
  create(context: Context): Readonly<Record<string, (node: Node) => void>>;
}

/** The variable that `name` means at `node`. */
export function variableOf(context: Context, node: Node, name: string): Variable | null {
  for (let scope: Scope | null = context.sourceCode.getScope(node); scope !== null; scope = scope.upper) {
    const found = scope.set.get(name);
    if (found !== undefined) return found;
  }
  return null;
}

/** What `name` is called in a door of the package, if it was imported from one. */
export function importedName(variable: Variable | null): string | null {
  const definition = variable?.defs[0];
  if (definition === undefined || !comesFromDoor(definition)) return null;
  return definition.node.type === 'ImportSpecifier' ? String(definition.node['imported'].name) : null;
}

/** The calls in an expression whose value nobody takes: those that decide its value. */
export function droppedCalls(expression: Node): Node[] {
  switch (expression.type) {
    case 'CallExpression':
      return [expression];
    case 'ChainExpression':
    case 'TSNonNullExpression':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
      return droppedCalls(expression['expression']);
    case 'LogicalExpression':
      return droppedCalls(expression['right']);
    case 'ConditionalExpression':
      return [...droppedCalls(expression['consequent']), ...droppedCalls(expression['alternate'])];
    case 'SequenceExpression':
      return expression['expressions'].flatMap(droppedCalls);
    default:
      return [];
  }
}

/** Whether `variable` stands for a whole door: `import * as g from 'greenlets'`. */
export function isDoor(variable: Variable | null): boolean {
  const definition = variable?.defs[0];
  return definition?.node.type === 'ImportNamespaceSpecifier' && comesFromDoor(definition);
}

function comesFromDoor(definition: Definition): boolean {
  if (definition.type !== 'ImportBinding') return false;
  const { source } = (definition.parent ?? definition.node.parent) as Node;
  return /^greenlets(?:\/|$)/.test(String(source?.value));
}

/** The type of `node` by TypeScript's checker; null where the parser has none. */
export function typeOf(context: Context, node: Node): Type | null {
  const { parserServices } = context.sourceCode;
  const original = parserServices?.esTreeNodeToTSNodeMap?.get(node);
  if (original === undefined || parserServices?.program == null) return null;
  return parserServices.program.getTypeChecker().getTypeAtLocation(original);
}

/** The members of the class around `node`. */
export function membersAround(node: Node): readonly Node[] {
  let each = node.parent;
  while (each !== null && each !== undefined && each.type !== 'ClassBody') each = each.parent;
  return each?.['body'] ?? [];
}

/** The member of the class around that `this.name`, or `this.#name`, is; null for what is none. */
export function memberOf(node: Node): Node | null {
  const { object, property } = node as unknown as { object?: Node; property: Node };
  if (node.type !== 'MemberExpression' || object?.type !== 'ThisExpression') return null;
  const found = membersAround(node).find(
    (member) =>
      member['computed'] !== true &&
      member['key']?.type === property.type &&
      member['key']?.name === property['name'],
  );
  return found ?? null;
}

/** The function around `node`; null at the top of the module. */
export function functionAround(node: Node): Node | null {
  for (let each = node.parent; each !== null && each !== undefined; each = each.parent) {
    if (/Function/.test(each.type) && each.type !== 'TSFunctionType') return each;
  }
  return null;
}
