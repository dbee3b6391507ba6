/** ANALYZE, VACUUM, TRUNCATE, LOCK, GRANT, COMMENT, EXPLAIN and cursors. */
import { Cursor } from '../cursor.ts';
import { syntaxError, UnsupportedSqlError } from '../errors.ts';
import { isName, isWord, quoteName, quoteString, render } from '../nodes.ts';
import type { Node } from '../nodes.ts';
import { argumentTypes, existingProcedure } from '../procedure/signature.ts';
import { rewriteQuery } from '../query.ts';
import { definition, noop, rows } from '../translated.ts';
import type { Translated, TranslatedSql } from '../translated.ts';

export function analyze(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('analyze');
  if (cursor.sees('compression')) throw new UnsupportedSqlError('ANALYZE COMPRESSION');
  cursor.take('verbose');
  cursor.take('table');
  if (cursor.atEnd) return definition('ANALYZE', 'analyze');
  const table = cursor.expectQualifiedName();
  const columns = cursor.takeGroup();
  const predicate = cursor.take('predicate', 'columns') || cursor.take('all', 'columns');
  cursor.expectEnd();
  const list = columns === undefined || predicate ? '' : ` ${render([columns])}`;
  return definition('ANALYZE', `analyze ${render(table.nodes)}${list}`);
}

/** Redshift's VACUUM sorts and reclaims; nothing of it is visible in a result. */
export function vacuum(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('vacuum');
  if (!cursor.take('sort', 'only') && !cursor.take('delete', 'only'))
    cursor.takeOneOf('full', 'reindex', 'recluster');
  if (cursor.atEnd || cursor.take('boost')) {
    return { ...noop('VACUUM', 'VACUUM has no effect in the local warehouse'), notInTransaction: true };
  }
  const table = cursor.expectQualifiedName();
  if (cursor.take('to')) {
    cursor.next();
    cursor.expect('percent');
  }
  cursor.take('boost');
  cursor.expectEnd();
  const exists = `select ${quoteString(table.parts.map(quoteName).join('.'))}::regclass`;
  return {
    ...definition('VACUUM', exists),
    notInTransaction: true,
    notice: 'VACUUM has no effect in the local warehouse',
  };
}

/** TRUNCATE commits the transaction it runs in, and cannot be rolled back. */
export function truncate(nodes: readonly Node[]): TranslatedSql {
  const cursor = new Cursor(nodes);
  cursor.expect('truncate');
  cursor.take('table');
  const table = cursor.expectQualifiedName();
  cursor.expectEnd();
  return {
    kind: 'sql',
    statements: [`truncate table ${render(table.nodes)}`],
    command: 'TRUNCATE',
    returnsRows: false,
    commits: true,
  };
}

export function lock(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('lock');
  cursor.take('table');
  const tables: string[] = [];
  do tables.push(render(cursor.expectQualifiedName().nodes));
  while (cursor.takeMark(','));
  cursor.expectEnd();
  return definition('LOCK', `lock table ${tables.join(', ')}`);
}

/** What may stand behind ON that is not looked for. */
const OTHER_OBJECTS = ['database', 'datashare', 'external', 'language', 'model', 'template'];

/** No effect but an error for a table, a schema or a procedure that is not there. */
export function grant(command: 'GRANT' | 'REVOKE', nodes: readonly Node[]): Translated {
  const nothing = noop(command, `${command} has no effect: the local warehouse has one user`);
  const whom = nodes.findLastIndex((node) => isWord(node, command === 'GRANT' ? 'to' : 'from'));
  if (whom < 2 || whom === nodes.length - 1) throw syntaxError(undefined);
  const on = nodes.findIndex((node) => isWord(node, 'on'));
  const cursor = new Cursor(nodes, on + 1);
  if (on === -1 || isWord(cursor.peek(), ...OTHER_OBJECTS)) return nothing;
  const all = cursor.take('all') && cursor.takeOneOf('tables', 'functions', 'procedures') !== undefined;
  if (all) cursor.expect('in');
  const kind = cursor.takeOneOf('table', 'schema', 'procedure', 'function') ?? 'table';
  if (!isName(cursor.peek())) return nothing;
  const objects: string[] = [];
  do objects.push(grantedObject(kind, cursor));
  while (cursor.takeMark(','));
  if (!cursor.sees('to') && !cursor.sees('from')) return nothing;
  return { ...definition(command, `select ${objects.join(', ')}`), notice: nothing.notice };
}

/** An expression that is an error where the object is not there. */
function grantedObject(kind: string, cursor: Cursor): string {
  const name = cursor.expectQualifiedName();
  const args = kind === 'procedure' || kind === 'function' ? cursor.takeGroup() : undefined;
  const types = args === undefined ? [] : argumentTypes(args);
  if (kind === 'procedure') return existingProcedure(name, types);
  const written = name.parts.map(quoteName).join('.');
  if (kind === 'function') return `${quoteString(`${written}(${types.join(', ')})`)}::regprocedure`;
  return `${quoteString(written)}::${kind === 'schema' ? 'regnamespace' : 'regclass'}`;
}

export function comment(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('comment', 'on');
  const kind = cursor.takeOneOf('table', 'column', 'view', 'schema', 'database', 'procedure', 'function');
  if (kind === undefined) throw cursor.unexpected();
  if (kind === 'database' || kind === 'procedure' || kind === 'function') {
    throw new UnsupportedSqlError(`COMMENT ON ${kind.toUpperCase()}`);
  }
  return definition('COMMENT', render(nodes));
}

/** The plan is PostgreSQL's. */
export function explain(
  nodes: readonly Node[],
  translate: (nodes: readonly Node[]) => Translated,
): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('explain');
  const verbose = cursor.take('verbose') ? ' verbose' : '';
  if (cursor.sees('model')) throw new UnsupportedSqlError('EXPLAIN MODEL');
  const translated = translate(cursor.rest());
  if (translated.kind !== 'sql' || translated.statements.length !== 1)
    throw new UnsupportedSqlError('EXPLAIN of this statement');
  return rows('EXPLAIN', `explain${verbose} ${translated.statements[0]}`);
}

export function declareCursor(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('declare');
  const name = cursor.expectName();
  cursor.expect('cursor', 'for');
  return definition(
    'DECLARE CURSOR',
    `declare ${name.text} cursor for ${render(rewriteQuery(cursor.rest()))}`,
  );
}

export function fetch(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('fetch');
  const how = cursor.takeOneOf('next', 'all', 'forward') ?? 'next';
  const counted = how === 'forward' && !cursor.sees('from') ? ` ${render([cursor.next()])}` : '';
  cursor.expect('from');
  const name = cursor.expectName();
  cursor.expectEnd();
  return rows('FETCH', `fetch ${how}${counted} from ${name.text}`);
}

export function close(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('close');
  const name = cursor.expectName();
  cursor.expectEnd();
  return definition('CLOSE', `close ${name.text}`);
}
