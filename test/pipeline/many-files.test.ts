/** Pipelines whose runs load many files: batches, folders that a marker file completes, bad files set aside. */
import { describe, expect, it } from 'vitest';

import { planOf, problemsOf } from './helpers.ts';

const COPY = 'COPY stage FROM :manifest IAM_ROLE :copy_role MANIFEST FORMAT CSV;';
const CREATE = 'CREATE TEMP TABLE stage (a INT);';
const LOAD = { '10_load.sql': CREATE + COPY, '20_keep.sql': 'INSERT INTO t SELECT a FROM stage' };
const BATCH = 'on:\n  - s3: { prefix: in/, batch: {} }\n';
const MARKER = 'on:\n  - s3: { prefix: in/, marker: _SUCCESS }\n';

/** A pipeline that loads its files, with one more step. */
function said(yaml: string, more?: string): string[] {
  return problemsOf({ ...LOAD, ...(more === undefined ? {} : { '30_more.sql': more }) }, yaml);
}

describe('a placeholder of a single file', () => {
  it.each(['key', 'bucket', 'file_uri'])('is an error where a run loads many: :%s', (name) => {
    const sql = `INSERT INTO log\nVALUES (:${name})`;
    expect(said(BATCH, sql)).toEqual([
      `30_more.sql:2:9: error: :${name} has no value, because with batch: one run loads many files: use :manifest, which names them all; :batch_id names the batch`,
    ]);
    expect(said(MARKER, sql)).toEqual([
      expect.stringContaining(
        `30_more.sql:2:9: error: :${name} has no value, because with marker: one run loads`,
      ),
    ]);
    const beside = 'on:\n  - s3: { prefix: one/ }\n  - s3: { prefix: in/, batch: {} }\n';
    expect(said(beside, sql)).toHaveLength(1);
    expect(said('on:\n  - s3: { prefix: one/ }\n', sql)).toEqual([]);
  });

  it('is an error in a verify query too', () => {
    const yaml = `${BATCH}steps:\n  30_more.sql: { verify: "SELECT COUNT(*) > 0 FROM t WHERE k = :key" }\n`;
    expect(said(yaml, 'CALL p()')).toEqual([
      expect.stringContaining('pipeline.yml:4:18: error: :key has no value, because with batch:'),
    ]);
  });
});

describe(':batch_id', () => {
  const sql = 'INSERT INTO log VALUES (:batch_id)';

  it.each([
    ['a batch', BATCH],
    ['a folder', MARKER],
    ['single files', 'on:\n  - s3: { prefix: in/ }\n'],
    ['files that are named in a request', 'on: []\n'],
  ])('is there for %s', (_, yaml) => {
    expect(said(yaml, sql)).toEqual([]);
  });

  it('is an error where runs without a file may start', () => {
    expect(problemsOf({ '10_a.sql': sql }, 'on:\n  - schedule: rate(1 hour)\n')).toEqual([
      '10_a.sql:1:25: error: :batch_id is the run that loads files, and a schedule starts runs of this pipeline without a file: use :run_id',
    ]);
  });

  it('cannot be the name of a parameter', () => {
    expect(said(`${BATCH}parameters:\n  batch_id: { type: string, default: x }\n`)).toContainEqual(
      expect.stringContaining(':batch_id is built in'),
    );
  });
});

describe('files that no step loads', () => {
  const without = { '10_a.sql': 'DELETE FROM t' };

  it('are an error in a batch and in a folder', () => {
    expect(problemsOf(without, BATCH)).toEqual([
      'pipeline.yml:2:24: error: no step loads its files: use COPY … FROM :manifest … MANIFEST, or remove batch to run once for each file',
    ]);
    expect(problemsOf(without, MARKER)).toEqual([
      'pipeline.yml:2:24: error: no step loads its files: use COPY … FROM :manifest … MANIFEST, or write suffix: _SUCCESS instead of marker if the run needs only the event',
    ]);
  });

  it('are not reported while a step cannot be read', () => {
    expect(problemsOf({ '10_a.sql': "COPY t FROM :manifest IAM_ROLE 'x" }, BATCH)).toEqual([
      expect.stringContaining('10_a.sql:1:32: error: this string is not closed'),
    ]);
  });
});

it('a trigger that starts runs without a file excludes a batch', () => {
  const [problem = '', ...more] = said(`${BATCH}  - schedule: rate(1 hour)\n`);
  expect(more).toEqual([]);
  expect(problem).toContain(
    ':manifest is the file that started the run, and a schedule starts runs of this pipeline without a file',
  );
});

