/** PostgreSQL's errors in Redshift's words (field reports; no AWS page lists the texts), as DescribeStatement shows them: `ERROR: …`. */
import { randomBytes } from 'node:crypto';

import { DatabaseError } from 'pg';

import { messageOf } from '../../../shared/errors.ts';
import { failureClassOf } from '../../../shared/warehouse/failure-class.ts';
import { SqlError } from '../dialect/errors.ts';
import { redshiftError, withoutInternals } from '../dialect/redshift-error.ts';
import { positionOf } from './position.ts';

/** An error whose message is Redshift's own, without `ERROR: `. */
export class WarehouseError extends Error {}

/** The connection was lost during a statement: its outcome is unknown. */
export const CONNECTION_LOST =
  'ERROR: The connection was lost while the statement was running. It may or may not have taken effect.';

/**
 * @param error what running the statement threw
 * @param queryId for the texts that name the query
 * @param sql the caller's statement; undefined: a position in an error is none in it
 */
export function errorText(error: unknown, queryId: number, sql?: string): string {
  if (error instanceof DatabaseError) return databaseErrorText(error, queryId, sql !== undefined);
  if (error instanceof SqlError && sql !== undefined) return sqlErrorText(error, sql);
  if (error instanceof Error && isConnectionError(error)) return CONNECTION_LOST;
  if (error instanceof Error && error.name === 'AbortError') return cancelledText(queryId);
  return `ERROR: ${messageOf(error)}`;
}

/**
 * The translator's syntax errors name a token. A text that says nothing of the outcome to a reader of Redshift's errors gets a
 * line that does: nothing ran.
 */
function sqlErrorText({ message }: SqlError, sql: string): string {
  const near = /^syntax error at or near "(.*)"$/.exec(message)?.[1];
  const position = near === undefined ? undefined : positionOf(sql, near);
  const text = `ERROR: ${message}`;
  const lines = [text];
  if (failureClassOf(text) === 'unknown')
    lines.push('  Detail: It is not supported by Redshift; the statement did not run.');
  if (position !== undefined) lines.push(`  Position: ${String(position)}`);
  return lines.join('\n');
}

function cancelledText(queryId: number): string {
  return `ERROR: Query (${String(queryId)}) cancelled on user's request`;
}

/** On Serverless messages end so. */
export function withErrorId(text: string): string {
  const hex = randomBytes(16).toString('hex');
  return `${text} [ErrorId: 1-${hex.slice(0, 8)}-${hex.slice(8)}]`;
}

export function isConnectionError(error: unknown): boolean {
  if (error instanceof DatabaseError) return error.code?.startsWith('57P') ?? false;
  return (
    error instanceof Error &&
    /Connection terminated|not queryable|Client was closed|ECONNRESET|EPIPE|ECONNREFUSED/.test(error.message)
  );
}

function databaseErrorText(error: DatabaseError, queryId: number, positions: boolean): string {
  if (isConnectionError(error)) return CONNECTION_LOST;
  if (error.code === '40001') return serializationText(queryId);
  if (error.code === '57014') return cancelledText(queryId);
  const words = redshiftError(error);
  // Of an error that Redshift words in its own way PostgreSQL's detail and hint are not its.
  const own = words !== withoutInternals(error.message);
  const severity = error.severity === 'FATAL' ? 'FATAL' : 'ERROR';
  const parts = [
    `${severity}: ${words.replace('invalid input syntax for type ', 'invalid input syntax for ')}`,
  ];
  if (error.detail !== undefined && !own) parts.push(`  Detail: ${withoutInternals(error.detail)}`);
  if (error.hint !== undefined && !own && !/operator|argument types/.test(error.hint))
    parts.push(`  Hint: ${withoutInternals(error.hint)}`);
  if (positions && error.position !== undefined) parts.push(`  Position: ${error.position}`);
  return parts.join('\n');
}

function serializationText(queryId: number): string {
  return (
    'ERROR: 1023\n  Detail: Serializable isolation violation on table in Redshift, ' +
    `transactions forming the cycle are: ${String(queryId)}`
  );
}
