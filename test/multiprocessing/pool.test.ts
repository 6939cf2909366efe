import { describe } from 'vitest';
import { poolContract } from './pool-contract.js';

describe.each(['process', 'worker'])('Pool (%s)', { timeout: 60_000 }, (method) => poolContract(method));
