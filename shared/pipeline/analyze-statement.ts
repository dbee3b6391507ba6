/**
 * What a statement does, by allow-list: an unknown form is `opaque`, never guessed. Follows the syntax of
 * the Redshift Database Developer Guide, chapter "SQL commands".
 */
import { BracketError, Code, NotUnderstoodError, UnrecognizedError } from './code.ts';
import { foreignMarks } from './foreign-marks.ts';
import { COMMANDS, NONDETERMINISTIC_WORDS, OBJECTS } from './functions.ts';
import type { Token } from './lexer.ts';
import { secondStatement } from './missing-semicolon.ts';
import { didYouMean } from './nearest.ts';
import { QueryWalker, Scope } from './query-walker.ts';
import { parseCopy } from './statements/copy.ts';
import type { CreateTable, CreateView } from './statements/definitions.ts';
import { parseAlterTable, parseCreate } from './statements/definitions.ts';
import { expressionsOf, parseChange } from './statements/dml.ts';
import { parseMerge } from './statements/merge.ts';
import { parseWith } from './statements/query.ts';
import { refusals } from './statements/refusals.ts';
import { parseUnload, unloadedQuery } from './statements/unload.ts';
import { stringValue } from './sql-string.ts';
import type { StatementFacts, StatementProblem } from './statement-facts.ts';
import { newFacts } from './statement-facts.ts';
import { nameKey } from './table-name.ts';

/** Statements made by PREPARE, by name; shared by all statements of a pipeline, in order. */
export type Prepared = Map<string, StatementFacts>;

const TRANSACTION_WORDS: ReadonlySet<string> = new Set(
  'BEGIN START COMMIT END ROLLBACK ABORT SAVEPOINT RELEASE'.split(' '),
);

type Analysis = (statement: Statement) => void;

/** What the analyses of single statements need. */
interface Statement {
  readonly code: Code;
  readonly facts: StatementFacts;
  readonly walker: QueryWalker;
  readonly prepared: Prepared;
}

/** @param tokens of one statement, with or without blanks */
export function analyzeStatement(tokens: readonly Token[], prepared: Prepared = new Map()): StatementFacts {
  const mistakes = foreignMarks(tokens);
  let code: Code;
  try {
    code = new Code(tokens);
  } catch (error) {
    if (!(error instanceof BracketError)) throw error;
    const { message, offset } = error;
    const facts = opaque(newFacts('the statement', offset), message);
    facts.problems.push(...mistakes, { offset, severity: 'error', message });
    return facts;
  }
  const isCommand = COMMANDS.has(code.word(code.behindBrackets(0)));
  const second = isCommand ? secondStatement(code) : undefined;
  if (second !== undefined) mistakes.push({ offset: second, severity: 'error', message: NO_SEMICOLON });
  const facts = analyzeCode(code, prepared);
  facts.problems.push(...mistakes, ...refusals(code));
  // The problem is already reported.
  if (facts.problems.some(({ severity }) => severity === 'error')) delete facts.notUnderstood;
  return facts;
}

const NO_SEMICOLON = 'a new statement begins here: end the previous one with ;';

function analyzeCode(code: Code, prepared: Prepared): StatementFacts {
  const verb = verbOf(code);
  const facts = newFacts(verb, code.offset(0));
  const first = code.word(code.behindBrackets(0));
  const analysis = ANALYSES[first];
  try {
    if (analysis === undefined)
      throw COMMANDS.has(first)
        ? new UnrecognizedError(`Baton does not analyze ${first}`, facts.offset)
        : code.unrecognized(0);
    analysis({ code, facts, walker: new QueryWalker(code, facts), prepared });
    noteWords(code, facts);
    return facts;
  } catch (error) {
    if (!(error instanceof UnrecognizedError)) throw error;
    // What was noted so far is incomplete: forget it.
    const bare = opaque(newFacts(verb, code.offset(0)), error.message);
    bare.problems.push(...facts.problems);
    if (error instanceof NotUnderstoodError) bare.notUnderstood = notUnderstood(verb, first, error);
    return bare;
  }
}

function notUnderstood(
  verb: string,
  first: string,
  { message, offset }: Error & { offset: number },
): StatementProblem {
  if (COMMANDS.has(first))
    return {
      offset,
      severity: 'warning',
      message: `${verb} ${message}, so its inputs and outputs are unknown: correct it, or declare kind: opaque in pipeline.yml if it is right`,
    };
  const word = first.slice(0, 40);
  const what =
    word === ''
      ? 'a statement must begin with a command like SELECT'
      : `${word} is not a Redshift command${didYouMean(word, COMMANDS)}`;
  return {
    offset,
    severity: 'error',
    message: `${what}: correct it, or declare kind: opaque in pipeline.yml if it is right`,
  };
}

