import { Pool } from 'greenlets';
import { watchHub } from '../support/hub-watch.js';
import { setContract } from '../support/set-contract.js';

watchHub();

for (const size of [1, 2, 3, 10]) setContract({ title: `Pool(${size})`, make: () => new Pool(size), size });
setContract({ title: 'Pool()', make: () => new Pool(), size: Number.POSITIVE_INFINITY });
