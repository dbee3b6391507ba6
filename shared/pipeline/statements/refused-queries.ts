/** What Redshift refuses of queries: functions where they cannot run, recursion, tests of booleans, reserved words. */
import type { Code } from '../code.ts';
import type { StatementProblem } from '../statement-facts.ts';
import { nameKey, nameParts } from '../table-name.ts';
import type { Span } from './parts.ts';
import { splitCommas, textIn } from './parts.ts';
import type { Query, Select, With } from './query.ts';
import { isSelect, NOT_ALIASES, ownTokens, subqueries } from './query.ts';
import { isReserved, isReservedName, reservedMessage } from './reserved-words.ts';

/** Where a statement holds queries and expressions. */
export interface Places {
  /** Common table expressions before it. */
  readonly with?: With;
  readonly queries: readonly Query[];
  /** Outside the queries: values and conditions. */
  readonly expressions: readonly Span[];
  /** It changes rows of a table in place, so it runs where tables are. */
  readonly changesTable: boolean;
}

/** They run on the leader node only ("Leader node–only functions"). Called with brackets. */
const LEADER_FUNCTIONS: ReadonlySet<string> = new Set(
  `AGE NOW ISFINITE GETBIT GET_BYTE SET_BIT SET_BYTE TO_ASCII CURRENT_SCHEMA CURRENT_SCHEMAS HAS_DATABASE_PRIVILEGE
   HAS_SCHEMA_PRIVILEGE HAS_TABLE_PRIVILEGE`.split(/\s+/),
);
/** Called without. */
const LEADER_WORDS: ReadonlySet<string> = new Set(['CURRENT_TIME', 'CURRENT_TIMESTAMP', 'LOCALTIME']);
const TELLS_TIME: ReadonlySet<string> = new Set(['NOW', ...LEADER_WORDS]);

/** They run only where a user's table is read. */
const COMPUTE_FUNCTIONS: ReadonlySet<string> = new Set([
  'LISTAGG',
  'MEDIAN',
  'PERCENTILE_CONT',
  'PERCENTILE_DISC',
]);

export function queryRefusals(code: Code, places: Places): StatementProblem[] {
  return new QueryCheck(code, places).run();
}

class QueryCheck {
  readonly #code: Code;
  readonly #places: Places;
  readonly #problems: StatementProblem[] = [];
  readonly #selects: Select[] = [];
  /** Names of common table expressions. */
  readonly #common = new Set<string>();
  readonly #leader: number[] = [];
  readonly #compute: number[] = [];

  constructor(code: Code, places: Places) {
    this.#code = code;
    this.#places = places;
  }

  run(): StatementProblem[] {
    const { queries, expressions, with: common } = this.#places;
    if (common !== undefined) this.#with(common);
    for (const query of queries) this.#query(query);
    for (const span of expressions) this.#expression(span);
    for (const select of this.#selects) this.#sortedAggregates(select);
    this.#checkNodes();
    return this.#problems;
  }

  #refuse(at: number, message: string, severity: 'error' | 'warning' = 'error'): void {
    this.#problems.push({ offset: this.#code.offset(at), severity, message });
  }

  #query(query: Query): void {
    if (query.with !== undefined) this.#with(query.with);
    const width = query.members[0] && widthOf(this.#code, query.members[0].body);
    for (const { body, operator = 0 } of query.members) {
      const own = widthOf(this.#code, body);
      if (width !== undefined && own !== undefined && own !== width)
        this.#refuse(
          operator,
          `each ${this.#code.word(operator)} query must have the same number of columns`,
        );
      if (!isSelect(body)) this.#query(body);
      else {
        this.#selects.push(body);
        for (const span of Object.values(body.clauses)) this.#expression(span);
        for (const { from, to, alias, named } of body.items) {
          const last = alias?.at ?? to - 1;
          if (!named && last > from) this.#reservedAlias(last);
        }
      }
    }
  }

