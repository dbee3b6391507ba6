/**
 * Makes `dist/`, the installed form of Baton, with the layout of the repository: the command and the local AWS compiled
 * to JavaScript (Node runs no TypeScript below node_modules), what they read, and the bundles of the functions, so that
 * neither a compiler nor a bundler is needed where it is installed. `npm pack` and `npm publish` run it.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

import { copySampleSql } from '../cli/demo/sample-sql.ts';
import { ensureFunctionBundles, PREBUILT } from './bundle-functions.ts';
import { packageRoot } from './project.ts';

const dist = join(packageRoot, 'dist');

/** What compiled code reads by its path. The licenses belong to the models beside them. */
const COPIED = [
  'serverless.yml',
  'build/resources',
  'samples',
  'local/redshift/model/LICENSE-botocore.txt',
  'local/redshift/model/NOTICE-botocore.txt',
];

/** The types of `baton/testing`; those of other modules are not published. */
const LIBRARY = 'cli/testing/library.d.ts';

function compile(): void {
  tsc();
  const types = mkdtempSync(join(tmpdir(), 'baton-types-'));
  tsc('--declaration', '--emitDeclarationOnly', '--removeComments', 'false', '--outDir', types);
  cpSync(join(types, LIBRARY), join(dist, LIBRARY));
  rmSync(types, { recursive: true });
}

function tsc(...options: readonly string[]): void {
  const typescript = createRequire(import.meta.url).resolve('typescript/package.json');
  const program = join(dirname(typescript), 'bin', 'tsc');
  const project = join(packageRoot, 'tsconfig.package.json');
  execFileSync(process.execPath, [program, '-p', project, ...options], { stdio: 'inherit' });
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Named by its content: the same sources give the same package. */
function contentOf(folder: string): string {
  const hash = createHash('sha256');
  for (const path of filesIn(folder))
    hash.update(`${path.slice(folder.length)}\0`).update(readFileSync(path));
  return hash.digest('hex').slice(0, 16);
}

/** The licenses of the packages whose code is in the bundles, which the source maps name. */
function licensesOf(bundles: string): string {
  const maps = filesIn(bundles).filter((path) => path.endsWith('.map'));
  const sources = maps.flatMap(
    (path) => (JSON.parse(readFileSync(path, 'utf8')) as { sources: readonly string[] }).sources,
  );
  const packages = new Set(
    sources.flatMap((source) => /.*(node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(source)?.[0] ?? []),
  );
  const texts = [...packages]
    .map((path) => path.slice(path.indexOf('node_modules/')))
    .sort()
    .map((path) => {
      const folder = join(packageRoot, path);
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name: string;
        version: string;
        license?: string;
      };
      const file = readdirSync(folder).find((each) => /^license/i.test(each));
      const text = file === undefined ? '' : `\n\n${readFileSync(join(folder, file), 'utf8').trim()}`;
      return `${name} ${version}: ${license ?? 'see its text'}${text}\n`;
    });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

rmSync(dist, { recursive: true, force: true });
compile();
for (const path of COPIED) cpSync(join(packageRoot, path), join(dist, path), { recursive: true });
copySampleSql(join(dist, 'sql'));
const { folder } = await ensureFunctionBundles();
cpSync(folder, join(dist, PREBUILT, contentOf(folder)), { recursive: true });
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), licensesOf(folder));
