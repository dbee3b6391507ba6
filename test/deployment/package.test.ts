/** `baton package` in a copy that was never built, with an empty home, no credentials and no network. */
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { functionNames } from '../../build/bundle-functions.ts';
import { packageRoot as root } from '../../build/project.ts';
import { copySampleSql } from '../../cli/demo/sample-sql.ts';
import { templateProblems } from './schema-check.ts';

const COPIED = [
  'bin',
  'build',
  'cli',
  'functions',
  'local',
  'shared',
  'package.json',
  'serverless.yml',
  'tsconfig.json',
];

/** Where the system can take the network away from a process (Linux, where namespaces of users are allowed), it does. */
const OFFLINE = ['--user', '--map-root-user', '--net'];
const canGoOffline = spawnSync('unshare', [...OFFLINE, 'true']).status === 0;

test(`a fresh copy packages without credentials${canGoOffline ? ' and with no network at all' : ''}`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-clone-'));
  try {
    const clone = join(folder, 'clone');
    const home = join(folder, 'home');
    mkdirSync(home, { recursive: true });
    for (const name of COPIED) cpSync(join(root, name), join(clone, name), { recursive: true });
    copySampleSql(join(clone, 'sql'));
    symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
    const command = [
      process.execPath,
      join(clone, 'bin', 'baton.js'),
      'package',
      '--stage=dev',
      '--param=workgroup=etl',
      '--param=workgroupId=11111111-2222-4333-8444-555555555555',
    ];
    const [program = '', ...words] = canGoOffline ? ['unshare', ...OFFLINE, ...command] : command;
    const { stderr } = await promisify(execFile)(program, words, {
      cwd: clone,
      // Nothing of this process's own: no credentials, no region, no proxy, no home.
      env: { PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`, HOME: home, TMPDIR: folder },
    });
    const packaged = join(clone, '.build', 'package', 'dev');
    for (const name of functionNames) {
      expect(stderr).toContain(`${name.padEnd(10)} `);
      expect(existsSync(join(packaged, '.build', 'functions', `${name}.zip`))).toBe(true);
    }
    const template = join(packaged, 'package', 'cloudformation-template-update-stack.json');
    expect(templateProblems(JSON.parse(readFileSync(template, 'utf8')))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
