/**
 * From a tarball to a team's project, as an ordinary user with an empty home: install, `baton init`, `up`, an own pipeline,
 * `validate`, `package`. With BATON_PACKAGE_INSTALL=1 npm installs everything from the registry, and once without what is optional, and `baton test` runs, too;
 * otherwise the dependencies are links to those of this repository.
 */
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { functionNames } from '../../build/bundle-functions.ts';
import { PARAMETERS } from '../../build/serverless/parameters.cjs';
import { version } from '../../cli/version.ts';
import { eventually } from '../e2e/stack.ts';
import { Installed, type Answer } from './installed.ts';
import { isLong } from '../long.ts';

const installation = process.env['BATON_PACKAGE_INSTALL'] === '1' ? 'npm' : 'links';
const isWhole = isLong || installation === 'npm';
const MOST_MS = 180_000;

let installed: Installed;
const startedAt = performance.now();

beforeAll(async () => {
  installed = await Installed.make(installation);
}, MOST_MS);

afterAll(() => {
  installed.remove();
});

/** Every file of Baton itself, as it lies in node_modules. */
function filesOfBaton(): string[] {
  const folder = join(installed.place, 'node_modules', 'baton');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

function expectDone({ code, stderr }: Answer): void {
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
}

function inProject(...path: string[]): string {
  return join(installed.place, 'etl', ...path);
}

describe('the package', () => {
  it('has compiled code and built functions, no sources and no tests', () => {
    const files = filesOfBaton();
    expect(files).toContain('dist/cli/main.js');
    for (const name of functionNames)
      expect(files).toContainEqual(expect.stringMatching(`^dist/bundles/\\w+/${name}/index.mjs$`));
    expect(files).toContain('dist/local/redshift/model/LICENSE-botocore.txt');
    expect(files).toContain('docs/deployment.md');
    expect(files).toContain('dist/cli/testing/library.d.ts');
    expect(
      files.filter((name) => /(?<!\.d)\.ts$/.test(name) || /^(test|bench|cli|shared)\b/.test(name)),
    ).toEqual([]);
    const licenses = readFileSync(
      join(installed.place, 'node_modules/baton/dist/THIRD-PARTY-LICENSES.txt'),
      'utf8',
    );
    expect(licenses).toContain('@aws-sdk/client-redshift-data 3.');
    expect(licenses.match(/Apache License/g)?.length).toBeGreaterThan(5);
  });

  it('says its version, and outside of a project what is missing, and leaves nothing there', async () => {
    const before = readdirSync(installed.place);
    expect(await installed.baton('.', '--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    const { code, stderr } = await installed.baton('.', 'validate');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/no pipelines: there is no folder sql in .*\n.* npx baton init DIR\n$/),
    });
    expect(readdirSync(installed.place)).toEqual(before);
  });

  it.runIf(isWhole)(
    'makes a project, in which it runs, checks and packages; nothing is written elsewhere',
    async () => {
      const ofBaton = filesOfBaton();
      const made = await installed.baton('.', 'init', 'etl');
      expectDone(made);
      expect(made.stdout.split('\n')).toContain('etl/baton.yml');
      // The project has the tarball in itself: it installs on a machine that has nothing else.
      expect(JSON.parse(readFileSync(inProject('package.json'), 'utf8'))).toMatchObject({
        name: 'etl',
        dependencies: { baton: `file:vendor/baton-${version}.tgz` },
      });
      expect(readFileSync(inProject(`vendor/baton-${version}.tgz`))).toEqual(readFileSync(installed.tarball));

      const stack = installed.start('etl', 'up', '--port', '0', '--json');
      const ended = new Promise((resolve) => stack.once('close', resolve));
      try {
        const said: string[] = [];
        createInterface({ input: stack.stderr ?? process.stdin }).on('line', (line) => said.push(line));
        const ready = await new Promise<string>((resolve, reject) => {
          createInterface({ input: stack.stdout ?? process.stdin }).once('line', resolve);
          stack.once('exit', () => {
            reject(new Error(said.join('\n')));
          });
        });
        expect(JSON.parse(ready)).toMatchObject({ home: inProject('.baton') });

        const example = await installed.baton('etl', 'drop', 'samples/stores.csv', '--to', 'stores/');
        expectDone(example);

        // A pipeline of their own, made while it runs.
        expect(await installed.baton('etl', 'new', 'orders')).toMatchObject({ code: 0 });
        await eventually('the new pipeline is loaded', () =>
          Promise.resolve(said.some((line) => /^ *reloaded/.test(line)) || undefined),
        );
        writeFileSync(inProject('orders.csv'), 'id,name,amount\n1,first,10.50\n2,second,20.00\n');
        chmodSync(inProject('orders.csv'), 0o644);
        const dropped = await installed.baton('etl', 'drop', 'orders.csv', '--to', 'orders/');
        expectDone(dropped);
        const { stdout } = await installed.baton(
          'etl',
          'query',
          '--json',
          'SELECT name FROM orders ORDER BY id',
        );
        expect(JSON.parse(stdout)).toEqual([{ name: 'first' }, { name: 'second' }]);
      } finally {
        stack.kill('SIGINT');
        await ended;
      }

      expect(await installed.baton('etl', 'validate')).toEqual({
        code: 0,
        stdout: '',
        stderr: 'valid: orders, stores\n',
      });
      const without = await installed.baton('etl', 'package', '--stage', 'dev');
      expect(without).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('for the stage in baton.yml'),
      });
      const stages = readFileSync(inProject('baton.yml'), 'utf8').replace('# cluster: etl', 'cluster: etl');
      writeFileSync(inProject('baton.yml'), stages);
      const packaged = await installed.baton('etl', 'package', '--stage', 'dev');
      expectDone(packaged);
      for (const name of functionNames) {
        const zip = unzipSync(readFileSync(inProject(`.build/package/dev/.build/functions/${name}.zip`)));
        const { plans } = JSON.parse(new TextDecoder().decode(zip['plans.json'])) as {
          plans: { pipeline: string }[];
        };
        expect(plans.map(({ pipeline }) => pipeline)).toEqual(['orders', 'stores']);
        expect(Object.keys(zip)).toContain('index.mjs');
      }

      expect(filesOfBaton()).toEqual(ofBaton);
      // npm's own logs and cache, where it installed.
      expect(readdirSync(installed.home).filter((name) => name !== '.npm')).toEqual([]);
      expect(performance.now() - startedAt).toBeLessThan(MOST_MS);
    },
    MOST_MS,
  );
});

