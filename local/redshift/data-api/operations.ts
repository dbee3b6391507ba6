/** The operations of the Data API by name. */
import { ownEntry } from '../../own-entry.ts';
import type { ResultStore } from '../execute/result-store.ts';
import type { Caller } from '../protocol/caller.ts';
import { dataApiError, invalid, notFound } from '../protocol/errors.ts';
import { model } from '../protocol/model.ts';
import type {
  BatchExecuteStatementRequest,
  ExecuteStatementRequest,
  ListSessionsRequest,
  ListStatementsRequest,
  ResultFormat,
  StatementRequest,
} from '../protocol/requests.ts';
import { splitId } from '../statements/statement.ts';
import { isTerminal } from '../statements/statement.ts';
import type { Progress, Statement, SubStatement } from '../statements/statement.ts';
import { describeAnswer, submitAnswer } from './answers.ts';
import { listSessions, listStatements } from './lists.ts';
import { resultPage } from './results.ts';
import { submit } from './submit.ts';
import type { SubmitContext } from './submit.ts';
import { validate } from './validate.ts';
import type { Json } from './validate.ts';

export interface DataApiContext extends SubmitContext {
  readonly results: ResultStore;
  readonly cancel: (statementId: string) => void;
}

/** Handles one request; the answer is JSON text. Throws ServiceError. */
type Operation = (context: DataApiContext, request: never, caller: Caller) => Promise<string> | string;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  ExecuteStatement: execute,
  BatchExecuteStatement: execute,
  DescribeStatement: describe,
  GetStatementResult: async (context, request: StatementRequest) => result(context, request, 'JSON'),
  GetStatementResultV2: async (context, request: StatementRequest) => result(context, request, 'CSV'),
  CancelStatement: cancel,
  ListStatements: (context, request: ListStatementsRequest, caller) =>
    JSON.stringify(listStatements(context.statements, request, caller)),
  ListSessions: (context, request: ListSessionsRequest, caller) =>
    JSON.stringify(listSessions(context.sessions, request, caller)),
};

export async function perform(
  context: DataApiContext,
  name: string,
  request: Json,
  caller: Caller,
): Promise<string> {
  if (!model.hasOperation(name)) {
    throw dataApiError('UnknownOperationException', `The Redshift Data API has no operation ${name}.`);
  }
  validate(name, request);
  const operation = ownEntry(OPERATIONS, name);
  if (operation === undefined) {
    throw invalid(`${name} is not supported by the local Redshift Data API.`);
  }
  return await operation(context, request as never, caller);
}

async function execute(
  context: DataApiContext,
  request: ExecuteStatementRequest | BatchExecuteStatementRequest,
  caller: Caller,
): Promise<string> {
  const statement = submit(context, request, caller);
  const wait = request.WaitTimeSeconds;
  if (wait !== undefined) await context.statements.untilEnd(statement, statement, wait);
  return JSON.stringify(submitAnswer(statement, wait !== undefined));
}

interface Found {
  readonly statement: Statement;
  /** The statement of the batch that the id names. */
  readonly part?: { readonly number: number; readonly it: SubStatement };
  readonly progress: Progress;
}

async function find(context: DataApiContext, { Id, WaitTimeSeconds }: StatementRequest): Promise<Found> {
  const statement = context.statements.find(Id);
  if (statement === undefined) throw notFound('Query does not exist.', Id);
  const { part: number } = splitId(Id);
  const it = number === undefined ? undefined : statement.batch ? statement.parts[number - 1] : undefined;
  if (number !== undefined && it === undefined) throw notFound('Query does not exist.', Id);
  const progress = it ?? statement;
  if (WaitTimeSeconds !== undefined) await context.statements.untilEnd(statement, progress, WaitTimeSeconds);
  return {
    statement,
    progress,
    ...(number === undefined || it === undefined ? {} : { part: { number, it } }),
  };
}

async function describe(context: DataApiContext, request: StatementRequest): Promise<string> {
  const { statement, part } = await find(context, request);
  const { clock, switches } = context;
  const isLate = isTerminal(statement.status) && clock.now() < statement.updatedAt + switches.describeLagMs;
  return JSON.stringify(describeAnswer(isLate ? stillRunning(statement) : statement, part));
}

/** As it was shortly before its end. */
function stillRunning(statement: Statement): Statement {
  const { error: _error, ...others } = statement;
  const parts = statement.parts.map(({ error: _of, ...part }) =>
    Object.assign(part, { status: 'STARTED' as const, rows: -1, hasResultSet: false }),
  );
  return { ...others, parts, status: 'STARTED', rows: -1, hasResultSet: false };
}

async function result(
  context: DataApiContext,
  request: StatementRequest,
  format: ResultFormat,
): Promise<string> {
  const { statement, part, progress } = await find(context, request);
  if (!isTerminal(progress.status) && request.WaitTimeSeconds !== undefined) {
    throw notFound('The result is not available yet.', request.Id);
  }
  if (progress.status !== 'FINISHED' || !progress.hasResultSet || (statement.batch && part === undefined)) {
    throw invalid('Query does not have result. Please check query status with DescribeStatement.');
  }
  const page = resultPage(context.results, statement, part?.number ?? 1, format, request.NextToken);
  return `{"Records":${page.recordsJson},${JSON.stringify(page.members).slice(1)}`;
}

async function cancel(context: DataApiContext, request: StatementRequest): Promise<string> {
  const { statement, part } = await find(context, { Id: request.Id });
  if (part !== undefined) {
    throw invalid(`A statement of a batch cannot be cancelled alone: ${request.Id}. Cancel ${statement.id}.`);
  }
  if (isTerminal(statement.status)) {
    throw invalid(
      `Could not cancel a query that is already in ${statement.status} state with ID: ${statement.id}`,
    );
  }
  context.cancel(statement.id);
  return '{"Status":true}';
}
