/** Errors as the services answer them in JSON. S3's XML is in `s3/s3-error.ts`. */
import type { ServerResponse } from 'node:http';

import { messageOf } from '../shared/errors.ts';

type Texts = Readonly<Record<string, string>>;

export class ServiceError extends Error {
  override readonly name: string;
  readonly status: number;
  /** Further members of the body. */
  readonly members: Readonly<Record<string, unknown>>;
  /** Further headers. */
  readonly headers: Texts;

  constructor(
    name: string,
    message: string,
    status = 400,
    more: { readonly members?: Readonly<Record<string, unknown>>; readonly headers?: Texts } = {},
  ) {
    super(message);
    this.name = name;
    this.status = status;
    this.members = more.members ?? {};
    this.headers = more.headers ?? {};
  }
}

/** `fault`: the name of an error that the service did not expect. */
export function asServiceError(error: unknown, fault = 'InternalFailure'): ServiceError {
  return error instanceof ServiceError ? error : new ServiceError(fault, messageOf(error), 500);
}

/** AWS JSON 1.0, AWS JSON 1.1, or REST. */
export type JsonProtocol = '1.0' | '1.1' | 'rest';

export function contentTypeOf(protocol: JsonProtocol): string {
  return protocol === 'rest' ? 'application/json' : `application/x-amz-json-${protocol}`;
}

export function sendJsonError(response: ServerResponse, protocol: JsonProtocol, error: ServiceError): void {
  // An answer that has begun can only be broken off.
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { name, message, status, members, headers } = error;
  response.statusCode = status;
  response.setHeader('content-type', contentTypeOf(protocol));
  response.setHeader('x-amzn-errortype', name);
  for (const [header, value] of Object.entries(headers)) response.setHeader(header, value);
  const named = protocol === 'rest' ? { Message: message } : { __type: name, message };
  response.end(JSON.stringify({ ...named, ...members }));
}
