import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { copySampleSql } from '../../cli/demo/sample-sql.ts';
import { schemaFiles } from '../../cli/schema-files.ts';
import { loadPipelines } from '../../shared/pipeline/load.ts';
import { formatProblem } from '../../shared/pipeline/problem.ts';
import { renderStatement } from '../../shared/pipeline/render.ts';
import type { Key, Shape } from '../../shared/pipeline/shape.ts';
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

describe('the sample pipelines', () => {
  const samples = mkdtempSync(join(tmpdir(), 'baton-samples-'));
  copySampleSql(samples);
  const { plans, problems } = loadPipelines(samples);
  rmSync(samples, { recursive: true });

  it('compile without problems, and are always safe to resume', () => {
    expect(problems).toEqual([]);
    expect(plans.map(({ pipeline, grade }) => [pipeline, grade])).toEqual([
      ['product_dimension', 'A'],
      ['sales', 'A'],
      ['stores', 'A'],
    ]);
  });

  it('have the settings that their folders describe', () => {
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

describe('the fixture pipelines', () => {
  const { plans, problems } = loadPipelines(FIXTURES);

  it('compile with one warning', () => {
    expect(problems.map(formatProblem)).toEqual([
      'everything/pipeline.yml:41:5: warning: this query never runs: the marker of a durable step tells whether it was applied; remove verify',
    ]);
    expect(plans.map(({ pipeline }) => pipeline)).toEqual([
      'airport_frequencies',
      'everything',
      'ledger',
      'ledger_batches',
      'nightly_totals',
      'order_audit',
      'order_events',
      'totals_report',
    ]);
  });

  it('use every key of pipeline.yml, and every trigger without a file', () => {
    const given = ['everything', 'nightly_totals', 'order_events', 'totals_report'].map((name): unknown =>
      parse(readFileSync(join(FIXTURES, name, 'pipeline.yml'), 'utf8')),
    );
    expect(unusedKeys(pipelineSchema, given, '')).toEqual([]);
  });

  it('escape a value given at start twice inside the query of UNLOAD', () => {
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
    case 'json':
    case 'text':
    case 'scalar':
    case 'choice':
    case 'duration':
    case 'size':
    case 'whole':
    case 'flag':
      return [];
    default:
      return shape satisfies never;
  }
}

describe('the JSON Schema', () => {
  it.each(schemaFiles())('in %s is current (to update it: npm run schema)', (file, text) => {
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('has valid default values', () => {
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
  it('returns the valid ones, and the problems of the others with their places', () => {
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
      'bad/1_a.sql:2:1: error: COMMIT is not allowed in a step: the statements of a file already run in one transaction',
      'empty/pipeline.yml:1:1: error: the pipeline has no pipeline.yml',
      expect.stringContaining('empty/pipeline.yml:1:1: error: the pipeline has no step'),
    ]);
  });

  it('reports every file that only looks like a step', () => {
    const folder = folderWith({
      'orders/pipeline.yml': 'on: []\n',
      'orders/10_a.sql': 'DELETE FROM t',
      'orders/30_merge.SQL': 'DELETE FROM t',
      'orders/40_x.Sql': 'DELETE FROM t',
      'orders/50_load.psql': 'DELETE FROM t',
      'orders/60_load': 'DELETE FROM t',
      'orders/70_load.sql.j2': 'DELETE FROM t',
      'orders/old/10_a.sql': 'DELETE FROM t',
      'orders/samples/10.csv': '1',
      'orders/README.md': 'notes',
      'orders/20_sample.csv': '1',
      'orders/10_a.sql.bak': 'DELETE FROM t',
      'orders/10_a.sql~': 'DELETE FROM t',
      'orders/.#10_a.sql': 'DELETE FROM t',
      'named/Pipeline.YAML': 'on: []\n',
      'named/10_a.sql': 'DELETE FROM t',
      '10_a.sql': 'DELETE FROM t',
      'notes.md': '',
    });
    symlinkSync('nowhere', join(folder, 'orders', '90_gone.sql'));
    symlinkSync('nowhere', join(folder, 'gone'));
    const { plans, problems } = loadPipelines(folder);
    expect(plans).toEqual([]);
    expect(problems.map((problem) => formatProblem(problem))).toEqual([
      '10_a.sql:1:1: warning: this file is ignored: a step must be in the folder of its pipeline',
      'named/Pipeline.YAML:1:1: error: the settings file must be named pipeline.yml: rename Pipeline.YAML',
      'named/pipeline.yml:1:1: error: the pipeline has no pipeline.yml',
      "orders/30_merge.SQL:1:1: error: a step's file name must end in .sql, in lower case: rename it to 30_merge.sql",
      "orders/40_x.Sql:1:1: error: a step's file name must end in .sql, in lower case: rename it to 40_x.sql",
      "orders/50_load.psql:1:1: warning: this file is not a step: a step's file name must end in .sql",
      "orders/60_load:1:1: warning: this file is not a step: a step's file name must end in .sql",
      "orders/70_load.sql.j2:1:1: warning: this file is not a step: a step's file name must end in .sql",
      'orders/old:1:1: warning: this folder is ignored: steps must be directly in the folder of the pipeline',
    ]);
  });

  it('is followed through links, as a shared one may be', () => {
    const folder = folderWith({
      'real/orders/pipeline.yml': 'on: []\n',
      'real/orders/1_a.sql': 'DELETE FROM t',
    });
    mkdirSync(join(folder, 'sql'));
    symlinkSync(join(folder, 'real', 'orders'), join(folder, 'sql', 'orders'));
    const { plans, problems } = loadPipelines(join(folder, 'sql'));
    expect(plans.map(({ pipeline }) => pipeline)).toEqual(['orders']);
    expect(problems).toEqual([]);
  });

  it.each<[string, Buffer, string]>([
    [
      'Latin-1',
      Buffer.from("DELETE FROM t\nWHERE a = 'Köln'", 'latin1'),
      '1_a.sql:2:13: error: the file is not valid UTF-8 here',
    ],
    [
      'a cut UTF-8 character',
      Buffer.from('DELETE FROM t -- é').subarray(0, -1),
      '1_a.sql:1:18: error: the file is not valid UTF-8',
    ],
    [
      'UTF-16',
      Buffer.from('\uFEFFDELETE FROM t', 'utf16le'),
      '1_a.sql:1:1: error: the file is UTF-16: save it as UTF-8',
    ],
    [
      'a lost character',
      Buffer.from("DELETE FROM t WHERE a = 'K\uFFFDln'"),
      '1_a.sql:1:27: error: the file has U+FFFD here',
    ],
  ])('whose file is not UTF-8 has no plan: %s', (_, bytes, expected) => {
    const folder = folderWith({ 'orders/pipeline.yml': 'on: []\n' });
    writeFileSync(join(folder, 'orders', '1_a.sql'), bytes);
    const { plans, problems } = loadPipelines(folder);
    expect(plans).toEqual([]);
    expect(problems.map((problem) => formatProblem(problem))).toContainEqual(
      expect.stringContaining(expected),
    );
  });

  it.each<[string, Buffer]>([
    ['with its mark', Buffer.from("\uFEFFDELETE FROM t WHERE a = 'ö'", 'utf16le')],
    ['big-endian', Buffer.from("\uFEFFDELETE FROM t WHERE a = 'ö'", 'utf16le').swap16()],
    ['without a mark', Buffer.from('DELETE FROM t', 'utf16le')],
  ])('in UTF-16 is told once, not once for each character: %s', (_, bytes) => {
    const folder = folderWith({ 'orders/pipeline.yml': 'on: []\n' });
    writeFileSync(join(folder, 'orders', '1_a.sql'), bytes);
    writeFileSync(join(folder, 'orders', '2_b.sql'), 'DELETE FROM t;\0');
    expect(loadPipelines(folder).problems.map((problem) => formatProblem(problem))).toEqual([
      'orders/1_a.sql:1:1: error: the file is UTF-16: save it as UTF-8',
      'orders/2_b.sql:1:15: error: the file contains a NUL character',
    ]);
  });

  it('reports a pipeline.yml that is not UTF-8; a byte order mark is accepted', () => {
    const folder = folderWith({
      'latin/1_a.sql': 'DELETE FROM t',
      'marked/pipeline.yml': '\uFEFFon: []\n',
      'marked/1_a.sql': '\uFEFFDELETE FROM t',
    });
    writeFileSync(
      join(folder, 'latin', 'pipeline.yml'),
      Buffer.from('description: Köln\non: []\n', 'latin1'),
    );
    const { plans, problems } = loadPipelines(folder);
    expect(plans.map(({ pipeline, steps }) => [pipeline, steps[0]?.statements[0]?.parts])).toEqual([
      ['marked', ['DELETE FROM t']],
    ]);
    expect(problems.map((problem) => formatProblem(problem))).toEqual([
      expect.stringContaining('latin/pipeline.yml:1:15: error: the file is not valid UTF-8 here'),
    ]);
  });

  it('that does not exist is reported, not thrown', () => {
    expect(loadPipelines('/nowhere/at/all')).toMatchObject({
      plans: [],
      problems: [
        {
          severity: 'error',
          message: 'folder /nowhere/at/all not found: it must contain a folder for each pipeline',
        },
      ],
    });
  });
});