describe('a marker', () => {
  it('is not combined with batch or suffix', () => {
    expect(said('on:\n  - s3: { prefix: in/, batch: {}, marker: _SUCCESS, suffix: .csv }\n')).toEqual([
      'pipeline.yml:2:35: error: marker: already loads a whole folder in one run: remove batch, or remove marker',
      'pipeline.yml:2:53: error: only files named _SUCCESS start a run (marker): remove suffix',
    ]);
  });

  it.each(['..', '.', 'a/b', '"*"', '""'])('must be a file name, not %s', (marker) => {
    expect(said(`on:\n  - s3: { prefix: in/, marker: ${marker} }\n`)).toEqual([
      expect.stringContaining('on[0].s3.marker must be a file name without / and wildcards'),
    ]);
  });

  it.each([
    ['prefix: in/', true],
    ['prefix: in/special/', true],
    ['prefix: i', true],
    ['prefix: in/, suffix: .csv, batch: {}', true],
    ['prefix: other/', false],
    ['prefix: in/, bucket: elsewhere', false],
    ['prefix: in/, marker: _DONE', false],
  ])('gives a warning where { %s } would load its files again: %s', (other, isWarned) => {
    const warning =
      'pipeline.yml:3:11: warning: this also matches files that on[0] loads with their folder, and the _SUCCESS file itself: each would be loaded twice; use prefixes that do not overlap';
    expect(said(`${MARKER}  - s3: { ${other} }\n`)).toEqual(isWarned ? [warning] : []);
  });
});

describe('onBadFile: isolate', () => {
  it('sets at most ten files of a batch aside, or as many as given', () => {
    expect(planOf(LOAD, `${BATCH}onBadFile: isolate\n`).isolateFiles).toBe(10);
    expect(planOf(LOAD, `${BATCH}onBadFile: isolate\nisolate: { files: 3 }\n`).isolateFiles).toBe(3);
    expect(planOf(LOAD, `${BATCH}onBadFile: fail\n`)).not.toHaveProperty('isolateFiles');
  });

  it('needs a batch', () => {
    expect(said('on:\n  - s3: { prefix: in/ }\nonBadFile: isolate\n')).toEqual([
      'pipeline.yml:3:1: error: onBadFile: isolate sets a file of a batch aside, and no s3 trigger has batch: load the files with batch: {}, or remove onBadFile',
    ]);
    expect(said(`${MARKER}onBadFile: isolate\n`)).toEqual([
      'pipeline.yml:3:1: error: a file of a folder (marker) has no run of its own, so it cannot be set aside: load the files with batch: {}, or remove onBadFile',
    ]);
    expect(said(`${MARKER}  - s3: { prefix: many/, batch: {} }\nonBadFile: isolate\n`)).toEqual([]);
  });

  it('is needed by its limits', () => {
    const error = 'error: isolate needs onBadFile: isolate: add it, or remove isolate';
    expect(said(`${BATCH}isolate: { files: 3 }\n`)).toEqual([`pipeline.yml:3:1: ${error}`]);
    expect(said(`${BATCH}onBadFile: fail\nisolate: { files: 3 }\n`)).toEqual([`pipeline.yml:4:1: ${error}`]);
  });
});

describe('a verify query', () => {
  it.each([
    ['durable', 'DELETE FROM t', '', 'the marker of a durable step tells whether it was applied'],
    [
      'idempotent',
      'CALL p()',
      'idempotent: true, ',
      'an idempotent step is repeated after an unknown outcome',
    ],
    ['idempotent by nature', 'VACUUM t', '', 'an idempotent step is repeated after an unknown outcome'],
  ])('that never runs gives a warning: of a step that is %s', (_, sql, options, why) => {
    const yaml = `on: []\nsteps:\n  10_a.sql: { ${options}verify: SELECT true }\n`;
    expect(problemsOf({ '10_a.sql': sql }, yaml)).toEqual([
      expect.stringMatching(new RegExp(`3:\\d+: warning: this query never runs: ${why}.*; remove verify`)),
    ]);
  });

  it.each([
    ['CALL p()', ''],
    ['VACUUM t', 'idempotent: false, '],
  ])('that may run gives none: %s', (sql, options) => {
    const yaml = `on: []\nsteps:\n  10_a.sql: { ${options}verify: SELECT true }\n`;
    expect(problemsOf({ '10_a.sql': sql }, yaml)).toEqual([]);
  });
});
