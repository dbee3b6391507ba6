/** What the protocols read of a response. */
import type { Readable } from 'node:stream';

export interface Response {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** The SDK's collector looks whether the body is a web stream, for which Node loads them: 4 ms of a cold start. @throws if it ends early */
export async function wholeBody({ body }: Response): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

export function metadataOf({ statusCode, headers }: Response): object {
  return {
    httpStatusCode: statusCode,
    requestId: headers['x-amzn-requestid'] ?? headers['x-amzn-request-id'] ?? headers['x-amz-request-id'],
    extendedRequestId: headers['x-amz-id-2'],
    cfId: headers['x-amz-cf-id'],
  };
}
