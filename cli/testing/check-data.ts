/** Compares what is there with what a test expects: rows of steps and tables, files. */
import type { Run } from '../../shared/run/run.ts';
import { comparedColumns, compareRows, type FoundRows } from './compare.ts';
import { contentDifference, rowsOfFiles, textOfFile } from './file-rows.ts';
import { orSaid, type Mismatch } from './mismatch.ts';
import type { ExpectedFiles, ExpectedRows, ExpectedTable, Origin, TestCase } from './test-case.ts';
import type { TestStage } from './test-stage.ts';
import { suits } from './tolerance.ts';

/** Of the run's steps. */
export async function stepMismatches(stage: TestStage, run: Run, { steps }: TestCase): Promise<Mismatch[]> {
  if (steps.length === 0) return [];
  const history = await stage.history(run);
  return steps.flatMap(({ name, rows: expectedRows }): Mismatch[] => {
    // Of the last session in which it ended.
    const ended = history.filter((row) => row.name === name && row.status === 'FINISHED');
    const foundRows = ended
      .toSorted((a, b) => a.generation - b.generation || a.attempt - b.attempt)
      .at(-1)?.rows;
    const origin: Origin = { form: 'content', path: ['expect', 'steps', name, 'rows'] };
    if (foundRows === expectedRows) return [];
    return [{ kind: 'step', runId: run.id, step: name, expectedRows, foundRows, update: { origin } }];
  });
}

export async function tableMismatch(stage: TestStage, expected: ExpectedTable): Promise<Mismatch[]> {
  const { table, within, origin } = expected;
  const names = comparedColumns(expected);
  const { columns, ...found } = await orSaid(table, stage.read(table, names));
  for (const [i, column] of columns.entries()) {
    const [tolerance, type = ''] = [within.get(column), found.types[i]];
    if (tolerance !== undefined && !suits(tolerance, type)) {
      const kind = tolerance.kind === 'time' ? 'a time' : 'a number';
      const text = `${table}: within of ${column} is for ${kind}, and the column is a ${type}`;
      return [{ kind: 'error', text }];
    }
  }
  return rowsMismatch(table, names.length === 0 ? { ...expected, columns } : expected, found, origin);
}

function rowsMismatch(table: string, expected: ExpectedRows, found: FoundRows, origin: Origin): Mismatch[] {
  const comparison = compareRows(expected, found);
  if (comparison === undefined) return [];
  const { difference, updated } = comparison;
  return [
    {
      kind: 'table',
      table,
      columns: comparedColumns(expected),
      expectedRows: expected.rows.length,
      foundRows: found.rows.length,
      difference,
      update: { origin, updated, types: found.types },
    },
  ];
}

export async function filesMismatch(
  stage: TestStage,
  { bucket, key, expected }: ExpectedFiles,
): Promise<Mismatch[]> {
  const name = `s3://${bucket}/${key}`;
  const files = await orSaid(name, stage.files({ bucket, key }));
  const missing: Mismatch[] = [{ kind: 'error', text: `${name}: no such file` }];
  if (expected.kind === 'rows') {
    if (files.length === 0 && expected.rows.length > 0) return missing;
    return rowsMismatch(
      name,
      expected,
      await orSaid(
        name,
        readFound(() => rowsOfFiles(files, expected)),
      ),
      expected.origin,
    );
  }
  if (files.length === 0) return missing;
  const found = await orSaid(
    name,
    readFound(() => files.map(textOfFile).join('')),
  );
  const difference = contentDifference(expected.content, found);
  return difference === undefined
    ? []
    : [{ kind: 'content', file: name, difference, update: { found, origin: expected.origin } }];
}

/** What it throws is a rejection. */
async function readFound<T>(read: () => T): Promise<T> {
  return read();
}
