import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { packageRoot as root } from '../../build/project.ts';
import packageJson from '../../package.json' with { type: 'json' };

const run = promisify(execFile);

const BATON = join(root, 'bin', 'baton.js');

test('the command can be started from any folder, and twice at the same time', async () => {
  const command = async () => run(process.execPath, [BATON, '--version'], { cwd: tmpdir() });
  const answers = await Promise.all([command(), command()]);
  for (const { stdout, stderr } of answers) {
    expect(stdout).toContain(packageJson.version);
    expect(stderr).toBe('');
  }
});

test.each([
  ['the command', [BATON, '--version']],
  ['a script of package.json', ['--import', './build/needs-node.js', 'bench/main.ts']],
])('%s says in one line which Node to install if Node cannot run TypeScript', async (_, words) => {
  const old = run(process.execPath, ['--no-experimental-strip-types', ...words], { cwd: root });
  await expect(old).rejects.toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(
      /^baton: Node 22\.18 or newer is needed, this is [\d.]+: install Node 24 .*\n$/,
    ),
  });
});

test('--profile takes precedence over credentials in the environment', async () => {
  const env = {
    HOME: tmpdir(),
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any',
  };
  const words = [BATON, 'runs', '--stage', 'dev', '--profile', 'no-such-profile'];
  await expect(run(process.execPath, words, { env })).rejects.toMatchObject({
    code: 3,
    stderr: expect.stringContaining('baton: no AWS credentials of profile no-such-profile: '),
  });
});
