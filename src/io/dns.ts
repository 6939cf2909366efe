/**
 * Names and addresses: `node:dns/promises`, call for call. Equal questions that are asked while one is on its way share its answer
 * (single flight); whoever is interrupted takes nothing from the others.
 */
import dns from 'node:dns/promises';
import type { Operation } from '../runtime/operation.js';
import { until } from '../runtime/until.js';

type Asks = typeof dns;

/** The functions of the module that ask somebody. */
type Green<F> = F extends {
  (...args: infer A1): PromiseLike<infer R1>;
  (...args: infer A2): PromiseLike<infer R2>;
  (...args: infer A3): PromiseLike<infer R3>;
  (...args: infer A4): PromiseLike<infer R4>;
}
  ? ((...args: A1) => Operation<R1>) &
      ((...args: A2) => Operation<R2>) &
      ((...args: A3) => Operation<R3>) &
      ((...args: A4) => Operation<R4>)
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
/** These ask nobody: they are the host's own. */
export const { getServers, setServers } = dns;