const LIBRARY_TEST = `
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startLocal, type Local } from 'baton/testing';

let local: Local;
beforeAll(async () => {
  local = await startLocal();
}, 120_000);
afterAll(() => local.stop());

it('merges stores, also if the session is lost before the merge', async () => {
  await local.fault({ target: 'call', how: 'session-ends-before', statement: 'baton:local:stores-*:*:2:*:*:*' });
  await local.put('stores/today.csv', 'store_id,name,city,country,opened_on\\n1,Central,Lyon,FR,2019-03-01\\n');
  const [run] = await local.untilAtRest();
  expect(run).toMatchObject({ pipeline: 'stores', state: 'SUCCEEDED', generation: 2 });
  const steps = await local.steps(run?.id ?? '');
  expect(steps.map(({ name }) => name)).toContain('30_merge.sql');
  const rows: readonly { readonly [name: string]: unknown }[] = await local.query('SELECT store_id, city FROM mart.stores');
  expect(rows).toEqual([{ store_id: 1, city: 'Lyon' }]);
  await local.reset();
  expect([await local.runs(), await local.query('SELECT store_id FROM mart.stores')]).toEqual([[], []]);
  await expect(local.resume('stores-none')).rejects.toThrow(/stores-none/);
}, 120_000);
`;

describe.runIf(isWhole)('baton/testing', () => {
  it(
    'is used, and typed, in a test file of a project',
    async () => {
      installed.lend('vitest', 'typescript', '@types/node');
      writeFileSync(inProject('stores.test.ts'), LIBRARY_TEST);
      const config = {
        compilerOptions: {
          module: 'nodenext',
          target: 'es2023',
          strict: true,
          noEmit: true,
          types: ['node'],
        },
        files: ['stores.test.ts'],
      };
      writeFileSync(inProject('tsconfig.json'), JSON.stringify(config));
      const modules = join(installed.place, 'node_modules');
      expect(await installed.node('etl', join(modules, 'typescript/bin/tsc'), '-p', '.')).toEqual({
        code: 0,
        stdout: '',
        stderr: '',
      });
      const tested = await installed.node('etl', join(modules, 'vitest/vitest.mjs'), 'run', 'stores.test.ts');
      expectDone(tested);
      expect(tested.stdout).toContain('1 passed');
    },
    MOST_MS,
  );
});