/** May have read and written anything. */
function opaque(facts: StatementFacts, because: string): StatementFacts {
  facts.nature = 'opaque';
  facts.opaqueBecause = because;
  facts.declarable = true;
  facts.readsUnknown = true;
  facts.writesUnknown = true;
  return facts;
}

/** Analyzed, but it cannot run in a transaction with other statements. */
function standsAlone(facts: StatementFacts, because: string): void {
  facts.nature = 'opaque';
  facts.opaqueBecause = because;
}

const BETWEEN_CREATE_AND_OBJECT: ReadonlySet<string> = new Set('OR REPLACE TEMP TEMPORARY LOCAL'.split(' '));

function verbOf(code: Code): string {
  const first = code.word(code.behindBrackets(0));
  if (first === '') return 'the statement';
  if (!['CREATE', 'DROP', 'ALTER', 'REFRESH'].includes(first)) return first;
  const object = [1, 2, 3, 4].map((i) => code.word(i)).find((word) => !BETWEEN_CREATE_AND_OBJECT.has(word));
  return `${first} ${object ?? ''}`.trim();
}

/** Keywords that return the current time, wherever they occur. */
function noteWords(code: Code, facts: StatementFacts): void {
  for (const [i, token] of code.tokens.entries()) {
    const word = code.word(i);
    if (NONDETERMINISTIC_WORDS.has(word) && !code.isMark(i - 1, '.')) facts.nondeterministic.push(word);
    if (token.kind === 'string' && /^'\s*(?:now|today|tomorrow|yesterday)\s*'$/i.test(token.text))
      facts.nondeterministic.push(token.text);
  }
}

function afterIfExists(code: Code, i: number): { at: number; ifExists: boolean } {
  const ifExists = code.is(i, 'IF', 'EXISTS');
  return { at: ifExists ? i + 2 : i, ifExists };
}

/** @param at where the kind of object stands */
function notInTransaction(code: Code, at: number, facts: StatementFacts): UnrecognizedError {
  if (!OBJECTS.has(code.word(at))) return code.unrecognized(at, OBJECTS);
  return new UnrecognizedError(`${facts.verb} may not be able to run in a transaction`, facts.offset);
}

function expectEnd(code: Code, i: number): void {
  if (i < code.length) throw code.unrecognized(i);
}

function query({ code, facts, walker }: Statement): void {
  facts.nature = 'query';
  walker.query(0, code.length, { into: true });
  if (facts.setsSession) {
    facts.nature = 'setting';
    noteSetConfig(code, facts);
  }
  const { into } = walker;
  if (into !== undefined) {
    facts.nature = 'change';
    facts.creates.push({ ...into, ifNotExists: false });
    if (!into.temp) facts.redefines.push(into);
  }
}

function noteSetConfig(code: Code, facts: StatementFacts): void {
  for (const [i, token] of code.tokens.entries()) {
    if (code.is(i, 'SET_CONFIG') && /^'search_path'$/i.test(code.tokens[i + 2]?.text ?? ''))
      facts.problems.push(searchPathProblem(token.start));
  }
}

/** `WITH` begins a query, or an INSERT, UPDATE or DELETE with common table expressions. */
function withStatement(statement: Statement): void {
  const { code } = statement;
  const word = code.word(parseWith(code, 0).next);
  if (word === 'INSERT' || word === 'UPDATE' || word === 'DELETE') change(statement);
  else query(statement);
}

/** INSERT, UPDATE or DELETE. */
function change({ code, facts, walker }: Statement): void {
  const changed = parseChange(code);
  const { target } = changed;
  const scope = new Scope();
  if (changed.with !== undefined) walker.withClause(0, scope);
  facts.writes.push({ name: target.name, offset: target.offset });
  if (changed.kind === 'insert') {
    const { rows } = changed;
    if (rows.kind === 'query') walker.query(rows.query.from, rows.query.to, { scope });
    if (rows.kind === 'values') for (const { from, to } of rows.rows) walker.expression(from, to);
    return;
  }
  walker.targetAlias(target.to, code.length, scope, target.name);
  for (const span of expressionsOf(changed)) walker.rest(span.from, span.to, scope, span === changed.from);
}

