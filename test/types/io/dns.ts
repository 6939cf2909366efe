/** The overloads of node:dns/promises, kept. */
import type { AnyRecord, LookupAddress, LookupOptions, MxRecord, RecordWithTtl, SoaRecord } from 'node:dns';
import type { Operation } from 'greenlets';
import { dns } from 'greenlets/io';
import { expectType } from '../core/expect.js';

declare const options: LookupOptions;
const resolver = new dns.Resolver({ timeout: 1000 });

expectType<Operation<LookupAddress>>()(dns.lookup('a'));
expectType<Operation<LookupAddress>>()(dns.lookup('a', 4));
expectType<Operation<LookupAddress>>()(dns.lookup('a', { family: 6 }));
expectType<Operation<LookupAddress[]>>()(dns.lookup('a', { all: true }));
expectType<Operation<LookupAddress | LookupAddress[]>>()(dns.lookup('a', options));
for (const asks of [dns, resolver]) {
  expectType<Operation<string[]>>()(asks.resolve('a'));
  expectType<Operation<string[]>>()(asks.resolve('a', 'AAAA'));
  expectType<Operation<AnyRecord[]>>()(asks.resolve('a', 'ANY'));
  expectType<Operation<MxRecord[]>>()(asks.resolve('a', 'MX'));
  expectType<Operation<SoaRecord>>()(asks.resolve('a', 'SOA'));
  expectType<Operation<string[][]>>()(asks.resolve('a', 'TXT'));
  expectType<Operation<RecordWithTtl[]>>()(asks.resolve4('a', { ttl: true }));
  expectType<Operation<string[]>>()(asks.reverse('127.0.0.1'));
}
expectType<Operation<{ hostname: string; service: string }>>()(dns.lookupService('127.0.0.1', 22));
// @ts-expect-error: no name
dns.lookup(5);
// @ts-expect-error: the port is missing
dns.lookupService('127.0.0.1');
