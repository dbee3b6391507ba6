/** What SQS has of its own. */
import { createHash } from 'node:crypto';

import type { AnyCommand } from './command.ts';
import { type ClientConfig, LightClient, type SendOptions, type Service } from './light-client.ts';

export class LightSqsClient extends LightClient {
  constructor(service: Service, config: ClientConfig = {}) {
    // A queue is where its URL says.
    const endpointFor = (endpoint: URL, { QueueUrl }: { readonly QueueUrl: string }): URL =>
      config.endpoint === undefined ? new URL(new URL(QueueUrl).origin) : endpoint;
    super({ ...service, endpointFor }, config);
  }

  /** @throws Error if SQS received another text */
  override async send(command: AnyCommand, options: SendOptions = {}): Promise<unknown> {
    const answer = (await super.send(command, options)) as { readonly MD5OfMessageBody?: string };
    const { MessageBody } = command.input as { readonly MessageBody: string };
    const sum = createHash('md5').update(MessageBody).digest('hex');
    if (answer.MD5OfMessageBody !== sum) throw new Error('InvalidChecksumError');
    return answer;
  }
}
