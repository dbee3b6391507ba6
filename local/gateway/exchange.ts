/** One request on its way through the gateway, as every service of it sees it. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Route } from './route.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: Route;
  readonly caller: string;
  /** The whole body of a JSON service's request; undefined for S3, whose bodies are streams. */
  readonly body: Buffer | undefined;
}

/** Answers the request; rejects only on what nobody expected. */
export type Service = (exchange: Exchange) => Promise<void> | void;

/** An error in the form of the service's protocol: XML for S3, JSON for all others. */
export function sendError(
  { response, route }: Pick<Exchange, 'response' | 'route'>,
  status: number,
  type: string,
  message: string,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (route.service === 's3') {
    const text = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${type}</Code><Message>${escapeXml(message)}</Message></Error>`;
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(text);
    return;
  }
  const text = JSON.stringify({ __type: type, message, Message: message });
  response.writeHead(status, {
    'content-type':
      route.service === 'dynamodb' ? 'application/x-amz-json-1.0' : 'application/x-amz-json-1.1',
    'x-amzn-errortype': type,
  });
  response.end(text);
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