describe.runIf(installation === 'npm')('without optional packages', () => {
  it(
    'a stage is packaged, and `up` says what is missing; with them, the example passes its tests',
    async () => {
      const tested = await installed.baton('etl', 'test');
      expectDone(tested);
      expect(tested.stdout.match(/ok\s+\S+/g)?.map((line) => line.split(/\s+/)[1])).toEqual([
        'orders/upsert',
        'stores/upsert',
      ]);
      const small = await Installed.make('npm', ['--omit=optional']);
      try {
        expectDone(await small.baton('.', 'init', 'etl'));
        expectDone(await small.baton('etl', 'validate'));
        expectDone(await small.baton('etl', 'package', '--stage', 'dev', '--param', 'cluster=etl'));
        expect(await small.baton('etl', 'up', '--port', '0')).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(
            /no PostgreSQL found: the package \S+ is not installed\. Run `npm ci`/,
          ),
        });
      } finally {
        small.remove();
      }
    },
    MOST_MS,
  );
});

describe.runIf(isWhole)('baton init', () => {
  it('never changes a file that exists, and adds no example beside pipelines of their own', async () => {
    const mine = inProject('.gitignore');
    writeFileSync(mine, 'mine\n');
    const told = await installed.baton('.', 'init', 'etl');
    expect(told.stderr).toContain('.gitignore exists and was not changed; add to it: .baton/ and .build/\n');
    const again = await installed.baton('.', 'init', 'etl', '--json');
    const { created, kept } = JSON.parse(again.stdout) as { created: string[]; kept: string[] };
    expect(created).toEqual([]);
    expect(kept).toContain('.gitignore');
    expect(kept.filter((path) => path.startsWith('sql/'))).toEqual([]);
    expect(readFileSync(mine, 'utf8')).toBe('mine\n');
  });

  it('takes name and dependency as they are given', async () => {
    const { code } = await installed.baton('.', 'init', 'Shop & More', '--baton', '9.9.9');
    expect(code).toBe(0);
    const first = JSON.parse(readFileSync(join(installed.place, 'Shop & More/package.json'), 'utf8'));
    expect(first).toMatchObject({ name: 'shop-more', dependencies: { baton: '9.9.9' } });
    expect(existsSync(join(installed.place, 'Shop & More/vendor'))).toBe(false);
    expect(await installed.baton('.', 'init', 'other', '--name', 'baton')).toMatchObject({ code: 2 });
    expect(await installed.baton('.', 'init', 'other', '--baton', './missing.tgz')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('missing.tgz does not exist'),
    });
    expect(existsSync(join(installed.place, 'other'))).toBe(false);
  });

  it('makes files that can be read: stages, workflow and the policies of its role', () => {
    const workflow = parse(readFileSync(inProject('.github/workflows/baton.yml'), 'utf8')) as {
      jobs: Record<'check' | 'deploy', { steps: { run?: string }[]; permissions?: unknown; if?: string }>;
    };
    const commands = ({ steps }: (typeof workflow.jobs)['check']) => steps.flatMap((step) => step.run ?? []);
    expect(commands(workflow.jobs.check)).toEqual([
      'npm ci',
      'npx baton validate',
      'npx baton test',
      'npx baton test --crash',
    ]);
    expect(commands(workflow.jobs.deploy)).toEqual([
      'npm ci --omit=optional',
      'npx baton deploy --stage dev',
    ]);
    expect(workflow.jobs.deploy.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    for (const name of ['trust', 'permissions']) {
      const policy = JSON.parse(readFileSync(inProject(`.github/deploy-role/${name}.json`), 'utf8'));
      expect(policy).toMatchObject({ Version: '2012-10-17', Statement: expect.any(Array) });
    }
    const stages = readFileSync(inProject('baton.yml'), 'utf8');
    const named = [...stages.matchAll(/^ {2}(?: {2}(?:# )?|# {3})(\w+): /gm)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(8);
    expect(['region', 'profile', ...PARAMETERS]).toEqual(expect.arrayContaining(named));
  });
});
