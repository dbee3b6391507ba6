/** Classifies the error of an AWS call: the resource is missing, access was denied, or something else. */
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

/** Errors by which AWS rejects the credentials: no call can succeed with them. */
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

/** Undefined if the service did not answer, or rejected the credentials: then no other call can succeed either. */
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
