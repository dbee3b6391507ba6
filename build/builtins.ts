/**
 * An ES import of a built-in module of Node evaluates every export that it has: a whole fetch for `node:http` (some 40 ms of a cold
 * start), the three streams for `node:process` (5 ms), the promises for `node:fs` (3 ms). `process.getBuiltinModule` does not.
 */
import type { Plugin } from 'esbuild';

/** What the functions import of them by name. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'node:fs': ['createReadStream', 'fstatSync', 'lstatSync', 'readFileSync', 'ReadStream'],
  'node:http': ['Agent', 'ClientRequest', 'IncomingMessage', 'STATUS_CODES', 'request'],
  'node:https': ['Agent', 'request'],
  'node:process': ['env', 'versions'],
};

/** esbuild says so if a module imports a name that is not there. */
export const cheapBuiltins: Plugin = {
  name: 'cheap-builtins',
  setup(build) {
    build.onResolve({ filter: /^(?:node:)?(?:fs|https?|process)$/ }, ({ path }) => ({
      path: path.startsWith('node:') ? path : `node:${path}`,
      namespace: 'builtin',
    }));
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: [
        `const builtin = process.getBuiltinModule('${path}');`,
        'export default builtin;',
        // Marked as calls without effect, so that only those in use stay.
        ...(NAMES[path] ?? []).map(
          (name) => `export const ${name} = /* @__PURE__ */ (() => builtin.${name})();`,
        ),
      ].join('\n'),
    }));
  },
};
