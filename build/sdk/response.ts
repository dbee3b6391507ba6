/** What the protocols read of a response. */
import type { Readable } from 'node:stream';

export interface Response {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/**
 * The SDK's collector looks whether the body is a web stream, for which Node loads them: 4 ms of a cold start. Events take less than an
 * iteration. Rejects if the body ends early.
 */
export async function wholeBody({ body }: Response): Promise<Buffer> {
  const parts: Buffer[] = [];
  return new Promise((resolve, reject) => {
    body
      .on('data', (part: Buffer) => parts.push(part))
      .on('end', () => {
        resolve(Buffer.concat(parts));
      })
      .on('error', reject);
  });
}

export function metadataOf({ statusCode, headers }: Response): object {
  return {
    httpStatusCode: statusCode,
    requestId: headers['x-amzn-requestid'] ?? headers['x-amzn-request-id'] ?? headers['x-amz-request-id'],
    extendedRequestId: headers['x-amz-id-2'],
    cfId: headers['x-amz-cf-id'],
  };
}
