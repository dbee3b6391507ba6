import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { functionNames } from '../../build/bundle-functions.ts';
import { prepareLocal, recompilePlans } from '../../build/prepare-local.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';

let sqlFolder: string;

beforeEach(() => {
  sqlFolder = mkdtempSync(join(tmpdir(), 'baton-sql-'));
});

afterEach(() => {
  rmSync(sqlFolder, { recursive: true, force: true });
});

function writePipeline(name: string, prefix: string, sql: string): void {
  mkdirSync(join(sqlFolder, name), { recursive: true });
  writeFileSync(join(sqlFolder, name, 'pipeline.yml'), `on:\n  - s3: { prefix: ${prefix} }\n`);
  writeFileSync(join(sqlFolder, name, '10_load.sql'), sql);
}

function plansBeside(functionsFolder: string, name: string): readonly Plan[] {
  const text = readFileSync(join(functionsFolder, name, 'plans.json'), 'utf8');
  return (JSON.parse(text) as { plans: Plan[] }).plans;
}

function prefixesIn(templatePath: string): string[] {
  return [...readFileSync(templatePath, 'utf8').matchAll(/"prefix": "(?!baton:)([^"]*)"/g)].map(
    ([, prefix]) => prefix ?? '',
  );
}

test('the functions, their plans and the template of a folder are prepared', async () => {
  writePipeline('first', 'first/', 'DELETE FROM mart.first;');
  const prepared = await prepareLocal({ sqlFolder });
  expect(prepared.problems).toEqual([]);
  for (const name of functionNames) {
    expect(statSync(join(prepared.functionsFolder, name, 'index.mjs')).size).toBeGreaterThan(1000);
  }
  for (const name of ['start-run', 'operate']) {
    expect(plansBeside(prepared.functionsFolder, name)).toEqual(prepared.plans);
  }
  expect(prepared.plans.map(({ pipeline }) => pipeline)).toEqual(['first']);
  expect(prefixesIn(prepared.templatePath)).toEqual(['first/']);
});

test('folders prepared at the same time have their own plans', async () => {
  writePipeline('first', 'first/', 'DELETE FROM mart.first;');
  const other = mkdtempSync(join(tmpdir(), 'baton-sql-'));
  try {
    cpSync(sqlFolder, other, { recursive: true });
    writeFileSync(join(other, 'first', '20_more.sql'), 'DELETE FROM mart.more;');
    const [one, two, again] = await Promise.all([
      prepareLocal({ sqlFolder }),
      prepareLocal({ sqlFolder: other }),
      prepareLocal({ sqlFolder, home: 'another' }),
    ]);
    expect(new Set([one, two, again].map(({ functionsFolder }) => functionsFolder)).size).toBe(3);
    const stepsBeside = (folder: string) => plansBeside(folder, 'operate').flatMap(({ steps }) => steps);
    expect(stepsBeside(one.functionsFolder)).toHaveLength(1);
    expect(stepsBeside(two.functionsFolder)).toHaveLength(2);
  } finally {
    rmSync(other, { recursive: true });
  }
});

test('changed SQL changes the plans, a changed trigger also the rules, and an invalid pipeline neither', async () => {
  writePipeline('first', 'first/', 'DELETE FROM mart.first;');
  writePipeline('second', 'second/', 'DELETE FROM mart.second;');
  const { functionsFolder, templatePath, plans } = await prepareLocal({ sqlFolder });

  const same = await recompilePlans({ sqlFolder, functionsFolder });
  expect(same).toMatchObject({ plansChanged: false, templatePath, plans });

  writePipeline('first', 'first/', 'DELETE FROM mart.first WHERE id = 1;');
  const changed = await recompilePlans({ sqlFolder, functionsFolder });
  expect(changed).toMatchObject({ plansChanged: true, templatePath, problems: [] });
  expect(plansBeside(functionsFolder, 'start-run')).toEqual(changed.plans);
  expect(changed.plans[0]?.hash).not.toBe(plans[0]?.hash);

  writePipeline('first', 'first/', 'BEGIN; DELETE FROM mart.first;');
  const broken = await recompilePlans({ sqlFolder, functionsFolder });
  expect(broken).toMatchObject({ plansChanged: false, templatePath, plans: changed.plans });
  expect(broken.problems.filter(({ severity }) => severity === 'error')).not.toEqual([]);
  expect(plansBeside(functionsFolder, 'operate')).toEqual(changed.plans);

  writePipeline('second', 'elsewhere/', 'DELETE FROM mart.second;');
  const moved = await recompilePlans({ sqlFolder, functionsFolder });
  expect(moved).toMatchObject({ plansChanged: true });
  expect(moved.templatePath).not.toBe(templatePath);
  // The rules of the broken pipeline stay with its plan.
  expect(prefixesIn(moved.templatePath)).toEqual(['elsewhere/', 'first/']);
});
