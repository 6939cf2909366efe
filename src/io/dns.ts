/**
 * Names and addresses: `node:dns/promises`, call for call. Equal questions that are asked while one is on its way share its answer
 * (single flight); whoever is interrupted takes nothing from the others.
 */
import dns from 'node:dns/promises';
import { checkOptions } from '../runtime/check.js';
import type { Operation } from '../runtime/operation.js';
import { until } from '../runtime/until.js';
import type { Both, Overloads } from './overloads.js';

type Asks = typeof dns;

/** A function that gives promises as one that gives operations. */
type Green<F> = Both<GreenEach<Overloads<F>>>;

type GreenEach<L> = { [I in keyof L]: GreenOne<L[I]> };

type GreenOne<F> = F extends (...args: infer A) => PromiseLike<infer R>
  ? (...args: A) => Operation<R>
  : never;

const flights = new Map<string, Promise<unknown>>();

function ask(name: keyof Asks, args: readonly unknown[]): Promise<unknown> {
  const question = JSON.stringify([name, ...args]);
  const known = flights.get(question);
  if (known !== undefined) return known;
  const answer = (dns[name] as (...all: readonly unknown[]) => Promise<unknown>)(...args);
  flights.set(question, answer);
  const land = () => void flights.delete(question);
  answer.then(land, land);
  return answer;
}

/** An operation that asks when it is run: a lazy one, any number of times. */
function green<K extends keyof Asks>(name: K): Green<Asks[K]> {
  const asking = (...args: unknown[]) => until(() => ask(name, args).then(structuredClone));
  return asking as unknown as Green<Asks[K]>;
}

export const lookup = green('lookup');
export const lookupService = green('lookupService');
export const resolve = green('resolve');
export const resolve4 = green('resolve4');
export const resolve6 = green('resolve6');
export const resolveAny = green('resolveAny');
export const resolveCaa = green('resolveCaa');
export const resolveCname = green('resolveCname');
export const resolveMx = green('resolveMx');
export const resolveNaptr = green('resolveNaptr');
export const resolveNs = green('resolveNs');
export const resolvePtr = green('resolvePtr');
export const resolveSoa = green('resolveSoa');
export const resolveSrv = green('resolveSrv');
export const resolveTxt = green('resolveTxt');
export const reverse = green('reverse');

type HostResolver = dns.Resolver;

/**
 * Asks servers of its own, which `setServers` names: the host's `Resolver`, with operations for promises. Its questions are not shared with
 * others. An interrupted one goes on and nobody hears of its answer; `cancel()` ends all that are under way, with `ECANCELLED`.
 *
 * @example const resolver = new dns.Resolver({ timeout: 2000 }); resolver.setServers(['10.0.0.53']); yield* resolver.resolve4('db');
 */
export class Resolver {
  /** The host's. */
  readonly raw: HostResolver;
  readonly resolve = this.#green('resolve');
  readonly resolve4 = this.#green('resolve4');
  readonly resolve6 = this.#green('resolve6');
  readonly resolveAny = this.#green('resolveAny');
  readonly resolveCaa = this.#green('resolveCaa');
  readonly resolveCname = this.#green('resolveCname');
  readonly resolveMx = this.#green('resolveMx');
  readonly resolveNaptr = this.#green('resolveNaptr');
  readonly resolveNs = this.#green('resolveNs');
  readonly resolvePtr = this.#green('resolvePtr');
  readonly resolveSoa = this.#green('resolveSoa');
  readonly resolveSrv = this.#green('resolveSrv');
  readonly resolveTxt = this.#green('resolveTxt');
  readonly reverse = this.#green('reverse');

  /** `timeout`: ms for an answer, as often as `tries`; both as the system is set unless given. Errors: for wrong options, at the call. */
  constructor(options?: ConstructorParameters<typeof dns.Resolver>[0]) {
    if (options !== undefined) checkOptions(options, 'dns.Resolver', '{ timeout: 2000, tries: 2 }');
    this.raw = new dns.Resolver(options);
  }

  #green<K extends keyof HostResolver>(name: K): Green<HostResolver[K]> {
    const asking = (...args: unknown[]) =>
      until(() => (this.raw[name] as (...all: readonly unknown[]) => Promise<unknown>)(...args));
    return asking as unknown as Green<HostResolver[K]>;
  }

  /** The servers that it asks. */
  getServers(): string[] {
    return this.raw.getServers();
  }

  /** Asks these from now on: addresses, with a port if need be. */
  setServers(servers: readonly string[]): void {
    this.raw.setServers(servers);
  }

  /** Asks from these addresses of this machine. */
  setLocalAddress(ipv4?: string, ipv6?: string): void {
    this.raw.setLocalAddress(ipv4, ipv6);
  }

  /** Ends the questions that are under way, with `ECANCELLED`. Never switches. */
  cancel(): void {
    this.raw.cancel();
  }
}

/** These ask nobody, and the codes of errors: they are the host's own. */
export const {
  getServers,
  setServers,
  getDefaultResultOrder,
  setDefaultResultOrder,
  ADDRGETNETWORKPARAMS,
  BADFAMILY,
  BADFLAGS,
  BADHINTS,
  BADNAME,
  BADQUERY,
  BADRESP,
  BADSTR,
  CANCELLED,
  CONNREFUSED,
  DESTRUCTION,
  EOF,
  FILE,
  FORMERR,
  LOADIPHLPAPI,
  NODATA,
  NOMEM,
  NONAME,
  NOTFOUND,
  NOTIMP,
  NOTINITIALIZED,
  REFUSED,
  SERVFAIL,
  TIMEOUT,
} = dns;
