/** The tests and the demo know the pipelines that Baton comes with, and no others: people keep their own in sql/. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { copySampleSql } from '../../cli/demo/sample-sql.ts';
import { loadPipelines } from '../../shared/pipeline/load.ts';

it('the samples are copied completely, whatever else is in sql/', () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-samples-'));
  try {
    copySampleSql(folder);
    expect(readdirSync(folder).sort()).toEqual([
      'pipeline.schema.json',
      'product_dimension',
      'sales',
      'setup',
      'stores',
      'test.schema.json',
    ]);
    expect(readdirSync(join(folder, 'setup'))).toHaveLength(5);
    expect(loadPipelines(folder).problems).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('no test and no act of the demo reads all of sql/', () => {
  const whole = /join\((?:root|(?:packageRoot|projectFolder)), 'sql'\)|(?:loadPipelines|loadFolder)\('sql'\)/;
  const readers = ['test', 'cli/demo', 'cli/verbs/demo.ts'].flatMap((path) =>
    (path.endsWith('.ts')
      ? [path]
      : readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name))
    )
      .filter((name) => name.endsWith('.ts') && !name.endsWith('sample-sql.test.ts'))
      .filter((name) => whole.test(readFileSync(name, 'utf8'))),
  );
  expect(readers).toEqual([]);
});
