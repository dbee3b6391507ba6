/** What an error of an AWS call says about the thing that was asked for. */
import { httpStatusOf, isNamed } from '../shared/errors.ts';

export type Refused = 'not-found' | 'denied' | 'other';

const DENIED = [
  'AccessDenied',
  'AccessDeniedException',
  'AuthorizationError',
  'Forbidden',
  'NotAuthorized',
  'UnauthorizedOperation',
];

/** Credentials that AWS does not take: nothing can be asked with them. */
const NOT_TAKEN = [
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
];

/** Did the service answer, and was it about the thing asked for? Undefined: nothing can be asked there at all. */
export function refused(error: unknown): Refused | undefined {
  const status = httpStatusOf(error);
  if (!(error instanceof Error) || status === undefined || isNotTaken(error)) return undefined;
  if (status === 403 || isNamed(error, ...DENIED)) return 'denied';
  const missing = /NotFound|NoSuch|NonExistent|DoesNotExist/i;
  return status === 404 || missing.test(error.name) ? 'not-found' : 'other';
}

export function isNotTaken(error: unknown): boolean {
  return isNamed(error, ...NOT_TAKEN);
}
