import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { ensureLocalPrograms, root, sourceStamp } from '../../build/bundle.js';
import packageJson from '../../package.json' with { type: 'json' };

const run = promisify(execFile);

test('the command runs from any folder, and twice at the same time', async () => {
  const command = async () =>
    run(process.execPath, [join(root, 'bin', 'baton.js'), '--version'], { cwd: tmpdir() });
  const answers = await Promise.all([command(), command()]);
  for (const { stdout, stderr } of answers) {
    expect(stdout).toContain(packageJson.version);
    expect(stderr).toBe('');
  }
});

test('to see that nothing is stale takes less than 100 ms', async () => {
  await ensureLocalPrograms();
  const before = performance.now();
  sourceStamp(['shared', 'local', 'cli', 'build']);
  expect(performance.now() - before).toBeLessThan(100);
});
