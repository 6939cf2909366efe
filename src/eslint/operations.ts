/** Which calls give an operation: by their types, where the parser knows them, else by the names that were imported. */
import {
  type Context,
  functionAround,
  importedName,
  isDoor,
  memberOf,
  membersAround,
  type Node,
  type Type,
  typeOf,
  variableOf,
} from './rule.js';

/** Functions of the doors that give an operation. */
const FUNCTIONS = new Set(
  (
    'all any attempt call callback enter every fetch forEach idle joinall race retry runWith scope select settled shield sleep ' +
    'supervise suspend until wait withTimeout input'
  ).split(' '),
);

/** Methods that give an operation, by the class whose instance they are called on. */
const METHODS: Readonly<Record<string, string>> = {
  AsyncResult: 'get wait',
  Barrier: 'wait',
  BoundedSemaphore: 'acquire hold with',
  Channel: 'get put peek join',
  Condition: 'acquire hold with wait waitFor',
  Event: 'wait',
  Greenlet: 'get join',
  Group: 'apply map starmap join',
  LifoQueue: 'get put peek join',
  Lock: 'acquire hold with',
  Pool: 'add apply map starmap spawn join waitAvailable',
  PriorityQueue: 'get put peek join',
  Queue: 'get put peek join',
  RateLimit: 'take',
  RLock: 'acquire hold with',
  Semaphore: 'acquire hold with',
  greenlet: 'switch throw',
  RawGreenlet: 'switch throw',
};

/** Functions that give an operation, by the module that `greenlets/io` has them in. */
const MODULES: Readonly<Record<string, RegExp>> = {
  dns: /^(?:lookup|resolve|reverse)/,
  fs: /^(?!(?:watch|glob|walk|readLines|constants)$)[a-z]/,
  http: /^(?:get|request)$/,
  net: /^connect$/,
  signal: /^wait$/,
  subprocess: /^(?:run|checkOutput)$/,
  timers: /^set(?:Timeout|Immediate)$/,
  tls: /^connect$/,
  udp: /^bind$/,
};

/** They act at the call; what they give need not be run. */
const REQUESTS =
  /^#?(?:kill|killall|killone|close|end|stop|terminate|shutdown|cancel|release|notify|notifyAll|reset|abort|taskDone)$/;
/** Of an `Event` of another process so do these; of what else has them, they are operations. */
const OF_EVENTS = /\.(?:set|clear)$/;

/** Functions that give an instance of `Greenlet`. */
const SPAWNERS = new Set(['spawn', 'spawnLater']);

/** The name of the call, `queue.get`, if `node` is one that gives an operation which has yet to be run. */
export function operationOf(context: Context, node: Node): string | null {
  if (node.type !== 'CallExpression') return null;
  const { callee } = node;
  const name = nameOf(callee);
  if (name === null || REQUESTS.test(name.split('.').pop() as string)) return null;
  // Outside of greenlets a switch runs at once.
  if (/\.(?:switch|throw)$/.test(name) && functionAround(node)?.['generator'] !== true) return null;
  const type = typeOf(context, node);
  if (type !== null) {
    if (OF_EVENTS.test(name) && typeOf(context, callee['object'])?.symbol?.name === 'Event') return null;
    return isOperation(type) ? name : null;
  }
  return givesOperation(context, callee) ? name : null;
}

/** Of that name, and with what they have: others have operations of their own. */
function isOperation(type: Type): boolean {
  const known = [type.symbol?.name, type.aliasSymbol?.name];
  if (!known.some((each) => each === 'Operation' || each === 'Transfer')) return false;
  const properties = type.getProperties().map(({ name }) => name);
  return properties.includes('then') && (properties.includes('promise') || properties.includes('done'));
}

function givesOperation(context: Context, callee: Node): boolean {
  if (callee.type === 'Identifier') {
    const imported = importedName(variableOf(context, callee, callee['name']));
    return imported !== null && FUNCTIONS.has(imported);
  }
  if (callee.type !== 'MemberExpression' || callee['computed']) return false;
  const { name } = callee['property'];
  const { object } = callee;
  if (object.type === 'Identifier') {
    const variable = variableOf(context, callee, object.name);
    if (isDoor(variable)) return FUNCTIONS.has(name);
    const module = MODULES[importedName(variable) ?? ''];
    if (module !== undefined) return module.test(name);
  }
  const methods = METHODS[classOf(context, callee['object']) ?? ''];
  return methods?.split(' ').includes(name) === true;
}

/** The class of the package that `object` is an instance of: `new Queue()`, `spawn(…)`, or a constant that holds one. */
function classOf(context: Context, object: Node): string | null {
  if (object.type === 'NewExpression' || object.type === 'CallExpression') {
    const { callee } = object;
    if (callee.type !== 'Identifier') return null;
    const imported = importedName(variableOf(context, object, callee.name));
    if (imported === null) return null;
    if (object.type === 'NewExpression') return imported;
    return SPAWNERS.has(imported) ? 'Greenlet' : null;
  }
  if (object.type === 'MemberExpression') {
    const made = fieldOf(object);
    return made === null ? null : classOf(context, made);
  }
  if (object.type !== 'Identifier') return null;
  const definition = variableOf(context, object, object['name'])?.defs[0];
  if (definition?.type !== 'Variable' || definition.node['init'] == null) return null;
  return definition.node['id'].type === 'Identifier' ? classOf(context, definition.node['init']) : null;
}

/** The `new X()` or call that the field `this.name` is first set to: where it stands in the class, or in its constructor. */
function fieldOf(field: Node): Node | null {
  const isMade = (value: Node | null | undefined) => /^(?:New|Call)Expression$/.test(value?.type ?? '');
  const member = memberOf(field);
  if (member !== null && isMade(member['value'])) return member['value'];
  const made = membersAround(field).find((each) => each['kind'] === 'constructor');
  for (const { expression } of made?.['value'].body?.body ?? []) {
    if (expression?.type !== 'AssignmentExpression' || !isMade(expression.right)) continue;
    const { object, property } = expression.left;
    const { name, type } = field['property'];
    if (object?.type === 'ThisExpression' && property.type === type && property.name === name)
      return expression.right;
  }
  return null;
}

function nameOf(callee: Node): string | null {
  if (callee.type === 'Identifier') return callee['name'];
  if (callee.type !== 'MemberExpression' || callee['computed']) return null;
  const { object, property } = callee as unknown as { object: Node; property: Node };
  const name = `${property.type === 'PrivateIdentifier' ? '#' : ''}${property['name']}`;
  if (object.type === 'ThisExpression') return `this.${name}`;
  const owner = /^(?:Identifier|MemberExpression)$/.test(object.type) ? nameOf(object) : null;
  return `${owner ?? '…'}.${name}`;
}