function merge({ code, facts, walker }: Statement): void {
  const scope = new Scope();
  const { target, targetAlias, source, condition, branches } = parseMerge(code);
  facts.writes.push({ name: target.name, offset: target.offset });
  walker.targetAlias(targetAlias?.at ?? target.to, code.length, scope, target.name);
  walker.source(source.from, condition.from, scope);
  walker.rest(condition.from, condition.to, scope);
  for (const { action } of branches) {
    if (action.kind === 'update') walker.rest(action.set.from, action.set.to, scope);
    if (action.kind === 'insert') walker.rest(action.values.from, action.values.to, scope);
  }
}

function copy({ code, facts }: Statement): void {
  const { target, from, options } = parseCopy(code);
  facts.writes.push({ name: target.name, offset: target.offset });
  const has = (option: string): boolean => options.some(({ name }) => name === option);
  if (has('job')) throw new UnrecognizedError('COPY JOB belongs to auto-copy, not to a step', code.offset(0));
  const { text = '', start: offset = 0 } = code.tokens[from] ?? {};
  if (text === ':manifest' && !has('manifest')) {
    facts.problems.push({
      offset,
      severity: 'error',
      message: 'COPY FROM :manifest needs the keyword MANIFEST; without it the manifest itself is loaded',
    });
  }
  if (text === ':file_uri') {
    facts.problems.push({
      offset,
      severity: 'warning',
      message:
        'COPY FROM :file_uri loads every object whose key begins with this key; use FROM :manifest … MANIFEST to load exactly the file',
    });
  }
  if (text !== ':manifest') facts.unpinned.push(text);
  for (const { values } of options)
    for (const token of code.tokens.slice(values.from, values.to))
      if (token.kind === 'string' && token.text.toLowerCase().startsWith("'s3://"))
        facts.unpinned.push(token.text);
}

function unload({ code, facts }: Statement): void {
  standsAlone(facts, 'UNLOAD writes to S3, which a transaction cannot roll back');
  const unloaded = parseUnload(code);
  const { start: offset = 0, text = '', kind } = code.tokens[unloaded.to] ?? {};
  facts.unloadTo = {
    offset,
    ...(kind === 'param' ? { param: text.slice(1) } : { text: stringValue(text).text }),
  };
  facts.idempotentByNature = unloaded.options.some(({ name }) => name === 'allowoverwrite');
  const at = code.offset(unloaded.query);
  const within = newFacts('SELECT', at);
  try {
    const { code: inner, offset: outer } = unloadedQuery(code, unloaded);
    new QueryWalker(inner, within).query(0, inner.length);
    facts.reads.push(...within.reads.map(({ name, offset }) => ({ name, offset: outer(offset) })));
  } catch (error) {
    if (!(error instanceof UnrecognizedError)) throw error;
    throw new NotUnderstoodError(`cannot be parsed: its query ${error.message}`, at);
  }
  facts.nondeterministic.push(...within.nondeterministic);
}

function truncate({ code, facts }: Statement): void {
  const at = code.is(1, 'TABLE') ? 2 : 1;
  const target = code.table(at);
  expectEnd(code, target.next);
  facts.writes.push({ name: target.name, offset: target.offset });
  facts.truncates = true;
}

function create(statement: Statement): void {
  const { code, facts } = statement;
  const replaces = code.is(1, 'OR', 'REPLACE');
  const at = replaces ? 3 : 1;
  const word = code.word(at);
  if (word === 'PROCEDURE' || word === 'FUNCTION' || (word === 'SCHEMA' && !replaces)) {
    facts.changesPermanent = true;
    return;
  }
  if (replaces && word === 'TABLE') throw code.unrecognized(1);
  const made = word === 'MATERIALIZED' || (replaces && word !== 'VIEW') ? undefined : parseCreate(code);
  if (made === undefined) throw notInTransaction(code, at, facts);
  if (made.kind === 'create view') createView(statement, made);
  else createTable(statement, made);
}

function createView({ code, facts, walker }: Statement, { target, query: { from, to } }: CreateView): void {
  const { name, offset } = target;
  walker.query(from, to);
  facts.creates.push({ name, offset, temp: false, ifNotExists: code.is(target.from - 1, 'EXISTS') });
  facts.redefines.push({ name, offset });
}

function createTable({ code, facts, walker }: Statement, table: CreateTable): void {
  const { target, temp, ifNotExists } = table;
  const { name, offset } = target;
  for (const like of table.likes) {
    facts.shapes.push({ name: like.name, offset: like.offset });
    if (like.includesDefaults) facts.nondeterministic.push('LIKE … INCLUDING DEFAULTS');
  }
  for (const { rest } of table.columns) column(code, facts, walker, rest.from, rest.to);
  if (table.query !== undefined) walker.query(table.query.from, table.query.to);
  facts.creates.push({ name, offset, temp, ifNotExists });
  if (!temp) facts.redefines.push({ name, offset });
}

