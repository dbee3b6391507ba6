/** `--update`: writes what was found as the expectation, into test.yml or the files that it names. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isMap, isScalar, parseDocument, type Node } from 'yaml';

import type { CsvCell } from './csv.ts';
import { parseCsv } from './csv.ts';
import type { Mismatch } from './mismatch.ts';
import type { TestResult } from './run-test.ts';
import type { Origin } from './test-case.ts';
import {
  edited,
  listEdits,
  updatedCsv,
  updatedJson,
  updatedJsonLines,
  type Edit,
  type NewRows,
} from './update-rows.ts';

/** What a test expects and is written down. */
type Written = Extract<Mismatch, { readonly kind: 'table' | 'content' | 'step' }>;

type RowsWritten = Written & { readonly kind: 'table' };

function rowsOf({ columns, update: { types, updated } }: RowsWritten): NewRows {
  return { columns, types, updated };
}

/** Why a test was not updated, or the files that were written. */
export interface Updated {
  readonly files: readonly string[];
  readonly refused?: string;
}

/** Undefined: the test passed, or failed for another reason than rows, files or their number. */
export function updateTest(sqlFolder: string, { test, mismatches }: TestResult): Updated | undefined {
  const written = mismatches.filter(isWritten);
  if (written.length === 0 || written.length < mismatches.length) return undefined;
  const texts = new Map<string, string>();
  const read = (file: string): string => texts.get(file) ?? readFileSync(join(sqlFolder, file), 'utf8');
  const edits: Edit[] = [];
  const yml = read(test.file);
  for (const mismatch of written) {
    const { origin } = mismatch.update;
    const text = origin.file === undefined ? undefined : newText(read(origin.file), mismatch);
    const own = origin.file === undefined ? editsOf(yml, mismatch) : [];
    if (own === undefined || (origin.file !== undefined && text === undefined))
      return {
        files: [],
        refused: `${origin.file ?? test.file} has another form than when the test began, or cannot have these rows: write them by hand`,
      };
    edits.push(...own);
    if (origin.file !== undefined && text !== undefined) texts.set(origin.file, text);
  }
  if (edits.length > 0) texts.set(test.file, edited(yml, edits));
  for (const [file, text] of texts) writeFileSync(join(sqlFolder, file), text);
  return { files: [...texts.keys()] };
}

function isWritten(mismatch: Mismatch): mismatch is Written {
  return (
    mismatch.kind === 'table' ||
    mismatch.kind === 'content' ||
    (mismatch.kind === 'step' && mismatch.foundRows !== undefined)
  );
}

/** Of a file. Undefined: it cannot be written. */
function newText(text: string, mismatch: Written): string | undefined {
  switch (mismatch.kind) {
    case 'step':
      return undefined;
    case 'content':
      return mismatch.update.found;
    case 'table':
      if (mismatch.update.origin.form === 'json') return updatedJson(text, rowsOf(mismatch));
      if (mismatch.update.origin.form === 'jsonl') return updatedJsonLines(text, rowsOf(mismatch));
      return newCsv(text, mismatch);
    default:
      return mismatch satisfies never;
  }
}

/** Undefined where CSV cannot have the rows, or the text is not the one that was compared. */
function newCsv(text: string, mismatch: RowsWritten): string | undefined {
  try {
    if (parseCsv(text).rows.length !== mismatch.expectedRows) return undefined;
    const csv = updatedCsv(text, rowsOf(mismatch));
    const isSame = (row: readonly CsvCell[], i: number): boolean =>
      JSON.stringify(row) === JSON.stringify(mismatch.update.updated[i]?.cells);
    const { rows } = parseCsv(csv);
    return rows.length === mismatch.update.updated.length && rows.every(isSame) ? csv : undefined;
  } catch {
    return undefined;
  }
}

/** Of test.yml. Undefined: it cannot be written. */
function editsOf(yml: string, mismatch: Written): readonly Edit[] | undefined {
  const node = nodeAt(parseDocument(yml).contents, mismatch.update.origin.path);
  if (node?.range === null || node?.range === undefined) return undefined;
  if (mismatch.kind === 'table' && mismatch.update.origin.form === 'json')
    return listEdits(yml, node, rowsOf(mismatch), 'yaml');
  if (!isScalar(node)) return undefined;
  const [start, end] = node.range;
  if (mismatch.kind === 'step') return [{ start, end, text: String(mismatch.foundRows) }];
  const text = newText(String(node.value), mismatch);
  if (text === undefined) return undefined;
  const source = yml.slice(start, end);
  const lineEnd = source.endsWith('\n') ? '\n' : '';
  return [{ start, end, text: blockText(source, text) ?? JSON.stringify(text) + lineEnd }];
}

/** What stands under the keys; where a key may be left out (`csv`), what stands above it. */
function nodeAt(root: unknown, path: Origin['path']): Node | undefined {
  let node = root as Node | null | undefined;
  for (const part of path) {
    if (isScalar(node)) return node;
    if (!isMap(node)) return undefined;
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.source ?? key.value) === part);
    node = pair?.value as Node | null | undefined;
  }
  return node ?? undefined;
}

const BLOCK = /^\|[+-]?( *(?:#[^\n]*)?)\n(?:[ \t]*\n)*( +)/;

/** A text in lines below a `|`, as the one before; undefined where that was none, or a line could not be so. */
function blockText(source: string, text: string): string | undefined {
  const [, comment, indent] = BLOCK.exec(source) ?? [];
  if (
    comment === undefined ||
    indent === undefined ||
    !/^[^\s]/.test(text) ||
    /[^\t\n\u0020-\u007E\u00A0-\uFFFD]/u.test(text)
  )
    return undefined;
  const chomp = text.endsWith('\n\n') ? '+' : text.endsWith('\n') ? '' : '-';
  const lines = text.replace(/\n$/, '').split('\n');
  return `|${chomp}${comment}\n${lines.map((line) => (line === '' ? '' : indent + line)).join('\n')}\n`;
}
