/** The result of a test for people: one line, and what differs below it. */
import type { Style } from '../output.ts';
import { indent } from '../runs/step-line.ts';
import { countOf, duration } from '../runs/units.ts';
import { formatTable } from '../table.ts';
import type { CsvCell } from './csv.ts';
import type { Mismatch } from './mismatch.ts';
import type { TestResult } from './run-test.ts';
import type { Updated } from './update.ts';

const NAME_WIDTH = 48;
/** Rows of each kind that are shown. */
const MOST_SHOWN = 10;

/** `  ok   stores/upsert      0.9 s` */
export function resultLines({ test, ms, mismatches }: TestResult, style: Style, updated?: Updated): string[] {
  const isUpdated = updated !== undefined && updated.refused === undefined;
  const word =
    mismatches.length === 0 ? style.good('ok  ') : isUpdated ? style.good('upd ') : style.bad('FAIL');
  const name = `${test.pipeline}/${test.name}`;
  return [
    `  ${word} ${name.padEnd(NAME_WIDTH)} ${duration(ms).padStart(7)}`,
    ...mismatches.map((mismatch) => indent(mismatchText(mismatch))),
    ...(updated === undefined ? [] : [indent(updated.refused ?? `updated ${updated.files.join(', ')}`)]),
  ];
}

function cellText(cell: CsvCell): string {
  if (cell === null) return 'NULL';
  return cell === '' || cell === 'NULL' || cell.trim() !== cell ? `"${cell}"` : cell;
}

/** For people, in lines. */
export function mismatchText(mismatch: Mismatch): string {
  switch (mismatch.kind) {
    case 'error':
      return mismatch.text;
    case 'run':
      return mismatch.error === undefined ? mismatch.text : `${mismatch.text}\n${mismatch.error}`;
    case 'step': {
      const { runId, step, expectedRows, foundRows } = mismatch;
      const found = foundRows === undefined ? 'it did not complete' : `found ${countOf(foundRows, 'row')}`;
      return `run ${runId}, ${step}: expected ${countOf(expectedRows, 'row')}, ${found}`;
    }
    case 'content':
      return `${mismatch.file}: ${mismatch.difference}`;
    case 'table':
      return tableText(mismatch);
    default:
      return mismatch satisfies never;
  }
}

function tableText(mismatch: Mismatch & { kind: 'table' }): string {
  const { table, columns, expectedRows, foundRows, difference } = mismatch;
  const kinds: [string, readonly (readonly string[])[]][] = [
    ['missing', difference.missing.map((row) => row.map(cellText))],
    ['unexpected', difference.unexpected.map((row) => row.map(cellText))],
    [
      'changed',
      difference.changed.map(({ expected, found, differs }) =>
        expected.map((cell, i) =>
          differs[i] === true ? `${cellText(cell)} -> ${cellText(found[i] ?? null)}` : cellText(cell),
        ),
      ),
    ],
  ];
  const there = kinds.filter(([, rows]) => rows.length > 0);
  const counts = there.map(([kind, rows]) => `${rows.length} ${kind}`).join(', ');
  const arrow = difference.changed.length > 0 ? ' (expected -> found)' : '';
  const shown = formatTable(
    [{ title: '' }, ...columns.map((title) => ({ title }))],
    there.flatMap(([kind, rows]) => rows.slice(0, MOST_SHOWN).map((row) => [kind].concat(row))),
  );
  const left = there.flatMap(([kind, rows]) =>
    rows.length > MOST_SHOWN ? [`... and ${rows.length - MOST_SHOWN} more ${kind}`] : [],
  );
  return [
    `${table}: expected ${countOf(expectedRows, 'row')}, found ${foundRows}; ${counts}${arrow}`,
    shown,
    ...left,
  ].join('\n');
}

/** What `--json` prints of a test. */
export function resultJson(
  { test, ms, runs, mismatches }: TestResult,
  updated?: Updated,
): Readonly<Record<string, unknown>> {
  const { pipeline, name, file } = test;
  const shown = mismatches.map((mismatch) => {
    if (!('update' in mismatch)) return mismatch;
    const { update: _, ...rest } = mismatch;
    return rest;
  });
  const passed = mismatches.length === 0;
  return {
    pipeline,
    name,
    file,
    passed,
    ms,
    runs,
    mismatches: shown,
    ...(updated !== undefined && { updated }),
  };
}
