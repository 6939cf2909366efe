/** Every kind of shared object, so that each is known to whoever gets one. */
export {};
