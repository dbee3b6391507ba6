/** Errors as S3 answers them: XML with a code. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
import type { ServerResponse } from 'node:http';

import { ServiceError } from '../service-error.ts';
import { writeXml, type XmlElements } from './xml.ts';

export function noSuchKey(): ServiceError {
  return new ServiceError('NoSuchKey', 'The specified key does not exist.', 404);
}

export function noSuchBucket(bucket: string): ServiceError {
  return new ServiceError('NoSuchBucket', `The specified bucket does not exist: ${bucket}`, 404);
}

export function preconditionFailed(condition: string): ServiceError {
  return new ServiceError(
    'PreconditionFailed',
    `At least one of the pre-conditions you specified did not hold: ${condition}`,
    412,
  );
}

export function notImplemented(operation: string): ServiceError {
  return new ServiceError('NotImplemented', `the local S3 does not have ${operation}`, 501);
}

/** `more`: further elements of the body. */
export function sendXmlError(
  response: ServerResponse,
  { name, message, status }: ServiceError,
  more: XmlElements = {},
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const text = writeXml('Error', { Code: name, Message: message, ...more }, false);
  // What an answer that failed had set already.
  response.removeHeader('content-range');
  response.statusCode = status;
  response.setHeader('content-type', 'application/xml');
  response.setHeader('content-length', Buffer.byteLength(text));
  response.end(text);
}
