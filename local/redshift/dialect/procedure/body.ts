/**
 * The body of a PL/pgSQL procedure: its structure stays, its statements and expressions are translated one by one.
 * SQL that is only put together at run time cannot be translated and is refused.
 */
import { Cursor } from '../cursor.ts';
import { UnsupportedSqlError, syntaxError } from '../errors.ts';
import { isGroup, isMark, isName, isWord, parseNodes, quoteString, render, textOf } from '../nodes.ts';
import type { Node } from '../nodes.ts';
import { expression, rewriteQuery } from '../query.ts';
import { refuse, refuseCalls } from '../refuse.ts';
import { Source } from '../source.ts';
import { SHIM } from '../shim/schema.ts';
import type { Translated } from '../translated.ts';
import { takeType } from '../types.ts';

/** After each COMMIT: a place where the session can be ended by an injected fault. */
const COMMITTED = `perform ${SHIM}.committed();\n`;

/** Translates one SQL statement; handed in, since CREATE PROCEDURE is itself one. */
export type TranslateNodes = (nodes: readonly Node[]) => Translated;

export interface BodyOptions {
  readonly translate: TranslateNodes;
  /** NONATOMIC: every statement commits by itself. */
  readonly nonAtomic: boolean;
}

/** PL/pgSQL of PostgreSQL, beginning with the rule of Redshift's old PL/pgSQL that a variable hides a column. */
export function translateBody(source: string, options: BodyOptions): string {
  const nodes = parseNodes(source);
  refuseCalls(nodes);
  const cursor = new Cursor(nodes);
  const block = new BodyWriter(cursor, options).block();
  cursor.takeMark(';');
  cursor.expectEnd();
  return `#variable_conflict use_variable\n${block};`;
}

/** A query that is no statement of its own. */
function queryText(nodes: readonly Node[]): string {
  refuse(new Source(nodes));
  return render(rewriteQuery(nodes));
}

class BodyWriter {
  readonly #cursor: Cursor;
  readonly #options: BodyOptions;

  constructor(cursor: Cursor, options: BodyOptions) {
    this.#cursor = cursor;
    this.#options = options;
  }

  /** `[DECLARE …] BEGIN … [EXCEPTION …] END [label]`, without the last `;`. */
  block(): string {
    const cursor = this.#cursor;
    const label = this.#label();
    const declared = cursor.take('declare') ? this.#declarations() : '';
    cursor.expect('begin');
    const statements = this.#statements('end', 'exception');
    const handler = cursor.take('exception') ? this.#handler() : '';
    cursor.expect('end');
    return `${label}${declared}begin\n${statements}${handler}end${this.#endLabel()}`;
  }

