import { describe } from 'vitest';
import { poolContract } from '../multiprocessing/pool-contract.js';

describe('ThreadPool', { timeout: 60_000 }, () => poolContract('thread'));
