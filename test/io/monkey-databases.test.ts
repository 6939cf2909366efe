/** Clients of databases that know nothing of greenlets, against real servers. */

import { all, type Greenlet, type Signal, sleep, spawn, until } from 'greenlets';
import { patchAll, unpatchAll } from 'greenlets/monkey';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Server, startPostgres, startRedis } from './monkey-servers.js';

const GREENLETS = 200;
const QUERIES = 20;

beforeAll(() => patchAll({ warn: false }));
afterAll(() => unpatchAll());

describe('ioredis', () => {
  let server: Server;
  let redis: Redis;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.port, '127.0.0.1');
  }, 60_000);

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
    const consumer = spawn(function* () {
      return yield* blocked.blpop('jobs', 0);
    });
    const before = spawn(function* () {
      return yield* redis.get('key:1:1');
    });
    await sleep(0);
    await sleep(20);
    await consumer.kill();
    expect(await before.get()).toBe('1.1');
    // The command is still under way at the server: what it takes is the next value, which nobody gets.
    const recipe = spawn(function* () {
      return yield* until((signal: Signal) => {
        const own = redis.duplicate();
        signal.addEventListener('abort', () => own.disconnect(), { once: true });
        return own.blpop('others', 0).finally(() => own.disconnect());
      });
    });
    await sleep(30);
    await recipe.kill();
    const clients = async () => ((await redis.client('LIST')) as string).match(/cmd=blpop/g)?.length ?? 0;
    while ((await clients()) > 1) await sleep(5);
    await redis.rpush('others', 'kept');
    expect(await redis.lpop('others')).toBe('kept');
    blocked.disconnect();
  });
});

describe('pg', () => {
  let server: Server;
  let pool: pg.Pool;
  let control: pg.Pool;

  beforeAll(async () => {
    server = await startPostgres();
    const where = { host: '127.0.0.1', port: server.port, user: 'postgres' };
    pool = new pg.Pool({ ...where, max: 20 });
    control = new pg.Pool({ ...where, max: 1 });
    await pool.query('create table numbers (id int, n int)');
  }, 60_000);

  afterAll(async () => {
    await pool?.end();
    await control?.end();
    await server?.stop();
  });

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
  }, 30_000);

  /** The recipe of docs/monkey.md: killed, the query is cancelled at the server, and its client goes back to the pool. */
  const query = (sql: string) =>
    until(async (signal: Signal) => {
      const client = await pool.connect();
      let cancelled: Promise<unknown> | undefined;
      const cancel = () => {
        const { processID } = client as unknown as { processID: number };
        cancelled = control.query('select pg_cancel_backend($1)', [processID]);
      };
      signal.addEventListener('abort', cancel, { once: true });
      try {
        if (signal.aborted) return [];
        return (await client.query(sql)).rows;
      } finally {
        signal.removeEventListener('abort', cancel);
        // Not before: it must not hit whoever has the client next.
        await cancelled;
        client.release();
      }
    });

  it('a greenlet killed inside a query leaves the pool whole, and no client is lost', async () => {
    const killed: Greenlet<unknown>[] = Array.from({ length: 30 }, () =>
      spawn(query, 'select pg_sleep(1000)'),
    );
    while (pool.waitingCount < 10) await sleep(5);
    for (const each of killed) await each.kill();
    expect(killed.every((each) => each.killed)).toBe(true);
    const rows = await all(Array.from({ length: 40 }, (_, n) => spawn(query, `select ${n} as n`)));
    expect(rows.map(([row]) => row.n)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    while (pool.idleCount !== pool.totalCount) await sleep(5);
    expect([pool.waitingCount, pool.totalCount]).toEqual([0, 20]);
    const { rows: running } = await control.query(
      "select 1 from pg_stat_activity where query ~ 'pg_sleep' and state = 'active' and pid <> pg_backend_pid()",
    );
    expect(running).toEqual([]);
  }, 30_000);

  it('a greenlet killed while it waits for a client: one that comes late goes back', async () => {
    const holders = await Promise.all(Array.from({ length: 20 }, () => pool.connect()));
    const greenlet = spawn(function* () {
      yield* until(() => pool.connect(), { late: (client) => client.release() });
    });
    await sleep(5);
    await greenlet.kill();
    for (const each of holders) each.release();
    while (pool.idleCount !== pool.totalCount || pool.waitingCount > 0) await sleep(1);
    expect(pool.totalCount).toBe(20);
  });

  it('a plain pool.query that is killed runs to its end by itself, and its client comes back', async () => {
    const greenlet = spawn(function* () {
      yield* pool.query('select pg_sleep(0.2)');
    });
    await sleep(20);
    await greenlet.kill();
    expect(pool.totalCount - pool.idleCount).toBe(1);
    while (pool.idleCount !== pool.totalCount) await sleep(5);
  });
});
