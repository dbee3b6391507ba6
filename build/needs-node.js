// @ts-check
/** Ends a program in one line where Node cannot run TypeScript: `node --import ./build/needs-node.js FILE.ts`. */
import process from 'node:process';

if (!process.features.typescript) {
  process.stderr.write(
    `baton: Node 22.18 or newer is needed, this is ${process.versions.node}: install Node 24 from https://nodejs.org ` +
      '(on Linux `npm ci` brings one, which npx and npm use)\n',
  );
  process.exit(2);
}
