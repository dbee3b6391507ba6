/** Pipelines that are added, changed, broken and removed while `baton up` runs: the rules follow every time. */
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { Check } from '../../cli/doctor/check.ts';
import { eventually, Stack } from './stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(async () => {
  await stack.stop();
});

function writePipeline(name: string, value = 1): void {
  const folder = join(stack.sql, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'pipeline.yml'), `on:\n  - s3: { prefix: ${name}/ }\n`);
  writeFileSync(join(folder, '10_seen.sql'), `CREATE TEMP TABLE seen AS SELECT ${value} AS one;\n`);
}

function edit(file: string, text: string): void {
  appendFileSync(join(stack.sql, file), text);
}

/** Makes a change and waits until `baton up` reports `line`. */
async function change(line: RegExp, make: () => void): Promise<void> {
  const from = stack.output.length;
  make();
  await eventually(`the line ${String(line)}`, () => {
    const found = line.test(stack.output.slice(from).join(''));
    return Promise.resolve(found ? true : undefined);
  });
}

async function stateAfter(pipeline: string, key: string): Promise<string> {
  await stack.put(key, 'a\n');
  return (await stack.runFor(pipeline, key)).state;
}

async function rulesCheck(): Promise<Check | undefined> {
  const { stdout } = await stack.baton('doctor', '--json', '--sql', stack.sql);
  return (JSON.parse(stdout) as { checks: Check[] }).checks.find(({ name }) => name === 'rules');
}

it('a reload starts runs of an added pipeline, even after a step of another one was edited', async () => {
  await change(/zz.*\n/, () => {
    writePipeline('zz');
  });
  expect(await stateAfter('zz', 'zz/1.csv')).toBe('SUCCEEDED');
  await change(/stores.*\n/, () => {
    edit('stores/10_stage.sql', '\nCREATE TEMP TABLE edited AS SELECT 1 AS one;\n');
  });
  expect(await stateAfter('zz', 'zz/2.csv')).toBe('SUCCEEDED');
  expect(await rulesCheck()).toMatchObject({ status: 'ok' });
});

it('a reload keeps the rule of an invalid pipeline while others are added', async () => {
  await change(/zz: /, () => {
    edit('zz/10_seen.sql', 'BEGIN;\n');
  });
  await change(/yy.*\n/, () => {
    writePipeline('yy');
  });
  expect(await stateAfter('yy', 'yy/1.csv')).toBe('SUCCEEDED');
  expect(await stateAfter('zz', 'zz/3.csv')).toBe('SUCCEEDED');
});

it('a reload removes the rule of a removed pipeline, and doctor compares the rules with the folder', async () => {
  await change(/yy.*\n/, () => {
    rmSync(join(stack.sql, 'yy'), { recursive: true });
  });
  await change(/zz.*\n/, () => {
    writePipeline('zz', 2);
  });
  expect(await rulesCheck()).toMatchObject({ status: 'ok' });
  expect(await stateAfter('zz', 'zz/4.csv')).toBe('SUCCEEDED');
});
