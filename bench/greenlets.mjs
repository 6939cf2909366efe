/** The one place that says where the package under test is: the build of this checkout (`npm run build`). */
export * from '../dist/node/index.js';
