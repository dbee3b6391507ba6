/**
 * What the functions call while their start is measured: the local DynamoDB, and a server that answers for the other services what
 * they would if nothing went wrong. In this process, so that it is not in what is measured.
 */
import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';

import { tableOf } from '../../build/serverless/table.cjs';
import { createTables } from '../../local/dynamodb/create-tables.ts';
import { type DynamoDb, openDynamoDb } from '../../local/dynamodb/server.ts';
import { createChildServer, listenLocally, readBody } from '../../local/http.ts';

export const TABLE = 'baton-local';

type Input = Readonly<Record<string, unknown>>;

/** A submitted statement whose completion event was not delivered. */
export interface Open {
  readonly id: string;
  readonly name: string;
}

export class StandIn {
  readonly #dynamodb: DynamoDb;
  readonly #server: Server;
  #calls: string[] = [];
  #statements = 0;
  #open: Open[] = [];
  #woken: string[] = [];
  endpoint = '';

  private constructor(dynamodb: DynamoDb) {
    this.#dynamodb = dynamodb;
    this.#server = createChildServer('1.1', async (request, response) => {
      const target = String(request.headers['x-amz-target'] ?? '');
      this.#calls.push(target === '' ? `${request.method ?? ''} object` : (target.split('.')[1] ?? ''));
      if (target.startsWith('DynamoDB')) {
        dynamodb.server.emit('request', request, response);
        return;
      }
      const body = (await readBody(request)).toString('utf8');
      if (target === '') {
        response.writeHead(200, OBJECT).end();
        return;
      }
      const answer = this.#answer(target, JSON.parse(body) as Input);
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
    });
  }

  /** `folder`: for its data. */
  static async start(folder: string): Promise<StandIn> {
    const store = join(folder, 'dynamodb');
    mkdirSync(store);
    const standIn = new StandIn(await openDynamoDb(store));
    standIn.endpoint = `http://127.0.0.1:${String(await listenLocally(standIn.#server))}`;
    const settings = { protect: false, takeOver: false, tableKey: '' };
    const { Table } = tableOf(TABLE, settings).resources as {
      Table: { Properties: Record<string, unknown> };
    };
    const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode } = Table.Properties;
    await createTables(standIn.endpoint, [
      {
        name: TABLE,
        arn: TABLE,
        createTable: {
          TableName: TABLE,
          AttributeDefinitions,
          KeySchema,
          GlobalSecondaryIndexes,
          BillingMode,
        },
      } as never,
    ]);
    return standIn;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await this.#dynamodb.close();
  }

  /** The operations since the last time, in their order. */
  takeCalls(): readonly string[] {
    const calls = this.#calls;
    this.#calls = [];
    return calls;
  }

  /** The statements that were submitted since the last time. */
  takeOpen(): readonly Open[] {
    const open = this.#open;
    this.#open = [];
    return open;
  }

  /** The runs that were woken since the last time. */
  takeWoken(): readonly string[] {
    const woken = this.#woken;
    this.#woken = [];
    return woken;
  }

  #answer(target: string, input: Input): object {
    const [, operation = ''] = target.split('.');
    switch (operation) {
      case 'ExecuteStatement':
      case 'BatchExecuteStatement': {
        this.#statements += 1;
        const id = `statement-${String(this.#statements)}`;
        const { WithEvent, StatementName, SessionId = `session-${String(this.#statements)}` } = input;
        if (WithEvent === true && typeof StatementName === 'string')
          this.#open.push({ id, name: StatementName });
        const isWaitedFor = input['WaitTimeSeconds'] !== undefined;
        return { Id: id, SessionId, Status: isWaitedFor ? 'FINISHED' : 'SUBMITTED', RedshiftPid: 1 };
      }
      case 'DescribeStatement':
        return { Id: input['Id'], Status: 'FINISHED', ResultRows: 1, Duration: 1e9, RedshiftPid: 1 };
      case 'PutEvents': {
        const entries = input['Entries'] as readonly {
          readonly DetailType: string;
          readonly Detail: string;
        }[];
        for (const { DetailType, Detail } of entries)
          if (DetailType === 'Run Woken')
            this.#woken.push((JSON.parse(Detail) as { readonly runId: string }).runId);
        return { FailedEntryCount: 0, Entries: entries.map(() => ({ EventId: 'e' })) };
      }
      default:
        throw new Error(`the stand-in has no answer to ${target}`);
    }
  }
}

/** Every object is this one. */
export const OBJECT = {
  'content-length': '0',
  etag: '"d41d8cd98f00b204e9800998ecf8427e"',
  'last-modified': 'Wed, 04 Mar 2026 05:00:00 GMT',
  'x-amz-version-id': 'version',
};
