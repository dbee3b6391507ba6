/** What an error of an AWS call says about the thing that was asked for. */

export type Refused = 'not-found' | 'denied' | 'other';

interface AwsError {
  readonly name: string;
  readonly message: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const DENIED = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'AuthorizationError',
  'Forbidden',
  'NotAuthorized',
  'UnauthorizedOperation',
]);

/** Credentials that AWS does not take: nothing can be asked with them. */
const NOT_TAKEN = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

function isAwsError(error: unknown): error is AwsError {
  return error instanceof Error && '$metadata' in error;
}

/** Did the service answer, and was it about the thing asked for? Undefined: nothing can be asked there at all. */
export function refused(error: unknown): Refused | undefined {
  if (!isAwsError(error) || error.$metadata?.httpStatusCode === undefined || NOT_TAKEN.has(error.name)) {
    return undefined;
  }
  if (DENIED.has(error.name) || error.$metadata.httpStatusCode === 403) return 'denied';
  const missing = /NotFound|NoSuch|NonExistent|DoesNotExist/i;
  return missing.test(error.name) || error.$metadata.httpStatusCode === 404 ? 'not-found' : 'other';
}

export function isNotTaken(error: unknown): boolean {
  return error instanceof Error && NOT_TAKEN.has(error.name);
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
