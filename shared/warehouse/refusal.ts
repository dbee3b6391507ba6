/** An error of a Data API call, turned into what it means for the run. */
import type { Refusal } from '../run/run-event.ts';

const THROTTLES = new Set([
  'ThrottlingException',
  'TooManyRequestsException',
  'ActiveStatementsExceededException',
  'ActiveSessionsExceededException',
  'ActiveWaitingRequestsExceededException',
]);

interface ServiceError {
  readonly name: string;
  readonly message: string;
  /** An error may still have created a statement. */
  readonly StatementId?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** The statement that a failed call created all the same, if it says so. */
export function statementIdOf(error: unknown): string | undefined {
  return asServiceError(error).StatementId;
}

/** @param error what the SDK threw, after its own retries. */
export function refusalOf(error: unknown): Refusal {
  const { name, message, $metadata } = asServiceError(error);
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
  const status = $metadata?.httpStatusCode;
  if (status !== undefined && status >= 400 && status < 500)
    return { reason: 'rejected', class: 'sql', message: `${name}: ${message}` };
  return { reason: 'outcome-unknown', class: 'unknown', message: `${name}: ${message}` };
}

function asServiceError(error: unknown): ServiceError {
  if (error instanceof Error) return error;
  return { name: 'Error', message: String(error) };
}
