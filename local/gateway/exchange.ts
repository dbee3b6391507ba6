/** One request on its way through the gateway, as every service of it sees it. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { sendXmlError } from '../s3/s3-error.ts';
import { sendJsonError, ServiceError, type JsonProtocol } from '../service-error.ts';
import type { Route } from './route.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: Route;
  readonly caller: string;
  /** The whole body of a JSON service's request; undefined for S3, whose bodies are streams. */
  readonly body: Buffer | undefined;
}

/** Responds to the request; rejects only on unexpected errors. */
export type Service = (exchange: Exchange) => Promise<void> | void;

/** An error in the form of the service's protocol. */
export function sendError(
  { response, route }: Pick<Exchange, 'response' | 'route'>,
  status: number,
  type: string,
  message: string,
): void {
  const error = new ServiceError(type, message, status);
  if (route.service === 's3') sendXmlError(response, error);
  else sendJsonError(response, protocolOf(route.service), error);
}

function protocolOf(service: Route['service']): JsonProtocol {
  if (service === 'lambda' || service === 'scheduler') return 'rest';
  return service === 'dynamodb' || service === 'sqs' ? '1.0' : '1.1';
}
