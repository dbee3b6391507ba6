/** CREATE PROCEDURE, CREATE FUNCTION and CALL. */
import { Cursor } from '../cursor.ts';
import { SqlError, UnsupportedSqlError } from '../errors.ts';
import { parseNodes, render, splitAt, word } from '../nodes.ts';
import type { Node } from '../nodes.ts';
import { expression, rewriteQuery } from '../query.ts';
import { refuse } from '../refuse.ts';
import { Source } from '../source.ts';
import { set } from '../statements/settings.ts';
import { definition } from '../translated.ts';
import type { Translated } from '../translated.ts';
import { expectType } from '../types.ts';
import { translateBody } from './body.ts';
import type { TranslateNodes } from './body.ts';
import { dropProcedure, functionArguments, isOption, procedureArguments } from './signature.ts';

const VOLATILITY = ['volatile', 'stable', 'immutable'];

interface Options {
  readonly body: string;
  readonly language: string;
  readonly nonAtomic: boolean;
  /** Options that PostgreSQL reads as they are. */
  readonly kept: readonly string[];
}

/** The text between dollar quotes or in a string literal. */
function takeBody(cursor: Cursor): string {
  const node = cursor.next();
  if (node.kind === 'dollar' || node.kind === 'string') return node.value;
  throw cursor.unexpected();
}

/** The options in any order; the body is one of them. */
function readOptions(cursor: Cursor): Options {
  let body: string | undefined;
  let language: string | undefined;
  let nonAtomic = false;
  const kept: string[] = [];
  while (!cursor.atEnd) {
    if (cursor.take('as')) body = takeBody(cursor);
    else if (cursor.take('language')) language = cursor.expectName().value;
    else if (cursor.take('nonatomic')) nonAtomic = true;
    else if (cursor.take('security')) {
      const whose = cursor.takeOneOf('invoker', 'definer');
      if (whose === undefined) throw cursor.unexpected();
      kept.push(`security ${whose}`);
    } else if (cursor.take('set')) {
      const setting: Node[] = [];
      while (!cursor.atEnd && !isOption(cursor.peek())) setting.push(cursor.next());
      const translated = set([word('set'), ...setting]);
      // PostgreSQL keeps only its own settings with a procedure; the others have no effect.
      if (translated.kind === 'sql')
        kept.push(...translated.statements.filter((sql) => !sql.startsWith('set redshift.')));
    } else {
      const volatility = cursor.takeOneOf(...VOLATILITY);
      if (volatility === undefined) throw cursor.unexpected();
      kept.push(volatility);
    }
  }
  if (body === undefined || language === undefined) throw new SqlError('syntax error at end of input');
  return { body, language, nonAtomic, kept };
}

/** A dollar quote that the text does not hold. */
function dollarQuoted(text: string): string {
  let tag = '$baton$';
  while (text.includes(tag)) tag = `$x${tag.slice(1)}`;
  return `${tag}\n${text}\n${tag}`;
}

/** @param nodes everything after CREATE [OR REPLACE] */
export function createProcedure(
  nodes: readonly Node[],
  orReplace: boolean,
  translate: TranslateNodes,
): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('procedure');
  const name = cursor.expectQualifiedName();
  const args = procedureArguments(cursor.expectGroup());
  const { body, language, nonAtomic, kept } = readOptions(cursor);
  if (language !== 'plpgsql') throw new UnsupportedSqlError(`CREATE PROCEDURE … LANGUAGE ${language}`);
  // PostgreSQL does not keep the sizes of arguments: they are read in this comment.
  const code = dollarQuoted(`/*${args.sql}*/ ${translateBody(body, { translate, nonAtomic })}`);
  const create = [
    `create procedure ${render(name.nodes)}(${args.sql})`,
    'language plpgsql',
    ...kept,
    `as ${code}`,
  ];
  // PostgreSQL replaces only where the names of the arguments are the same.
  return definition(
    'CREATE PROCEDURE',
    ...(orReplace ? [dropProcedure(name, args.types, true)] : []),
    create.join(' '),
  );
}

/** Scalar SQL functions; Python ones and external ones are refused. */
export function createFunction(nodes: readonly Node[], orReplace: boolean): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('function');
  const name = cursor.expectQualifiedName();
  const args = functionArguments(cursor.expectGroup());
  cursor.expect('returns');
  const returns = expectType(cursor, 'expression');
  const { body, language, kept } = readOptions(cursor);
  if (language !== 'sql') throw new UnsupportedSqlError(`CREATE FUNCTION … LANGUAGE ${language}`);
  if (!kept.some((option) => VOLATILITY.includes(option)))
    throw new SqlError('CREATE FUNCTION needs VOLATILE, STABLE or IMMUTABLE');
  const queries = splitAt(parseNodes(body), ';').filter((query) => query.length > 0);
  const [query] = queries;
  if (query === undefined || queries.length > 1)
    throw new SqlError('The body of a SQL function is one SELECT');
  refuse(new Source(query));
  const text = render(rewriteQuery(query));
  // PostgreSQL does not keep the size of a function's result.
  const code = dollarQuoted(returns.sql.endsWith(')') ? `select cast((${text}) as ${returns.sql})` : text);
  return definition(
    'CREATE FUNCTION',
    [
      `create ${orReplace ? 'or replace ' : ''}function ${render(name.nodes)}(${args})`,
      `returns ${returns.sql} language sql`,
      ...kept,
      `as ${code}`,
    ].join(' '),
  );
}

/** The result has a row if the procedure has INOUT or OUT arguments. */
export function call(nodes: readonly Node[]): Translated {
  const cursor = new Cursor(nodes);
  cursor.expect('call');
  const name = cursor.expectQualifiedName();
  const args = cursor.expectGroup();
  cursor.expectEnd();
  return {
    kind: 'sql',
    statements: [`call ${render([...name.nodes, { ...args, items: expression(args.items) }])}`],
    command: 'CALL',
    rowsFrom: 0,
    returnsRows: true,
  };
}