  #label(): string {
    const cursor = this.#cursor;
    if (!isMark(cursor.peek(), '<') || !isMark(cursor.peek(1), '<')) return '';
    cursor.next();
    cursor.next();
    const name = cursor.expectName();
    if (!cursor.takeMark('>') || !cursor.takeMark('>')) throw cursor.unexpected();
    return `<<${name.text}>>\n`;
  }

  #endLabel(): string {
    return isName(this.#cursor.peek()) ? ` ${this.#cursor.expectName().text}` : '';
  }

  #declarations(): string {
    const lines: string[] = [];
    while (!this.#cursor.sees('begin')) lines.push(`${this.#declaration(this.#upToSemicolon())};\n`);
    return `declare\n${lines.join('')}`;
  }

  #declaration(nodes: readonly Node[]): string {
    const cursor = new Cursor(nodes);
    const name = cursor.expectName();
    if (cursor.take('alias', 'for')) return `${name.text} alias for ${render(cursor.rest())}`;
    if (cursor.take('cursor')) {
      const parameters = cursor.takeGroup();
      if (cursor.takeOneOf('for', 'is') === undefined) throw cursor.unexpected();
      const list = parameters === undefined ? '' : ` ${render([parameters])}`;
      return `${name.text} cursor${list} for ${queryText(cursor.rest())}`;
    }
    const constant = cursor.take('constant') ? 'constant ' : '';
    const type = takeType(cursor, 'expression')?.sql ?? this.#copiedType(cursor);
    const notNull = cursor.take('not', 'null') ? ' not null' : '';
    if (cursor.atEnd) return `${name.text} ${constant}${type}${notNull}`;
    if (!cursor.take('default') && !cursor.takeMark(':=') && !cursor.takeMark('=')) throw cursor.unexpected();
    return `${name.text} ${constant}${type}${notNull} := ${render(expression(cursor.rest()))}`;
  }

  /** `table.column%TYPE` or `table%ROWTYPE`. */
  #copiedType(cursor: Cursor): string {
    const source = cursor.expectQualifiedName();
    if (!cursor.takeMark('%')) throw new UnsupportedSqlError(`the type ${source.name.toUpperCase()}`);
    const kind = cursor.takeOneOf('type', 'rowtype');
    if (kind === undefined) throw cursor.unexpected();
    return `${render(source.nodes)}%${kind}`;
  }

  /**
   * In Redshift a handler runs in a transaction of its own, which is committed before the error is thrown again.
   * A handler that only raises messages can do the same here; one that writes cannot.
   */
  #handler(): string {
    const cursor = this.#cursor;
    if (this.#options.nonAtomic) throw new UnsupportedSqlError('EXCEPTION in a NONATOMIC procedure');
    cursor.expect('when', 'others', 'then');
    let statements = '';
    while (!cursor.sees('end')) {
      if (!cursor.sees('raise') && !cursor.sees('null')) {
        throw new UnsupportedSqlError(
          'an EXCEPTION block that does more than RAISE',
          'Redshift commits what it does and then throws the error again',
        );
      }
      statements += this.#statement();
    }
    return `exception when others then\n${statements}raise;\n`;
  }

  #statements(...ends: readonly string[]): string {
    let text = '';
    while (!ends.some((end) => this.#cursor.sees(end))) text += this.#statement();
    return text;
  }

  #statement(): string {
    const cursor = this.#cursor;
    if (cursor.atEnd) throw cursor.unexpected();
    const label = this.#labelOfLoop();
    if (cursor.sees('begin') || cursor.sees('declare')) return label + this.#close(this.block());
    if (cursor.take('if')) return this.#if();
    if (cursor.take('case')) return this.#case();
    if (cursor.take('loop')) return label + this.#loop('');
    if (cursor.take('while')) return label + this.#loop(`while ${this.#expressionUpTo('loop')} `);
    if (cursor.take('for')) return label + this.#for();
    return this.#simple(this.#upToSemicolon());
  }

  #labelOfLoop(): string {
    return isMark(this.#cursor.peek(), '<') ? this.#label() : '';
  }

  #close(text: string): string {
    if (!this.#cursor.takeMark(';')) throw this.#cursor.unexpected();
    return `${text};\n`;
  }

  #if(): string {
    const cursor = this.#cursor;
    let text = `if ${this.#expressionUpTo('then')} then\n${this.#statements('elsif', 'elseif', 'else', 'end')}`;
    while (cursor.takeOneOf('elsif', 'elseif') !== undefined) {
      text += `elsif ${this.#expressionUpTo('then')} then\n${this.#statements('elsif', 'elseif', 'else', 'end')}`;
    }
    if (cursor.take('else')) text += `else\n${this.#statements('end')}`;
    cursor.expect('end', 'if');
    return this.#close(`${text}end if`);
  }

  #case(): string {
    const cursor = this.#cursor;
    let text = `case ${cursor.sees('when') ? (cursor.next(), '') : this.#expressionUpTo('when')}`;
    do {
      text += ` when ${this.#expressionUpTo('then')} then\n${this.#statements('when', 'else', 'end')}`;
    } while (cursor.take('when'));
    if (cursor.take('else')) text += `else\n${this.#statements('end')}`;
    cursor.expect('end', 'case');
    return this.#close(`${text}end case`);
  }

  #loop(head: string): string {
    const statements = this.#statements('end');
    this.#cursor.expect('end', 'loop');
    return this.#close(`${head}loop\n${statements}end loop${this.#endLabel()}`);
  }

  #for(): string {
    const target = render(this.#upTo('in'));
    const range = this.#upTo('loop');
    return this.#loop(`for ${target} in ${this.#range(range)} `);
  }

  #range(range: readonly Node[]): string {
    const [first] = range;
    if (isWord(first, 'select', 'with')) return queryText(range);
    if (isWord(first, 'execute')) return `execute ${this.#dynamic(range.slice(1))}`;
    return render(expression(range));
  }

  #upToSemicolon(): Node[] {
    const nodes: Node[] = [];
    while (!this.#cursor.takeMark(';')) nodes.push(this.#cursor.next());
    return nodes;
  }

  #upTo(end: string): Node[] {
    const nodes: Node[] = [];
    let cases = 0;
    for (;;) {
      if (cases === 0 && this.#cursor.take(end)) return nodes;
      const node = this.#cursor.next();
      if (isWord(node, 'case')) cases += 1;
      if (isWord(node, 'end')) cases -= 1;
      nodes.push(node);
    }
  }

  #expressionUpTo(end: string): string {
    return render(expression(this.#upTo(end)));
  }

  #simple(nodes: readonly Node[]): string {
    const [first, second] = nodes;
    if (first === undefined) return '';
    if (
      isWord(first, 'raise', 'return', 'exit', 'continue', 'null', 'fetch', 'close', 'move', 'get', 'perform')
    ) {
      return `${render(expression(nodes))};\n`;
    }
    if (isWord(first, 'commit', 'rollback')) {
      if (second !== undefined && !isWord(second, 'work', 'transaction')) throw syntaxError(textOf(second));
      return `${first.value};\n${COMMITTED}`;
    }
    if (isWord(first, 'start')) throw new UnsupportedSqlError('START TRANSACTION in a procedure');
    if (isWord(first, 'open')) return this.#open(nodes);
    if (isWord(first, 'execute')) return `execute ${this.#dynamic(nodes.slice(1))};\n${this.#committed()}`;
    if (
      isName(first) &&
      (isMark(second, ':=') || isMark(second, '=') || isMark(second, '.') || isGroup(second, '['))
    ) {
      return this.#assignment(nodes);
    }
    return this.#sql(nodes);
  }

  #assignment(nodes: readonly Node[]): string {
    const at = nodes.findIndex((node) => isMark(node, ':=') || isMark(node, '='));
    if (at === -1) return this.#sql(nodes);
    return `${render(nodes.slice(0, at))} := ${render(expression(nodes.slice(at + 1)))};\n`;
  }

  #open(nodes: readonly Node[]): string {
    const at = nodes.findIndex((node) => isWord(node, 'for'));
    if (at === -1) return `${render(expression(nodes))};\n`;
    const query = nodes.slice(at + 1);
    const source = isWord(query[0], 'execute')
      ? `execute ${this.#dynamic(query.slice(1))}`
      : queryText(query);
    return `${render(nodes.slice(0, at))} for ${source};\n`;
  }

  /** What follows EXECUTE. */
  #dynamic(nodes: readonly Node[]): string {
    const [command, ...rest] = nodes;
    if (command?.kind !== 'string' || (rest.length > 0 && !isWord(rest[0], 'into'))) {
      throw new UnsupportedSqlError(
        'EXECUTE of a statement that is put together at run time',
        'it cannot be translated',
      );
    }
    const translated = this.#options.translate(parseNodes(command.value));
    if (translated.kind !== 'sql' || translated.statements.length !== 1 || translated.commits === true) {
      throw new UnsupportedSqlError(`EXECUTE '${command.value}'`);
    }
    return `${quoteString(translated.statements[0] ?? '')} ${render(rest)}`.trim();
  }

  #committed(): string {
    return this.#options.nonAtomic
      ? `if not ${SHIM}.in_transaction_block() then commit; ${COMMITTED} end if;\n`
      : '';
  }

  #sql(nodes: readonly Node[]): string {
    const translated = this.#options.translate(nodes);
    if (translated.kind === 'copy' || translated.kind === 'unload')
      throw new UnsupportedSqlError(`${translated.kind.toUpperCase()} in a procedure`);
    if (translated.kind === 'noop') return 'null;\n';
    if (translated.transaction !== undefined || translated.notInTransaction === true) {
      throw new UnsupportedSqlError(`${translated.command} in a procedure`);
    }
    const { rowsFrom } = translated;
    const statements = translated.statements.map((sql, i) =>
      rowsFrom !== i && sql.startsWith('select ') ? sql.replace('select', 'perform') : sql,
    );
    return `${statements.join(';\n')};\n${translated.commits === true ? `commit;\n${COMMITTED}` : this.#committed()}`;
  }
}
