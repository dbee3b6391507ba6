import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { pipelineJsonSchemaText } from '../../shared/pipeline/json-schema.ts';
import { loadPipelines } from '../../shared/pipeline/load.ts';
import { formatProblem } from '../../shared/pipeline/problem.ts';
import { renderStatement } from '../../shared/pipeline/render.ts';
import type { Key, Shape } from '../../shared/pipeline/schema.ts';
import { pipelineSchema } from '../../shared/pipeline/schema.ts';
import { readSettings } from '../../shared/pipeline/read-settings.ts';

const FIXTURES = 'test/fixtures/pipelines';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'baton-load-'));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

describe('the pipelines of this project', () => {
  const { plans, problems } = loadPipelines('sql');

  it('compile without a word, and a resume of them is always safe', () => {
    expect(problems).toEqual([]);
    expect(plans.map(({ pipeline, grade }) => [pipeline, grade])).toEqual([
      ['product_dimension', 'A'],
      ['sales', 'A'],
      ['stores', 'A'],
    ]);
  });

  it('do what their folders say', () => {
    expect(plans.map(({ steps }) => steps.map(({ name, kind }) => `${name} ${kind}`))).toEqual([
      [
        '10_stage.sql session',
        '20_load.sql session',
        '30_check.sql check',
        '40_changes.sql session',
        '50_commit.sql durable',
      ],
      [
        '10_stage.sql session',
        '20_load.sql session',
        '30_check_lines.sql check',
        '40_check_not_empty.sql check',
        '50_publish.sql durable',
      ],
      ['10_stage.sql session', '20_load.sql session', '30_merge.sql durable'],
    ]);
  });
});

describe('the fixtures', () => {
  const { plans, problems } = loadPipelines(FIXTURES);

  it('compile without a word', () => {
    expect(problems).toEqual([]);
    expect(plans.map(({ pipeline }) => pipeline)).toEqual([
      'airport_frequencies',
      'everything',
      'ledger',
      'nightly_totals',
      'totals_report',
    ]);
  });

  it('everything uses every key that there is, and two more the triggers that go without a file', () => {
    const given = ['everything', 'nightly_totals', 'totals_report'].map((name): unknown =>
      parse(readFileSync(join(FIXTURES, name, 'pipeline.yml'), 'utf8')),
    );
    expect(unusedKeys(pipelineSchema, given, '')).toEqual([]);
  });

  it("a value given at start is escaped once more inside UNLOAD's query", () => {
    const everything = plans.find(({ pipeline }) => pipeline === 'everything');
    const step = everything?.steps.find(({ name }) => name === '50_export.sql');
    const sql = renderStatement(
      step?.statements[0] ?? { parts: [] },
      new Map([
        ['region', { type: 'string', text: "l'été \\" }],
        ['until', { type: 'timestamp', text: '2026-01-31 00:00:00' }],
        ['export_to', { type: 'string', text: 's3://out/x' }],
        ['copy_role', { type: 'word', text: 'default' }],
      ] as const),
    );
    expect(sql).toContain(
      String.raw`region = ''l''''été \\\\'' AND note <> ''a:b'' AND ordered_at < ''2026-01-31 00:00:00''')`,
    );
    expect(sql).toContain("TO 's3://out/x'\nIAM_ROLE default");
  });
});

/** Keys of the schema that none of the values has. */
function unusedKeys(shape: Shape, values: readonly unknown[], path: string): string[] {
  const objects = values.filter(
    (value): value is Record<string, unknown> => typeof value === 'object' && value !== null,
  );
  switch (shape.kind) {
    case 'short':
      return unusedKeys(shape.of, values, path);
    case 'object':
    case 'one-of':
      return Object.entries(shape.keys).flatMap(([name, key]: [string, Key]) => {
        const given = objects.filter((object) => name in object).map((object) => object[name]);
        return given.length === 0 ? [`${path}.${name}`] : unusedKeys(key.shape, given, `${path}.${name}`);
      });
    case 'map':
      return unusedKeys(
        shape.of,
        objects.flatMap((object) => Object.values(object)),
        `${path}.*`,
      );
    case 'list':
      return unusedKeys(
        shape.of,
        objects.flatMap((object) => Object.values(object)),
        `${path}[]`,
      );
    case 'text':
    case 'scalar':
    case 'choice':
    case 'duration':
    case 'whole':
    case 'flag':
      return [];
    default:
      return shape satisfies never;
  }
}

describe('the JSON Schema', () => {
  it('in sql/ is current; npm run schema writes it anew', () => {
    expect(readFileSync('sql/pipeline.schema.json', 'utf8')).toBe(pipelineJsonSchemaText());
  });

  it('names defaults that are good values', () => {
    const wrong = defaultsOf(pipelineSchema, '').filter((one) => {
      const yaml = `on: []\n${nested(one.path, String(one.value))}`;
      return readSettings(yaml, 'pipeline.yml').problems.length > 0;
    });
    expect(wrong).toEqual([]);
  });
});

interface Default {
  readonly path: string;
  readonly value: string | number | boolean;
}

function defaultsOf(shape: Shape, path: string, found: Default[] = []): Default[] {
  if (shape.kind === 'map') return defaultsOf(shape.of, `${path}.1_a.sql`, found);
  if (shape.kind !== 'object') return found;
  for (const [name, key] of Object.entries(shape.keys)) {
    const here = `${path}.${name}`;
    if (key.default !== undefined && key.default !== '') found.push({ path: here, value: key.default });
    if (name !== 'parameters') defaultsOf(key.shape, here, found);
  }
  return found;
}

/** `.a.b` and a value -> `{ a: { b: value } }` as YAML lines. */
function nested(path: string, value: string): string {
  const names = path.replace('.1_a.sql', '.1_a~sql').slice(1).split('.');
  return names
    .map(
      (name, i) =>
        `${'  '.repeat(i)}${name.replace('~', '.')}:${i === names.length - 1 ? ` ${value}` : ''}\n`,
    )
    .join('');
}

describe('a folder of pipelines', () => {
  it('gives the good ones, and says where the others are wrong', () => {
    const yaml = 'on: []\n';
    const folder = folderWith({
      'setup/10_x.sql': 'BEGIN',
      'good/pipeline.yml': yaml,
      'good/1_a.sql': 'DELETE FROM t',
      'good/notes.md': 'BEGIN',
      'bad/pipeline.yml': yaml,
      'bad/1_a.sql': 'DELETE FROM t;\nCOMMIT',
      'empty/.keep': '',
      '.hidden/1_a.sql': 'BEGIN',
      'pipeline.schema.json': '{}',
    });
    const { plans, problems } = loadPipelines(folder);
    expect(plans.map(({ pipeline }) => pipeline)).toEqual(['good']);
    expect(problems.map((problem) => formatProblem(problem))).toEqual([
      'bad/1_a.sql:2:1: error: COMMIT is not for steps: all statements of a file are one transaction already',
      'empty/pipeline.yml:1:1: error: the pipeline has no pipeline.yml',
      expect.stringContaining('empty/pipeline.yml:1:1: error: the pipeline has no step'),
    ]);
  });

  it('that is not there is told, not thrown', () => {
    expect(loadPipelines('/nowhere/at/all')).toMatchObject({
      plans: [],
      problems: [
        { severity: 'error', message: 'there is no folder /nowhere/at/all: pipelines are folders below it' },
      ],
    });
  });
});
