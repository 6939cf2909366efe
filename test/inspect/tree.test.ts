import {
  call,
  currentGreenlet,
  type Green,
  Greenlet,
  getcurrent,
  greenlet,
  hub,
  joinall,
  killall,
  Local,
  sleep,
  spawn,
  spawnRaw,
  suspend,
} from 'greenlets';
import { formatTree, type GreenletNode, tree } from 'greenlets/inspect';
import { virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { registered } from '../../src/runtime/registry.js';
import { lineOf } from './support.js';

const at = (mark: string) => lineOf(import.meta.url, `// ${mark}${'.'}`);

function* wait(): Green<void> {
  yield* suspend('bell', () => {});
}

/** Only what the shape of the tree is: names and who is below whom. */
const shape = (node: GreenletNode): unknown =>
  node.children.length === 0 ? node.name : { [node.name]: node.children.map(shape) };

function everyNode(node: GreenletNode): GreenletNode[] {
  return [node, ...node.children.flatMap(everyNode)];
}

describe('tree()', () => {
  it(
    'has those whom main spawned below main, and each below the one that spawned it',
    virtual(function* () {
      function* branch(name: string, depth: number): Green<void> {
        if (depth === 0) return yield* wait();
        const below = ['a', 'b'].map((each) => spawn({ name: name + each }, branch, name + each, depth - 1));
        yield* joinall(below);
      }
      const root = spawn({ name: 'x' }, branch, 'x', 2);
      yield* sleep(0);
      yield* sleep(0);
      yield* sleep(0);
      const alive = registered() as unknown as Greenlet[];
      const all = tree();
      expect(shape(all)).toEqual({
        main: [{ test: [{ x: [{ xa: ['xaa', 'xab'] }, { xb: ['xba', 'xbb'] }] }] }],
      });
      expect(shape(tree({ root }))).toEqual({ x: [{ xa: ['xaa', 'xab'] }, { xb: ['xba', 'xbb'] }] });
      const [xaa] = everyNode(all).filter((each) => each.name === 'xaa');
      expect(xaa).toEqual({
        name: 'xaa',
        ident: expect.any(Number),
        type: 'Greenlet',
        state: 'parked',
        operation: 'bell',
        object: null,
        frames: [
          expect.objectContaining({ function: 'wait' }),
          expect.objectContaining({ function: 'branch' }),
        ],
        spawnedAt: expect.stringMatching(/^branch|tree\.test\.ts/),
        parent: null,
        daemon: false,
        value: null,
        error: null,
        spawnTreeLocals: null,
        locals: [],
        children: [],
      });
      const joining = tree({ root });
      expect([joining.operation, joining.object]).toEqual(['joinall', '2 greenlets']);
      yield* killall(alive.filter((each) => each !== currentGreenlet()));
    }),
  );

  it(
    'tells each state, and where the greenlet is',
    virtual(function* () {
      const parked = spawn({ name: 'parked' }, sleep, 50);
      const yielding = spawn({ name: 'yielding' }, function* () {
        for (let i = 0; i < 3; i++) yield* sleep(0);
      });
      const failing = spawn({ name: 'failing' }, () => {
        throw new TypeError('no');
      });
      failing.linkException(() => {});
      const finished = spawn({ name: 'finished' }, () => ({ rows: [1, 2], by: 'me' }));
      yield* sleep(0);
      yield* sleep(0);
      const killed = spawn({ name: 'killed' }, wait);
      yield* killed.kill();
      const scheduled = spawn({ name: 'scheduled', daemon: true }, wait);
      const fresh = new greenlet(wait);
      fresh.name = 'fresh';
      const all = [parked, yielding, failing, finished, killed, scheduled, fresh];
      const root = tree({ include: all });
      const states = everyNode(root).map((each) => [each.name, each.state, each.operation, each.object]);
      expect(
        Object.fromEntries(states.map(([name, ...rest]) => [name, rest.filter((each) => each !== null)])),
      ).toEqual({
        main: ['parked'],
        test: ['running'],
        parked: ['parked', 'sleep', '50 ms'],
        yielding: ['ready', 'sleep'],
        failing: ['failed'],
        finished: ['finished'],
        killed: ['killed'],
        scheduled: ['scheduled'],
        fresh: ['new'],
      });
      const node = (name: string) => everyNode(root).find((each) => each.name === name);
      expect(node('failing')?.error).toBe('TypeError: no');
      expect(node('finished')?.value).toBe('{ rows: […], by: "me" }');
      expect(node('killed')?.value).toBe('GreenletExit: killed');
      expect(node('scheduled')?.daemon).toBe(true);
      expect(node('fresh')?.parent).toBe('test');
      for (const each of [parked, scheduled]) yield* each.kill();
      yield* yielding.join();
    }),
  );

  it(
    'is frozen all through and a copy of that moment',
    virtual(function* () {
      const g = spawn({ name: 'g' }, sleep, 5);
      g.spawnTreeLocals['user'] = 'ann';
      yield* sleep(1);
      const before = tree();
      for (const node of everyNode(before)) {
        expect(Object.isFrozen(node)).toBe(true);
        for (const part of Object.values(node)) {
          if (typeof part === 'object' && part !== null) expect(Object.isFrozen(part)).toBe(true);
        }
      }
      const text = JSON.stringify(before);
      yield* g.join();
      expect(JSON.stringify(before)).toBe(text);
      expect(shape(tree())).toEqual({ main: ['test'] });
    }),
  );

  it(
    'does not observe the errors that it shows',
    virtual(function* () {
      const told: unknown[] = [];
      const { onError } = hub;
      hub.onError = (error) => told.push(error);
      const failed = spawn(() => {
        throw new Error('unseen');
      });
      yield* sleep(0);
      expect(everyNode(tree({ include: [failed] })).map((each) => each.error)).toContain('Error: unseen');
      expect(formatTree({ include: [failed] })).toContain('error Error: unseen');
      yield* sleep(1);
      hub.onError = onError;
      expect(told.map(String)).toEqual(['Error: unseen']);
    }),
  );

  it(
    'keeps a spawner that has ended while the program holds it, and puts its children below it',
    virtual(function* () {
      const children: Greenlet[] = [];
      const parent = spawn({ name: 'parent' }, function* () {
        children.push(spawn({ name: 'child' }, wait));
        return 'gone';
      });
      yield* parent.join();
      const [node] = tree().children[0]?.children ?? [];
      expect([node?.name, node?.state, node?.value]).toEqual(['parent', 'finished', '"gone"']);
      expect(node?.children.map((each) => each.name)).toEqual(['child']);
      yield* children[0]!.kill();
    }),
  );

  it(
    'shows what a spawn tree shares once, and the attributes of locals that have any',
    virtual(function* () {
      const request = new Local();
      const unused = new Local();
      const top = spawn({ name: 'top' }, function* () {
        (currentGreenlet() as Greenlet).spawnTreeLocals['user'] = 'ann';
        request.id = 7;
        void unused.x;
        yield* joinall([spawn({ name: 'below' }, wait)]);
      });
      yield* sleep(1);
      const node = tree({ root: top });
      expect(node.spawnTreeLocals).toEqual({ user: '"ann"' });
      expect(node.locals).toEqual([{ id: '7' }]);
      expect(node.children.map((each) => [each.name, each.spawnTreeLocals, each.locals])).toEqual([
        ['below', null, []],
      ]);
      yield* greenletOf(node.children[0]!).kill();
      yield* top.join();
    }),
  );

  it('has only main when nothing is alive, and refuses what is no greenlet', () => {
    expect(shape(tree())).toBe('main');
    expect(tree().state).toBe('running');
    expect(() => tree({ include: [5 as never] })).toThrow('tree() shows greenlets, got 5 (number)');
    expect(() => tree({ root: {} as never })).toThrow('tree() shows greenlets, got an instance of Object');
  });

  it('shows raw greenlets that are included, with the frames where they switched away', () => {
    const raw = spawnRaw(function* spinner() {
      yield* sleep(0);
    });
    const waiting = new greenlet(function* waiting() {
      yield* call(function* () {
        yield* (getcurrent().parent as greenlet).switch();
      });
    });
    waiting.switch();
    const [first, second] = tree({ include: [raw, waiting] }).children.filter((each) => each.state !== 'new');
    expect([first?.type, first?.state]).toEqual(['greenlet', 'scheduled']);
    expect([second?.state, second?.operation, second?.frames.length]).toEqual(['parked', 'switch', 2]);
    waiting.switch();
    expect(waiting.dead).toBe(true);
  });
});

describe('formatTree()', () => {
  it(
    'shows a chain of spawns of any length, numbered where it is too deep to be indented',
    virtual(function* () {
      const chain: greenlet[] = [];
      const link = (left: number): void => {
        chain.push(getcurrent());
        if (left > 1) spawn({ name: 'link' }, link, left - 1);
      };
      spawn({ name: 'link' }, link, 20_000);
      yield* sleep(1);
      const lines = formatTree({ root: chain[0], include: chain, frames: 0 })
        .split('\n')
        .filter((line) => line.includes('link: '));
      expect(lines.length).toBe(20_000);
      expect(lines[2]).toBe('   └─ link: finished');
      expect(lines[50]).toBe(`${' '.repeat(147)}└─ link: finished`);
      expect(lines[51]).toBe(`${' '.repeat(150)}└─ [51 deep] link: finished`);
      expect(lines[19_999]).toBe(`${' '.repeat(150)}└─ [19999 deep] link: finished`);
    }),
  );

  it(
    'prints eight greenlets in their fixed shape: values, errors, those not started, names, what they share',
    virtual(function* () {
      const alive: Greenlet[] = [];
      const ended: greenlet[] = [];
      const root = spawn({ name: 'root' }, function* () {
        const tree = (currentGreenlet() as Greenlet).spawnTreeLocals;
        tree['stl'] = 'STL';
        const s1 = spawn({ name: 's1' }, function* () {
          alive.push(spawn({ name: 's2' }, wait));
          return 1;
        });
        yield* s1.join();
        const s3 = spawn({ name: 's3' }, () => {
          throw new RangeError('greenlet 3');
        });
        s3.linkException(() => {});
        yield* s3.join();
        ended.push(s1, s3, new Greenlet(wait), spawn({ name: 's5' }, sleep, 9));
        alive.push(spawn({ name: 's6' }, wait));
        yield* wait();
      });
      root.spawnTreeLocals['stl'] = 'STL';
      yield* sleep(1);
      ended[2]!.name = 's4';
      const text = formatTree({ root, include: ended, frames: 0 }).replace(/\n[│ ]*spawned at .*/g, '');
      expect(text).toBe(
        [
          'root: parked in bell',
          '│  spawn tree locals { stl: "STL" }',
          '├─ s1: finished',
          '│  │  value 1',
          '│  └─ s2: parked in bell',
          '├─ s3: failed',
          '│     error RangeError: greenlet 3',
          '├─ s4: new',
          '├─ s5: parked in sleep of 9 ms',
          '└─ s6: parked in bell',
        ].join('\n'),
      );
      for (const each of [...alive, root]) yield* each.kill();
      yield* sleep(9);
    }),
  );

  it(
    'gives the stack and the spawn place of each, and only as many frames as wanted',
    virtual(function* () {
      hub.debug = true;
      function* outer(): Green<void> {
        yield* wait(); // outer waits.
      }
      const g = spawn({ name: 'g' }, outer); // spawns g.
      yield* sleep(1);
      const file = import.meta.filename;
      const lines = formatTree({ root: g }).split('\n');
      expect(lines[0]).toBe('g: parked in bell');
      expect(lines[1]).toMatch(/^ {3}at wait \(.*tree\.test\.ts:\d+:\d+\)$/);
      expect(lines[2]).toBe(`   at outer (${file}:${at('outer waits')}:16)`);
      expect(lines[3]).toContain(`tree.test.ts:${at('spawns g')}:`);
      expect(lines[3]).toMatch(/^ {3}spawned at /);
      expect(formatTree({ root: g, frames: 1 })).toContain('… 1 more');
      yield* g.kill();
      hub.debug = false;
    }),
  );
});

/** The greenlet of a node, for the end of a test. */
function greenletOf(node: GreenletNode): Greenlet {
  return (registered() as unknown as Greenlet[]).find((each) => each.ident === node.ident) as Greenlet;
}
