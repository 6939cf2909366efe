/** Clients of databases that know nothing of greenlets, against real servers; the recipes of docs/monkey.md as they stand there. */
import { readFileSync } from 'node:fs';

import { all, type Greenlet, type Operation, sleep, spawn, until } from 'greenlets';
import { patchAll, unpatchAll } from 'greenlets/monkey';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Server, startPostgres, startRedis } from './monkey-servers.js';

const GREENLETS = 200;
const QUERIES = 20;

beforeAll(() => patchAll({ warn: false }));
afterAll(() => unpatchAll());

type Recipe<A extends unknown[], T> = (...args: A) => Operation<T>;

/** A recipe of the page, with what it uses. */
function recipe<A extends unknown[], T>(
  name: string,
  scope: Readonly<Record<string, unknown>>,
): Recipe<A, T> {
  const page = readFileSync(new URL('../../docs/monkey.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code as string);
  const code = blocks.find(
    (each) => each.startsWith(`const ${name} = `) || each.startsWith(`const ${name} =\n`),
  );
  if (code === undefined) throw new Error(`docs/monkey.md has no recipe ${name}`);
  const make = new Function('until', ...Object.keys(scope), `${code}return ${name};`);
  return make(until, ...Object.values(scope)) as Recipe<A, T>;
}

/** Asks again until it is so; the time of the test is its limit. */
async function waitFor(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(1);
}

// The servers are processes of their own: on a loaded machine they take their time.
describe('ioredis', () => {
  let server: Server;
  let redis: Redis;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.port, '127.0.0.1');
  });

  afterAll(async () => {
    redis?.disconnect();
    await server?.stop();
  });

  it('200 greenlets do 20 commands each; all wait at the same time, and each gets its own answers', async () => {
    let waiting = 0;
    let most = 0;
    function* worker(id: number) {
      const got: string[] = [];
      for (let i = 0; i < QUERIES; i++) {
        most = Math.max(most, ++waiting);
        yield* redis.set(`key:${id}:${i}`, `${id}.${i}`);
        got.push((yield* redis.get(`key:${id}:${i}`)) as string);
        waiting--;
      }
      return got;
    }
    const greenlets = Array.from({ length: GREENLETS }, (_, id) => spawn(worker, id));
    const results = await all(greenlets);
    const numbers = Array.from({ length: QUERIES }, (_, i) => i);
    expect(results).toEqual(greenlets.map((_, id) => numbers.map((i) => `${id}.${i}`)));
    expect(most).toBe(GREENLETS);
    const info = await redis.info('commandstats');
    expect(info).toMatch(/cmdstat_get:calls=4000,/);
  });

  it('a greenlet killed inside a command leaves the connection whole: answers go to their own', async () => {
    const blocked = redis.duplicate();
    const inBlpop = async () => ((await redis.client('LIST')) as string).match(/cmd=blpop/g)?.length ?? 0;
    const consumer = spawn(function* () {
      return yield* blocked.blpop('jobs', 0);
    });
    const before = spawn(function* () {
      return yield* redis.get('key:1:1');
    });
    await waitFor(async () => (await inBlpop()) === 1);
    await consumer.kill();
    expect(consumer.killed).toBe(true);
    expect(await before.get()).toBe('1.1');
    // The command is still under way at the server: what it takes is the next value, which nobody gets.
    expect(await inBlpop()).toBe(1);
    const pop = recipe<[string], unknown>('pop', { redis });
    const popping = spawn(pop, 'others');
    await waitFor(async () => (await inBlpop()) === 2);
    await popping.kill();
    await waitFor(async () => (await inBlpop()) === 1);
    await redis.rpush('others', 'kept');
    expect(await redis.lpop('others')).toBe('kept');
    blocked.disconnect();
  });
});

