/** Invokes functions in the Lambda process, for the queue of asynchronous invocations and for the queue pollers. */
import { randomUUID } from 'node:crypto';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';

import { messageOf } from '../../shared/errors.ts';
import type { Clock } from '../clock.ts';
import type { CallLog } from '../gateway/call-log.ts';
import { readBody } from '../http.ts';

export type InvokeAnswer =
  | { readonly kind: 'returned'; readonly payload: string }
  /** `payload`: the function's error as JSON text. */
  | { readonly kind: 'failed'; readonly payload: string; readonly message: string }
  | { readonly kind: 'not-run'; readonly reason: string };

export class LambdaClient {
  readonly #port: () => Promise<number>;
  readonly #calls: CallLog;
  readonly #clock: Clock;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Infinity });

  /** `port`: of the Lambda process, once it is ready. */
  constructor(port: () => Promise<number>, calls: CallLog, clock: Clock) {
    this.#port = port;
    this.#calls = calls;
    this.#clock = clock;
  }

  /** `caller`: on whose behalf, for the record of calls. Never rejects. */
  async invoke(
    functionName: string,
    payload: string,
    caller: string,
    requestId: string = randomUUID(),
  ): Promise<InvokeAnswer> {
    const begin = performance.now();
    const answer = await this.#send(functionName, payload, requestId).catch(
      (error: unknown): InvokeAnswer => ({
        kind: 'not-run',
        reason: messageOf(error),
      }),
    );
    const outcome = { returned: 'ok', failed: 'FunctionError', 'not-run': 'NotRun' }[answer.kind];
    this.#calls.record({
      time: new Date(this.#clock.now()).toISOString(),
      service: 'lambda',
      operation: 'Invoke',
      caller,
      resource: functionName,
      status: answer.kind === 'not-run' ? 0 : 200,
      outcome,
      ms: Math.round((performance.now() - begin) * 100) / 100,
    });
    return answer;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(functionName: string, payload: string, requestId: string): Promise<InvokeAnswer> {
    const port = await this.#port();
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = httpRequest({
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: `/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`,
        headers: { 'content-length': Buffer.byteLength(payload), 'x-amzn-requestid': requestId },
        agent: this.#agent,
      });
      request.on('response', resolve);
      request.on('error', reject);
      request.end(payload);
    });
    const text = (await readBody(response)).toString('utf8');
    if (response.statusCode !== 200) return { kind: 'not-run', reason: text };
    if (response.headers['x-amz-function-error'] === undefined) return { kind: 'returned', payload: text };
    return { kind: 'failed', payload: text, message: messageIn(text) };
  }
}

function messageIn(payload: string): string {
  const { errorType, errorMessage } = JSON.parse(payload) as {
    readonly errorType?: string;
    readonly errorMessage?: string;
  };
  return `${errorType ?? 'Error'}: ${errorMessage ?? ''}`;
}
