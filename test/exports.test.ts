/** The public names of each entry point, and that the daily door opens in a browser. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { build } from 'esbuild';
import ts from 'typescript';
import { beforeAll, describe, expect, it, vi } from 'vitest';

// A first import of an entry compiles all that is below it.
vi.setConfig({ testTimeout: 60_000 });

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The names that each entry exports: those with a value, and those that are types only. */
const NAMES: Readonly<Record<string, { readonly values: string; readonly types: string }>> = {
  greenlets: {
    values:
      'AsyncResult Barrier BoundedSemaphore BrokenBarrierError Channel ConcurrentUseError Condition Deadlock Empty ' +
      'Event Full Greenlet GreenletError GreenletExit Group LifoQueue Local Lock LoopExit Pool PoolFull PriorityQueue ' +
      'Queue RLock RWLock RateLimit RawGreenlet Results Semaphore ShutDown Timeout TimeoutError all any attempt call ' +
      'callback currentGreenlet each enter every fetch forEach formatError getcurrent gettrace green greenlet hub ' +
      'idle isExit iwait joinall kill killall local main race rethrowExit retry runWith scope seconds select settled ' +
      'settrace shield sleep spawn spawnLater spawnRaw supervise suspend until wait withTimeout',
    types:
      'AcquireOptions ApplyAsyncOptions AsyncResultStatistics Attempt Awaits BarrierOptions BarrierStatistics ' +
      'BlockOptions Body Compare ConditionStatistics ErrorHandler EventStatistics EveryOptions Fn GetOptions Green ' +
      'GreenOptions Hold Hub HubStats JoinAllOptions JoinOptions KillAllOptions KillOptions LockLike LockStatistics ' +
      'MapOptions NotSelected Operation PoolStatistics PriorityQueueOptions QueueOptions QueueStatistics ' +
      'RWLockStatistics RateLimitOptions RateLimitStatistics RetryOptions Returned Scope SelectOptions Selected ' +
      'SemaphoreStatistics SetStatistics Signal Source SpawnOptions SuperviseOptions Suspend SyncOptions TakeOptions ' +
      'Tracer Transfer WaitOptions Waitable Waker Warning WarningHandler',
  },
  'greenlets/threading': {
    values:
      'Barrier BoundedSemaphore BrokenBarrierError Condition Event Local Lock RLock Semaphore Thread ThreadPool Timer ' +
      'activeCount currentThread enumerate excepthook getIdent getNativeId local mainThread report',
    types:
      'AssignableExceptHook ExceptHook ExceptHookArgs KeywordThreadOptions ThreadOptions ThreadPoolOptions',
  },
  'greenlets/monkey': {
    values:
      'DuplexStream getOriginal isPatched patchAll patchChildProcess patchDns patchFetch patchFs patchNet patchPromise ' +
      'patchTimers unpatchAll',
    types: 'PatchOptions ThenableClass',
  },
  'greenlets/multiprocessing': {
    values:
      'AsyncResult AuthenticationError Barrier BoundedSemaphore Condition DataCloneError DictProxy EOFError Event ' +
      'JoinableQueue ListProxy Lock Manager NamespaceProxy Pipe Pool Process ProcessError Queue RLock Ref Semaphore ' +
      'SharedArray SimpleQueue TimeoutError Value WorkerDied activeChildren cpuCount currentProcess getStartMethod ' +
      'isMainProcess parentProcess ref sendable setStartMethod',
    types:
      'ConnectOptions ConnectedManager Connection ManagerServer ProcessOptions ServeOptions Shared SharedManager Typecode',
  },
  'greenlets/testing': {
    values: 'TestClock explore runVirtual sweepKills virtual waitAllBlocked',
    types: 'ExploreOptions VirtualOptions',
  },
  'greenlets/inspect': {
    values:
      'deadlocks dump formatRunInfo formatTree log monitorBlocking onSignal printRunInfo stack trace tree',
    types:
      'DeadlockReport FormatOptions GreenletMessage GreenletNode GreenletState MonitorOptions Stack StackFrame Trace ' +
      'TraceEvent TraceOptions TreeOptions',
  },
  'greenlets/eslint': { values: 'default recommended rules', types: 'Rule' },
};

interface Package {
  readonly exports: Readonly<
    Record<
      string,
      { readonly types: string; readonly node: string; readonly default: string } | string | null
    >
  >;
}
const pkg = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as Package;
const paths = (
  ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile).config as {
    compilerOptions: { paths: Record<string, [string]> };
  }
).compilerOptions.paths;

/** What an entry exports, by the compiler: names with a value, and types. */
function exportsOf(program: ts.Program, file: string): { values: string; types: string } {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(`${ROOT}${file}`) as ts.SourceFile;
  const symbol = checker.getSymbolAtLocation(source);
  const all = symbol === undefined ? [] : checker.getExportsOfModule(symbol);
  const isValue = (each: ts.Symbol) => {
    const typeOnly = each.declarations?.some(
      (one) => ts.isExportSpecifier(one) && (one.isTypeOnly || one.parent.parent.isTypeOnly),
    );
    if (typeOnly) return false;
    const target = each.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(each) : each;
    return (target.flags & ts.SymbolFlags.Value) !== 0;
  };
  const names = (list: ts.Symbol[]) =>
    list
      .map((each) => each.name)
      .sort()
      .join(' ');
  return { values: names(all.filter(isValue)), types: names(all.filter((each) => !isValue(each))) };
}

