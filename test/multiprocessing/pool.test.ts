import { describe } from 'vitest';
import { poolContract } from './pool-contract.js';

describe.each(['process', 'worker'])('Pool (%s)', (method) => poolContract(method));
