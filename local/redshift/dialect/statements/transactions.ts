/** BEGIN, COMMIT, ROLLBACK and their other names. */
import { Cursor } from '../cursor.ts';
import { UnsupportedSqlError } from '../errors.ts';
import { isMark } from '../nodes.ts';
import type { Node } from '../nodes.ts';
import type { Translated, TranslatedSql } from '../translated.ts';

function transaction(kind: NonNullable<TranslatedSql['transaction']>, sql: string): Translated {
  return {
    kind: 'sql',
    statements: [sql],
    command: kind.toUpperCase(),
    returnsRows: false,
    transaction: kind,
  };
}

/** ISOLATION LEVEL and READ WRITE are accepted; Redshift treats every level as its own. */
function skipModes(cursor: Cursor): string {
  let readOnly = '';
  while (!cursor.atEnd) {
    if (cursor.take('isolation', 'level')) {
      const level =
        cursor.take('serializable') ||
        cursor.take('read', 'committed') ||
        cursor.take('read', 'uncommitted') ||
        cursor.take('repeatable', 'read') ||
        cursor.take('snapshot');
      if (!level) throw cursor.unexpected();
    } else if (cursor.take('read', 'only')) readOnly = ' read only';
    else if (!cursor.take('read', 'write')) throw cursor.unexpected();
    if (isMark(cursor.peek(), ',')) cursor.next();
  }
  return readOnly;
}

export function transactionWord(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  if (cursor.take('start')) cursor.expect('transaction');
  else if (cursor.take('begin')) cursor.takeOneOf('work', 'transaction');
  else {
    const kind = cursor.takeOneOf('rollback', 'abort') === undefined ? 'commit' : 'rollback';
    if (kind === 'commit') cursor.next();
    cursor.takeOneOf('work', 'transaction');
    if (cursor.sees('to'))
      throw new UnsupportedSqlError('ROLLBACK TO SAVEPOINT', 'Redshift does not have it');
    cursor.expectEnd();
    return transaction(kind, kind);
  }
  return transaction('begin', `begin${skipModes(cursor)}`);
}
