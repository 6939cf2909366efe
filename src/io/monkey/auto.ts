/**
 * `greenlets/monkey/auto`: importing it applies every patch of `greenlets/monkey`. As the first import of a program, or by
 * `node --import greenlets/monkey/auto app.js`.
 *
 * @module
 */
import { patchAll } from './patch-all.js';

patchAll();