  /** `SELECT a like FROM t`: PostgreSQL takes such words as aliases without AS. */
  #reservedAlias(i: number): void {
    const code = this.#code;
    const isAlias = isReserved(code, i) && !NOT_ALIASES.has(code.word(i)) && !isReservedName(code, i);
    const before = code.tokens[i - 1]?.kind !== 'mark' || code.isMark(i - 1, ')');
    if (isAlias && before) this.#refuse(i, reservedMessage(code, i));
  }

  #expression(span: Span): void {
    for (const i of ownTokens(this.#code, span)) this.#token(i);
    for (const query of subqueries(this.#code, span)) this.#query(query);
  }

  #token(i: number): void {
    const code = this.#code;
    const word = code.word(i);
    if (word === '' || code.isMark(i - 1, '.')) return;
    if (isReservedName(code, i)) this.#refuse(i, reservedMessage(code, i));
    if (code.is(i - 1, 'AS')) return;
    const isCall = code.isMark(i + 1, '(');
    if (isCall ? LEADER_FUNCTIONS.has(word) || LEADER_WORDS.has(word) : LEADER_WORDS.has(word))
      this.#leader.push(i);
    if (isCall && COMPUTE_FUNCTIONS.has(word)) this.#compute.push(i);
  }

  #with({ recursive, tables }: With): void {
    for (const { name, columns, query } of tables) {
      this.#common.add(name.key);
      if (recursive && readsFrom(this.#code, query, name.key)) {
        if (columns === undefined)
          this.#refuse(
            name.at,
            'WITH RECURSIVE needs the names of its columns: write them in brackets behind the name',
          );
        for (const { operator } of query.members)
          if (
            operator !== undefined &&
            this.#code.is(operator, 'UNION') &&
            !this.#code.is(operator + 1, 'ALL')
          )
            this.#refuse(operator, 'WITH RECURSIVE takes UNION ALL, not UNION');
      }
      this.#query(query);
    }
  }

  #booleanTests({ clauses }: Select): void {
    for (const [name, span] of Object.entries(clauses)) {
      if (name === 'where') continue;
      let cases = 0;
      for (const i of ownTokens(this.#code, span)) {
        if (this.#code.is(i, 'CASE')) cases += 1;
        else if (this.#code.is(i, 'END')) cases -= 1;
        if (!isBooleanTest(this.#code, i)) continue;
        if (name === 'list' && cases <= 0)
          this.#refuse(
            i,
            'a test of a boolean (IS TRUE) can stand only in WHERE: write the value itself, or NVL',
          );
        else this.#refuse(i, 'a test of a boolean (IS TRUE) is documented for WHERE only', 'warning');
      }
    }
  }

  /** LISTAGG, MEDIAN and PERCENTILE_* of one SELECT sort its rows, so they need the same order. */
  #sortedAggregates({ clauses }: Select): void {
    const code = this.#code;
    let order: string | undefined;
    for (const span of Object.values(clauses)) {
      for (const i of ownTokens(code, span)) {
        if (!COMPUTE_FUNCTIONS.has(code.word(i)) || !code.isMark(i + 1, '(')) continue;
        const own = this.#orderOf(i);
        if (own === undefined) continue;
        if (order !== undefined && own !== order)
          this.#refuse(
            i,
            'LISTAGG, MEDIAN, PERCENTILE_CONT and PERCENTILE_DISC of one SELECT need the same ORDER BY',
          );
        order ??= own;
      }
    }
  }

  /** The text of what it sorts by; undefined where it does not, or in a window. */
  #orderOf(i: number): string | undefined {
    const code = this.#code;
    const close = code.closing(i + 1);
    let order = { from: i + 2, to: close };
    let next = close + 1;
    if (code.is(next, 'WITHIN', 'GROUP') && code.isMark(next + 2, '(')) {
      const end = code.closing(next + 2);
      order = { from: next + 5, to: end };
      next = end + 1;
    } else if (!code.is(i, 'MEDIAN')) return undefined;
    if (code.is(next, 'OVER')) return undefined;
    return splitCommas(code, order)
      .map((key) =>
        textIn(code, key)
          .replace(/ (?:asc|desc)\b.*$/, '')
          .replaceAll(/[\w$]+ \. /g, ''),
      )
      .join(',');
  }

  /** What depends on the node that runs the statement: the leader alone, where it reads no table of a user. */
  #checkNodes(): void {
    const read = this.#selects.flatMap(({ fromItems }) =>
      fromItems.flatMap(({ source }) =>
        source.kind === 'table' && !this.#common.has(nameKey(source.name)) ? [source.name] : [],
      ),
    );
    const readsUsers = this.#places.changesTable || read.some((name) => !isSystemTable(name));
    // System tables are read on either node.
    if (readsUsers || read.length === 0) for (const select of this.#selects) this.#booleanTests(select);
    if (readsUsers)
      for (const i of this.#leader) {
        const word = this.#code.word(i);
        const instead = TELLS_TIME.has(word) ? ': use GETDATE() or SYSDATE' : '';
        this.#refuse(
          i,
          `the function ${word} runs on the leader node only, and this statement reads a table${instead}`,
        );
      }
    if (!readsUsers && read.every(isLeaderTable))
      for (const i of this.#compute)
        this.#refuse(
          i,
          `One or more of the used functions must be applied on at least one user created table: ${this.#code.word(i)}`,
        );
  }
}

/** How many columns it gives, if its text tells them. */
function widthOf(code: Code, body: Select | Query): number | undefined {
  if (!isSelect(body)) return body.members[0] && widthOf(code, body.members[0].body);
  const { items } = body;
  return items.length === 0 || items.some(({ to }) => code.isMark(to - 1, '*')) ? undefined : items.length;
}

function readsFrom(code: Code, query: Query, name: string): boolean {
  return query.members.some(({ body }) => {
    if (!isSelect(body)) return readsFrom(code, body, name);
    return (
      body.fromItems.some(({ source }) =>
        source.kind === 'table'
          ? nameKey(source.name) === name
          : source.kind === 'query' && readsFrom(code, source.query, name),
      ) ||
      Object.values(body.clauses).some((span) =>
        subqueries(code, span).some((inner) => readsFrom(code, inner, name)),
      )
    );
  });
}

/** `IS [NOT] TRUE`, FALSE or UNKNOWN at `i`. */
function isBooleanTest(code: Code, i: number): boolean {
  return (
    code.is(i, 'IS') && /^(?:TRUE|FALSE|UNKNOWN)$/.test(code.word(code.is(i + 1, 'NOT') ? i + 2 : i + 1))
  );
}

/** PostgreSQL's catalog is on the leader node. */
function isLeaderTable(name: string): boolean {
  const parts = nameParts(nameKey(name));
  return parts.some((part) => part === 'information_schema' || part.startsWith('pg_'));
}

function isSystemTable(name: string): boolean {
  return isLeaderTable(name) || /^(?:svv|svl|stv|stl|svcs|sys)_/.test(nameParts(nameKey(name)).at(-1) ?? '');
}
