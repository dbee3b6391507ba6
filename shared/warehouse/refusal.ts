/** Maps an error of a Data API call to its meaning for the run. */
import { httpStatusOf } from '../errors.ts';
import type { Refusal } from '../run/run-event.ts';

const THROTTLES = new Set([
  'ThrottlingException',
  'TooManyRequestsException',
  'ActiveStatementsExceededException',
  'ActiveSessionsExceededException',
  'ActiveWaitingRequestsExceededException',
]);

/** The statement that a failed call has nevertheless created, if the error names it. */
export function statementIdOf(error: unknown): string | undefined {
  const id = error instanceof Error && 'StatementId' in error ? error.StatementId : undefined;
  return typeof id === 'string' ? id : undefined;
}

/** @param error what the SDK threw, after its own retries. */
export function refusalOf(error: unknown): Refusal {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (THROTTLES.has(name)) return { reason: 'throttled', class: 'transient', message: `${name}: ${message}` };
  if (name === 'ValidationException') {
    if (/session is not available/i.test(message))
      return { reason: 'session-unavailable', class: 'session-lost', message };
    if (/session with id.*is invalid/i.test(message))
      return { reason: 'session-unknown', class: 'session-lost', message };
    if (/paused|resizing|not available/i.test(message))
      return { reason: 'throttled', class: 'transient', message };
    return { reason: 'rejected', class: 'sql', message: `${name}: ${message}` };
  }
  if (/AccessDenied|UnrecognizedClient|InvalidSignature|ExpiredToken|NotAuthorized/.test(name)) {
    return { reason: 'rejected', class: 'permission', message: `${name}: ${message}` };
  }
  if (name === 'ResourceNotFoundException')
    return { reason: 'rejected', class: 'sql', message: `${name}: ${message}` };
  const status = httpStatusOf(error);
  if (status !== undefined && status >= 400 && status < 500)
    return { reason: 'rejected', class: 'sql', message: `${name}: ${message}` };
  return { reason: 'outcome-unknown', class: 'unknown', message: `${name}: ${message}` };
}