function column(code: Code, facts: StatementFacts, walker: QueryWalker, start: number, end: number): void {
  for (let i = start; i < end; i += 1) {
    if (code.is(i, 'IDENTITY')) facts.nondeterministic.push('IDENTITY');
    if (code.is(i, 'REFERENCES')) return;
    if (code.is(i, 'DEFAULT')) walker.expression(i + 1, end);
  }
}

function drop({ code, facts }: Statement): void {
  const what = code.word(1);
  let i = 2;
  if (what === 'MATERIALIZED' && code.is(2, 'VIEW')) i = 3;
  else if (what === 'PROCEDURE' || what === 'FUNCTION') {
    facts.changesPermanent = true;
    return;
  } else if (what !== 'TABLE' && what !== 'VIEW') throw notInTransaction(code, 1, facts);
  const { at: start, ifExists } = afterIfExists(code, i);
  let at = start;
  for (;;) {
    const { name, offset, next } = code.table(at);
    facts.drops.push({ name, offset, ifExists });
    at = next;
    if (!code.isMark(at, ',')) break;
    at += 1;
  }
  if (code.is(at, 'CASCADE') || code.is(at, 'RESTRICT')) at += 1;
  expectEnd(code, at);
}

/** ALTER TABLE actions that may run in a transaction, and others. */
const ALTER_ACTIONS: ReadonlySet<string> = new Set(
  'ADD DROP OWNER ALTER SET ROW MASKING RENAME APPEND'.split(' '),
);

function alter({ code, facts }: Statement): void {
  const altered = parseAlterTable(code);
  if (altered === undefined) throw notInTransaction(code, 1, facts);
  const { action, at, target } = altered;
  const { name, offset } = target;
  if (action.kind === 'append') {
    const { source } = action;
    standsAlone(facts, 'ALTER TABLE APPEND cannot run in a transaction');
    facts.writes.push({ name, offset }, { name: source.name, offset: source.offset });
    facts.reads.push({ name: source.name, offset: source.offset });
    return;
  }
  if (action.kind === 'rename') {
    const { to } = action;
    facts.renames.push({
      from: { name, offset },
      to: { name: renamed(name, to.name), offset: to.offset },
    });
    return;
  }
  const word = code.word(at);
  if (!ALTER_ACTIONS.has(word)) throw code.unrecognized(at, ALTER_ACTIONS);
  const allowed =
    action.kind === 'rename column' ||
    (/^(?:ADD|DROP|OWNER)$/.test(word) && !code.tokens.some((_, i) => code.is(i, 'PARTITION')));
  if (!allowed)
    throw new UnrecognizedError(
      `ALTER TABLE … ${word} may not be able to run in a transaction`,
      code.offset(at),
    );
  facts.writes.push({ name, offset });
  facts.redefines.push({ name, offset });
}

function renamed(from: string, to: string): string {
  const dot = from.lastIndexOf('.');
  return dot === -1 ? to : `${from.slice(0, dot)}.${to}`;
}

function analyze({ code, facts }: Statement): void {
  let at = code.is(1, 'COMPRESSION') ? 2 : 1;
  if (code.is(at, 'VERBOSE')) at += 1;
  standsAlone(facts, 'ANALYZE of a permanent table must be alone in its file');
  facts.idempotentByNature = true;
  if (code.isName(at) && !code.is(at, 'PREDICATE') && !code.is(at, 'ALL')) {
    const { name, offset } = code.table(at);
    facts.reads.push({ name, offset });
  }
}

function vacuum({ facts }: Statement): void {
  standsAlone(facts, 'VACUUM cannot run in a transaction');
  facts.idempotentByNature = true;
}

function refresh({ code, facts }: Statement): void {
  if (!code.is(0, 'REFRESH', 'MATERIALIZED', 'VIEW')) throw code.unrecognized(1);
  const { name, offset } = code.table(3);
  standsAlone(facts, 'REFRESH MATERIALIZED VIEW must be alone in its file');
  facts.idempotentByNature = true;
  facts.writes.push({ name, offset });
}

function call({ code, facts, walker }: Statement): void {
  const { parts, next } = code.path(1);
  if (!code.isMark(next, '(')) throw code.unrecognized(next);
  walker.expression(next + 1, code.closing(next));
  expectEnd(code, code.closing(next) + 1);
  facts.calls = true;
  facts.unknownFunctions.push(parts.join('.'));
  opaque(facts, 'a procedure cannot be analyzed; declare the tables it writes with writes:');
}

