/** The wait for a statement in the adapter: tried once, given up in time, and never an error that stops a run. */
import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { describe, expect, it } from 'vitest';

import { DataApiWarehouse } from '../../shared/warehouse/data-api.ts';

/** Headers and body of an answer, or what goes wrong on the way. */
type Reply = { readonly status: number; readonly body: object } | Error;

interface Sent {
  readonly body: unknown;
  readonly endsBy: AbortSignal | undefined;
}

function warehouseThat(reply: Reply) {
  const sent: Sent[] = [];
  const requestHandler = {
    metadata: { handlerProtocol: 'http/1.1' },
    handle: async (request: { body: string }, options: { abortSignal?: AbortSignal }) => {
      sent.push({ body: JSON.parse(request.body), endsBy: options.abortSignal });
      if (reply instanceof Error) throw reply;
      const body = new Blob([JSON.stringify(reply.body)]).stream();
      return { response: { statusCode: reply.status, headers: {}, body } };
    },
  };
  const client = (maxAttempts: number): RedshiftDataClient =>
    new RedshiftDataClient({
      region: 'eu-central-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      requestHandler: requestHandler as never,
      maxAttempts,
    });
  const warehouse = new DataApiWarehouse(client(2), { Database: 'dev' }, () => 'token', {}, client(1));
  return { sent, warehouse };
}

function refusal(name: string): Reply {
  return { status: 400, body: { __type: name, message: 'refused' } };
}

function lost(name: string): Error {
  return Object.assign(new Error('no answer'), { name });
}

describe('a wait for a statement', () => {
  it('asks with the seconds that it may take, and is given up some seconds later', async () => {
    const { sent, warehouse } = warehouseThat({
      status: 200,
      body: { Id: 's', Status: 'FINISHED', ResultRows: 7 },
    });
    expect(await warehouse.describe('s', 2)).toMatchObject({ status: 'FINISHED', rows: [7] });
    expect(sent.map(({ body }) => body)).toEqual([{ Id: 's', WaitTimeSeconds: 2 }]);
    expect(sent[0]?.endsBy).toBeInstanceOf(AbortSignal);
  });

  it.each([
    refusal('ActiveWaitingRequestsExceededException'),
    refusal('ThrottlingException'),
    refusal('AccessDeniedException'),
    { status: 500, body: { __type: 'InternalServerException', message: 'no' } },
    lost('TimeoutError'),
    lost('AbortError'),
    lost('ECONNRESET'),
  ])(
    'that is refused, or gets no answer, is tried once and leaves the statement running: %j',
    async (reply) => {
      const { sent, warehouse } = warehouseThat(reply);
      expect(await warehouse.describe('s', 1)).toEqual({ statementId: 's', status: 'RUNNING', rows: [] });
      expect(sent).toHaveLength(1);
    },
  );

  it('for a statement that is not known is answered so', async () => {
    const { sent, warehouse } = warehouseThat(refusal('ResourceNotFoundException'));
    expect(await warehouse.describe('s', 1)).toBe('NOT_FOUND');
    expect(sent).toHaveLength(1);
  });

  it('is no part of a submission, which always asks for its completion event', async () => {
    const { sent, warehouse } = warehouseThat({ status: 200, body: { Id: 's' } });
    for (const transaction of [false, true])
      await warehouse.submit({
        sessionId: 'session',
        name: 'name',
        token: 'token',
        sqls: ['SELECT 1'],
        transaction,
        keepAliveSeconds: 60,
      });
    expect(sent.map(({ body }) => body)).toMatchObject([{ WithEvent: true }, { WithEvent: true }]);
    for (const { body } of sent) expect(body).not.toHaveProperty('WaitTimeSeconds');
  });

  it('is the only call that is not repeated', async () => {
    const { sent, warehouse } = warehouseThat(refusal('ThrottlingException'));
    await expect(warehouse.describe('s')).rejects.toThrow('refused');
    expect(sent).toHaveLength(2);
    expect(sent[0]?.body).toEqual({ Id: 's' });
  });
});
