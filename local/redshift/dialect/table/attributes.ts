/** Table attributes that say how Redshift stores rows: they are checked for their form and have no effect here. */
import type { Cursor } from '../cursor.ts';
import { isGroup, isMark, splitAtCommas } from '../nodes.ts';

const ENCODINGS = [
  'auto',
  'az64',
  'bytedict',
  'delta',
  'delta32k',
  'lzo',
  'mostly8',
  'mostly16',
  'mostly32',
  'none',
  'raw',
  'runlength',
  'text255',
  'text32k',
  'zstd',
] as const;

function expectColumnList(cursor: Cursor): void {
  const { items } = cursor.expectGroup();
  if (items.length === 0 || splitAtCommas(items).some((part) => part.length !== 1)) throw cursor.unexpected();
}

function takeSortKey(cursor: Cursor): boolean {
  const kind = cursor.takeOneOf('compound', 'interleaved');
  if (!cursor.take('sortkey')) {
    if (kind === undefined) return false;
    throw cursor.unexpected();
  }
  if (kind !== undefined || !cursor.take('auto')) expectColumnList(cursor);
  return true;
}

function takeDistStyle(cursor: Cursor): boolean {
  if (!cursor.take('diststyle')) return false;
  if (cursor.takeOneOf('even', 'key', 'all', 'auto') === undefined) throw cursor.unexpected();
  return true;
}

function takeDistKey(cursor: Cursor): boolean {
  if (!cursor.take('distkey')) return false;
  expectColumnList(cursor);
  return true;
}

function takeBackup(cursor: Cursor): boolean {
  if (!cursor.take('backup')) return false;
  if (cursor.takeOneOf('yes', 'no') === undefined) throw cursor.unexpected();
  return true;
}

/** Any number of them, in any order, with or without commas. */
export function skipTableAttributes(cursor: Cursor): void {
  for (;;) {
    const taken =
      takeBackup(cursor) ||
      takeDistStyle(cursor) ||
      takeDistKey(cursor) ||
      takeSortKey(cursor) ||
      cursor.take('encode', 'auto');
    if (!taken) return;
    if (isMark(cursor.peek(), ',')) cursor.next();
  }
}

/** ENCODE, DISTKEY or SORTKEY of one column. */
export function takeColumnAttribute(cursor: Cursor): boolean {
  if (cursor.take('encode')) {
    if (cursor.takeOneOf(...ENCODINGS) === undefined) throw cursor.unexpected();
    return true;
  }
  if (cursor.sees('distkey') && !isGroup(cursor.peek(1))) return cursor.take('distkey');
  return cursor.sees('sortkey') && !isGroup(cursor.peek(1)) && cursor.take('sortkey');
}