function searchPathProblem(offset: number): StatementFacts['problems'][number] {
  return {
    offset,
    severity: 'error',
    message:
      'search_path cannot be set in a step: put session: { set: { search_path: … } } into pipeline.yml, which applies to every step and every rebuilt session',
  };
}

function set({ code, facts }: Statement): void {
  facts.nature = 'setting';
  const isReset = code.is(0, 'RESET');
  let at = 1;
  const local = code.is(1, 'LOCAL');
  if (local || (code.is(1, 'SESSION') && !code.is(2, 'AUTHORIZATION'))) at = 2;
  const name = code.word(at);
  if (name === 'TRANSACTION' || name === '' || name === 'CHARACTERISTICS') throw code.unrecognized(at);
  if (name === 'SEARCH_PATH' || (isReset && name === 'ALL')) {
    facts.problems.push(
      name === 'ALL'
        ? {
            ...searchPathProblem(code.offset(at)),
            message: 'RESET ALL would undo session: { set: … }; reset individual settings',
          }
        : searchPathProblem(code.offset(at)),
    );
  }
  facts.setsSession = !local;
}

function prepare({ code, facts, prepared }: Statement): void {
  const { parts, next } = code.path(1);
  const name = nameKey(parts.join('.'));
  let at = next;
  if (code.isMark(at, '(')) at = code.closing(at) + 1;
  // Only queries and changes of rows can be prepared; one that prepares another could do so without end.
  if (!code.is(at, 'AS') || code.is(at + 1, 'PREPARE')) throw code.unrecognized(at);
  if (prepared.has(name)) {
    facts.problems.push({
      offset: code.offset(1),
      severity: 'error',
      message: `the prepared statement ${name} already exists in this session; DEALLOCATE it first or use another name`,
    });
  }
  const inner = analyzeCode(new Code(code.tokens.slice(at + 1)), prepared);
  if (inner.nature === 'opaque' || inner.problems.length > 0) throw code.unrecognized(at + 1);
  prepared.set(name, inner);
  facts.nature = 'setting';
  facts.setsSession = true;
}

function execute({ code, facts, walker, prepared }: Statement): void {
  const { parts, next } = code.path(1);
  const inner = prepared.get(nameKey(parts.join('.')));
  if (inner === undefined) throw code.unrecognized(1);
  if (code.isMark(next, '(')) walker.expression(next + 1, code.closing(next));
  else expectEnd(code, next);
  const { offset, verb } = facts;
  // Reported at the EXECUTE: the PREPARE may be in another file.
  const here = <T>(named: T[]): T[] => named.map((one) => ({ ...one, offset }));
  Object.assign(facts, {
    ...inner,
    verb,
    offset,
    creates: here(inner.creates),
    drops: here(inner.drops),
    redefines: here(inner.redefines),
    writes: here(inner.writes),
    reads: here(inner.reads),
    shapes: here(inner.shapes),
  });
}

function deallocate({ code, facts, prepared }: Statement): void {
  facts.nature = 'setting';
  facts.setsSession = true;
  const at = code.is(1, 'PREPARE') ? 2 : 1;
  if (code.is(at, 'ALL')) prepared.clear();
  else prepared.delete(nameKey(code.path(at).parts.join('.')));
}

/** Grants and comments: permanent and transactional, but they change no rows. */
function permanent({ facts }: Statement): void {
  facts.changesPermanent = true;
}

function lock({ facts }: Statement): void {
  // A lock lasts until the end of the transaction: it is useful only together with durable statements.
  facts.changesPermanent = true;
}

function transactionWord({ code, facts }: Statement): void {
  facts.problems.push({
    offset: code.offset(0),
    severity: 'error',
    message: `${code.word(0)} is not allowed in a step: the statements of a file already run in one transaction`,
  });
}

const ANALYSES: Readonly<Record<string, Analysis>> = {
  SELECT: query,
  WITH: withStatement,
  INSERT: change,
  UPDATE: change,
  DELETE: change,
  MERGE: merge,
  COPY: copy,
  UNLOAD: unload,
  TRUNCATE: truncate,
  CREATE: create,
  DROP: drop,
  ALTER: alter,
  ANALYZE: analyze,
  VACUUM: vacuum,
  REFRESH: refresh,
  CALL: call,
  SET: set,
  RESET: set,
  PREPARE: prepare,
  EXECUTE: execute,
  DEALLOCATE: deallocate,
  GRANT: permanent,
  REVOKE: permanent,
  COMMENT: permanent,
  LOCK: lock,
  ...Object.fromEntries([...TRANSACTION_WORDS].map((word) => [word, transactionWord])),
};
