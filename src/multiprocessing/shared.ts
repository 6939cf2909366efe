/** Every kind of shared object, so that each is known to whoever gets one. */
import './events.js';
import './locks.js';
import './proxies.js';
import './pipe.js';
import './queues.js';
import './values.js';