describe('pg', () => {
  let server: Server;
  let pool: pg.Pool;
  let control: pg.Pool;
  /** Killed, the query is cancelled at the server, and its client goes back to the pool. */
  let query: Recipe<[sql: string], { n: number }[]>;
  /** A client of the pool; one that comes too late goes back. */
  let connect: Recipe<[], pg.PoolClient>;

  beforeAll(async () => {
    server = await startPostgres();
    const where = { host: '127.0.0.1', port: server.port, user: 'postgres', idleTimeoutMillis: 0 };
    pool = new pg.Pool({ ...where, max: 20 });
    control = new pg.Pool({ ...where, max: 1 });
    query = recipe('query', { pool, control });
    connect = recipe('connect', { pool });
    await pool.query('create table numbers (id int, n int)');
  });

  afterAll(async () => {
    await end(pool);
    await end(control);
    await server?.stop();
  });

  /** `pool.end()` does not wait for its clients to have gone. */
  async function end(pool: pg.Pool | undefined): Promise<void> {
    if (pool === undefined) return;
    let left = pool.totalCount;
    pool.on('remove', () => void left--);
    await pool.end();
    await waitFor(() => left === 0);
  }

  /** How many of the statements that the pattern matches are at work at the server. */
  async function running(pattern: string): Promise<number> {
    const { rows } = await control.query(
      "select count(*)::int as n from pg_stat_activity where query ~ $1 and state = 'active' and pid <> pg_backend_pid()",
      [pattern],
    );
    return rows[0].n;
  }

  it('200 greenlets do 20 queries each on a pool of 20; as many statements run at once as it has clients', async () => {
    let out = 0;
    let most = 0;
    let asking = 0;
    let mostAsking = 0;
    pool.on('acquire', () => {
      most = Math.max(most, ++out);
    });
    pool.on('release', () => void out--);
    function* worker(id: number) {
      let sum = 0;
      for (let i = 0; i < QUERIES; i++) {
        mostAsking = Math.max(mostAsking, ++asking);
        yield* pool.query('insert into numbers values ($1, $2)', [id, i]);
        asking--;
        sum += i;
      }
      const { rows } = yield* pool.query('select sum(n)::int as sum from numbers where id = $1', [id]);
      return rows[0].sum === sum;
    }
    const greenlets = Array.from({ length: GREENLETS }, (_, id) => spawn(worker, id));
    expect((await all(greenlets)).every((right) => right)).toBe(true);
    expect([most, mostAsking, out]).toEqual([20, GREENLETS, 0]);
    expect(pool.waitingCount).toBe(0);
    expect((await pool.query('select count(*)::int as n from numbers')).rows[0].n).toBe(GREENLETS * QUERIES);
  });

  const isWhole = () =>
    waitFor(() => pool.idleCount === 20 && pool.totalCount === 20 && pool.waitingCount === 0);

  it('a greenlet killed inside a query leaves the pool whole, and no client is lost', async () => {
    const killed: Greenlet<unknown>[] = Array.from({ length: 30 }, () =>
      spawn(query, 'select pg_sleep(1000)'),
    );
    // Twenty are inside their query, ten wait for a client.
    await waitFor(async () => (await running('pg_sleep')) === 20);
    expect(pool.waitingCount).toBe(10);
    for (const each of killed) await each.kill();
    expect(killed.every((each) => each.killed)).toBe(true);
    const rows = await all(Array.from({ length: 40 }, (_, n) => spawn(query, `select ${n} as n`)));
    expect(rows.map(([row]) => row?.n)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    await isWhole();
    expect(await running('pg_sleep')).toBe(0);
  });

  it('a greenlet killed when its query may not have come to the server has it cancelled all the same', async () => {
    const killed = Array.from({ length: 20 }, () => spawn(query, 'select pg_sleep(1000)'));
    while (pool.idleCount > 0) await new Promise((resolve) => setImmediate(resolve));
    for (const each of killed) await each.kill();
    await isWhole();
    expect(await running('pg_sleep')).toBe(0);
  });

  it('a greenlet killed while it waits for a client: one that comes late goes back', async () => {
    const holders = await Promise.all(Array.from({ length: 20 }, () => pool.connect()));
    const greenlet = spawn(connect);
    await waitFor(() => pool.waitingCount === 1);
    await greenlet.kill();
    for (const each of holders) each.release();
    await isWhole();
  });

  it('a plain pool.query that is killed runs to its end by itself, and its client comes back', async () => {
    await control.query('select pg_advisory_lock(1)');
    const greenlet = spawn(function* () {
      yield* pool.query('select pg_advisory_xact_lock(1)');
    });
    await waitFor(async () => (await running('xact_lock')) === 1);
    await greenlet.kill();
    expect(greenlet.killed).toBe(true);
    expect(await running('xact_lock')).toBe(1);
    expect(pool.totalCount - pool.idleCount).toBe(1);
    await control.query('select pg_advisory_unlock(1)');
    await isWhole();
  });
});