describe('the entry points', () => {
  let program: ts.Program;

  beforeAll(() => {
    const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
    program = ts.createProgram(
      Object.values(paths).map(([file]) => `${ROOT}${file}`),
      options,
    );
  });

  it('are the same in package.json and in the paths of tsconfig.json', () => {
    const entries = Object.entries(pkg.exports).filter(
      ([, target]) => target !== null && typeof target !== 'string',
    );
    const files = entries.map(([entry, target]) => {
      const { default: built, node } = target as { default: string; node: string };
      expect(node).toBe(built.replace('./dist/', './dist/node/'));
      return [
        entry.replace(/^\./, 'greenlets'),
        [built.replace('./dist/', './src/').replace(/\.js$/, '.ts')],
      ];
    });
    expect(Object.fromEntries(files)).toEqual(paths);
  });

  it.each(Object.keys(NAMES))('%s exports these names', (entry) => {
    expect(exportsOf(program, (paths[entry] as [string])[0].slice(2))).toEqual(NAMES[entry]);
  });

  it.each(Object.keys(NAMES))('%s can be imported, and has the values', async (entry) => {
    const module = (await import(/* @vite-ignore */ entry)) as object;
    expect(Object.keys(module).sort().join(' ')).toBe(NAMES[entry]?.values);
  });
});

describe('in a browser', () => {
  const PROGRAM = `
    import { getcurrent, Greenlet, hub, joinall, main, sleep, spawn, Timeout, withTimeout } from 'greenlets';
    function* worker(name, ms) {
      log.push(name + ' begins');
      yield* sleep(ms);
      log.push(name + ' ends');
      return ms;
    }
    export const outcome = main(function* () {
      const greenlets = [spawn(worker, 'slow', 20), spawn(worker, 'fast', 5), spawn(sleep, 0)];
      yield* joinall(greenlets);
      const late = yield* withTimeout(5, { timeoutValue: 'late' }, sleep, 1000);
      const killed = spawn(worker, 'killed', 1000);
      yield* sleep(0);
      yield* killed.kill();
      return [late, killed.killed, ...greenlets.map((each) => each.value)];
    });
    outcome.then((value) => report(value), (error) => report(String(error && error.stack)));
  `;

  /** Nothing of Node: what every browser has. */
  const browserGlobals = () => ({
    setTimeout,
    clearTimeout,
    queueMicrotask,
    performance,
    console,
    AbortController,
  });

  /** What a bundler makes of `program` for the script tag of a page. */
  async function bundle(program: string): Promise<string> {
    const { outputFiles, metafile } = await build({
      stdin: { contents: program, resolveDir: ROOT, loader: 'js' },
      alias: { greenlets: `${ROOT}src/index.ts` },
      bundle: true,
      write: false,
      metafile: true,
      format: 'iife',
      platform: 'browser',
      target: 'es2022',
      logOverride: { 'empty-import-meta': 'silent' },
    });
    const imports = Object.values(metafile.inputs).flatMap((each) => each.imports);
    expect(imports.filter(({ external }) => external)).toEqual([]);
    return outputFiles[0]?.text ?? '';
  }

  it.each([
    ['with a MessageChannel', { MessageChannel }],
    ['with nothing but timers', {}],
  ])('greenlets are spawned, sleep, are joined and killed, %s', async (_name, extra) => {
    const code = await bundle(PROGRAM);
    const log: string[] = [];
    const value = await new Promise((report) => {
      vm.runInNewContext(code, { ...browserGlobals(), ...extra, log, report });
    });
    expect(value).toEqual(['late', true, 20, 5, undefined]);
    // On a busy machine, in which order their times are over is open.
    expect(log.slice(0, 2)).toEqual(['slow begins', 'fast begins']);
    expect(log.slice(2).sort()).toEqual(['fast ends', 'killed begins', 'slow ends']);
  });

  it('a bundle of one name keeps what works behind the scenes: errors are told well, functions are run outside', async () => {
    const code = await bundle(`
      import { call, spawn } from 'greenlets';
      spawn(function* worker() { throw new Error('told'); });
      call(() => 'ran').then(report, report);
    `);
    const printed: string[] = [];
    const value = await new Promise((report) => {
      vm.runInNewContext(code, {
        ...browserGlobals(),
        console: { error: (text: string) => printed.push(text) },
        report,
      });
    });
    expect(value).toBe('ran');
    await new Promise((resolve) => setImmediate(resolve));
    expect(printed).toEqual([
      expect.stringMatching(
        /^greenlets: <_?Greenlet '_?Greenlet-\d+': worker failed dead> failed.*\nError: told\n/s,
      ),
    ]);
  });
});
