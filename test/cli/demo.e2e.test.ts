import { spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';

import { expect, it } from 'vitest';

import { root } from '../e2e/stack.ts';

it('the demo passes all its checks, in 80 columns, in less than a minute', { timeout: 90_000 }, async () => {
  const child = spawn(process.execPath, [join(root, 'bin/baton.js'), 'demo', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise((ended) => child.once('close', ended));
  const summary = JSON.parse(stdout) as { ok: boolean; ms: number; facts: { ok: boolean; fact: string }[] };
  expect(summary.facts.filter((fact) => !fact.ok)).toEqual([]);
  expect({ code, ok: summary.ok }).toEqual({ code: 0, ok: true });
  expect(summary.facts.length).toBeGreaterThan(12);
  expect(stderr.trimEnd().split('\n').slice(-8).join('\n')).toContain('npm start');
  expect(summary.ms).toBeLessThan(60_000);
  expect(Math.max(...stderr.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});
