/**
 * DynamoDB's protocol over dynalite's operations. dynalite's own HTTP server lacks what this front adds: the item on
 * a failed condition, time to live settings, whole writes, a clear word on transactions, and a life after a bug.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { randomUUID } from 'node:crypto';

import db from 'dynalite/db/index.js';
import type { Callback, DynaliteError, DynaliteTable, Request, Store } from 'dynalite/db/index.js';
import validations from 'dynalite/validations/index.js';

import { messageOf } from '../../shared/errors.ts';
import { createChildServer, readBody } from '../http.ts';
import { asServiceError, contentTypeOf, ServiceError } from '../service-error.ts';
import { makeWritesWhole, type Writes } from './whole-writes.ts';
import { WRITE_UNITS_HEADER } from './write-units.ts';

type Action = (store: Store, request: Request, callback: Callback) => void;

interface Operation {
  readonly action: Action;
  readonly types: unknown;
  readonly custom: unknown;
}

const OPERATIONS = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'GetItem',
  'ListTables',
  'ListTagsOfResource',
  'PutItem',
  'Query',
  'Scan',
  'TagResource',
  'UntagResource',
  'UpdateItem',
  'UpdateTable',
];

const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

export interface DynamoDb {
  readonly server: Server;
  close(): Promise<void>;
}

/**
 * `path`: folder of the LevelDB store. A killed process may hold it for a moment: it is waited for, `patienceMs` at
 * most, then the promise rejects.
 */
export async function openDynamoDb(path: string, patienceMs = 5000): Promise<DynamoDb> {
  const store = await openStore(path, patienceMs);
  await finishTables(store);
  const front = new Front(store);
  const server = createChildServer('1.0', (request, response) => front.serve(request, response), refusalOf);
  return {
    server,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await new Promise<void>((done) => {
        store.db.close(() => {
          done();
        });
      });
    },
  };
}

async function openStore(path: string, patienceMs: number): Promise<Store> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const store = db.create({ path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
    try {
      await store.db.open();
      return store;
    } catch (error) {
      if (Date.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      const { message, cause } = error as Error;
      const why = cause instanceof Error ? cause.message : message;
      throw new Error(`${path} cannot be opened: another process uses it, or it is damaged (${why})`, {
        cause: error,
      });
    }
  }
}

/** A kill may leave a table in passing: what was being made is there, what was being deleted is gone. */
async function finishTables(store: Store): Promise<void> {
  for await (const [key, value] of store.db.iterator({ gte: 'table~', lt: 'table~\uFFFF' })) {
    const table = value as DynaliteTable;
    if (table.TableStatus === 'ACTIVE') continue;
    if (table.TableStatus === 'DELETING') {
      await store.db.del(key);
      continue;
    }
    table.TableStatus = 'ACTIVE';
    for (const index of table.GlobalSecondaryIndexes ?? []) index.IndexStatus = 'ACTIVE';
    await store.db.put(key, table);
  }
}

const SERVICE = 'com.amazonaws.dynamodb.v20120810#';

class Front {
  readonly #store: Store;
  readonly #writes: Writes;
  readonly #operations = loadOperations();

  constructor(store: Store) {
    this.#store = store;
    this.#writes = makeWritesWhole(store);
    returnItemsOfFailedConditions();
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('x-amzn-requestid', randomUUID());
    const text = (await readBody(request, MAX_REQUEST_BYTES)).toString('utf8');
    const operation = String(request.headers['x-amz-target'] ?? '').split('.')[1] ?? '';
    const { answer, units } = await this.#perform(operation, parse(text));
    if (units !== undefined) response.setHeader(WRITE_UNITS_HEADER, units);
    response.setHeader('content-type', contentTypeOf('1.0'));
    response.end(JSON.stringify(answer));
  }

  async #perform(
    name: string,
    input: Request,
  ): Promise<{ readonly answer: unknown; readonly units: number | undefined }> {
    if (name === 'UpdateTimeToLive' || name === 'DescribeTimeToLive') {
      return { answer: await this.#timeToLive(name, input), units: undefined };
    }
    if (name === 'TransactWriteItems' || name === 'TransactGetItems' || name.includes('Statement')) {
      throw new ServiceError(
        'com.amazon.coral.service#UnknownOperationException',
        `${name}: the local DynamoDB has neither transactions nor PartiQL; use conditional writes of single items`,
      );
    }
    const operation = this.#operations.get(name);
    if (operation === undefined) {
      throw new ServiceError(
        'com.amazon.coral.service#UnknownOperationException',
        `the local DynamoDB has no operation ${name}`,
      );
    }
    const onFailedCondition = input.ReturnValuesOnConditionCheckFailure;
    const request = this.#validate(input, operation);
    if (onFailedCondition !== undefined) request.ReturnValuesOnConditionCheckFailure = onFailedCondition;
    const answer = await new Promise<unknown>((resolve, reject) => {
      operation.action(this.#store, request, (error, value) => {
        if (error !== null && error !== undefined) reject(error);
        else resolve(value ?? {});
      });
    });
    return { answer, units: this.#writes.unitsOf(request) };
  }

  /** dynalite's checks fail by accident where a request has null in the place of an object: it is malformed all the same. */
  #validate(input: Request, { types, custom }: Operation): Request {
    try {
      const request = validations.checkTypes(input, types);
      validations.checkValidations(request, types, custom, this.#store);
      return request;
    } catch (error) {
      if ((error as DynaliteError).statusCode !== undefined) throw error;
      throw new ServiceError(
        'com.amazon.coral.service#SerializationException',
        `the request cannot be read: ${messageOf(error)}`,
      );
    }
  }

  /** Stored and returned; items do not expire here, since no code may rely on the time of expiry. */
  async #timeToLive(name: string, input: Request): Promise<unknown> {
    const table = input.TableName;
    if (typeof table !== 'string')
      throw new ServiceError(`${SERVICE}ValidationException`, 'TableName is missing');
    await new Promise<void>((resolve, reject) => {
      this.#store.getTable(table, false, (error) => {
        if (error !== null && error !== undefined) reject(error);
        else resolve();
      });
    });
    const key = `ttl~${table}`;
    if (name === 'DescribeTimeToLive') {
      const attribute = await this.#store.db.get(key).catch(() => undefined);
      return {
        TimeToLiveDescription:
          typeof attribute === 'string'
            ? { TimeToLiveStatus: 'ENABLED', AttributeName: attribute }
            : { TimeToLiveStatus: 'DISABLED' },
      };
    }
    const given = input['TimeToLiveSpecification'] as
      | { readonly Enabled?: unknown; readonly AttributeName?: unknown }
      | undefined;
    if (typeof given?.Enabled !== 'boolean' || typeof given.AttributeName !== 'string') {
      throw new ServiceError(
        `${SERVICE}ValidationException`,
        'TimeToLiveSpecification needs Enabled and AttributeName',
      );
    }
    if (given.Enabled) await this.#store.db.put(key, given.AttributeName);
    else await this.#store.db.del(key);
    return {
      TimeToLiveSpecification: { Enabled: given.Enabled, AttributeName: given.AttributeName },
    };
  }
}

/** The condition is checked under the item's lock, so the item returned is the one that failed it. */
function returnItemsOfFailedConditions(): void {
  const checkConditional = db.checkConditional.bind(db);
  db.checkConditional = (request, existing) => {
    const error = checkConditional(request, existing);
    if (error?.body !== undefined && existing !== undefined) {
      if (request.ReturnValuesOnConditionCheckFailure === 'ALL_OLD') error.body['Item'] = existing;
    }
    return error;
  };
}

function loadOperations(): ReadonlyMap<string, Operation> {
  const require = createRequire(import.meta.url);
  return new Map(
    OPERATIONS.map((name) => {
      const file = `${name.charAt(0).toLowerCase()}${name.slice(1)}.js`;
      const checks = require(`dynalite/validations/${file}`) as {
        readonly types: unknown;
        readonly custom?: unknown;
      };
      const action = require(`dynalite/actions/${file}`) as Action;
      return [name, { action, types: checks.types, custom: checks.custom }];
    }),
  );
}

function parse(text: string): Request {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Request;
  } catch {
    // Answered below, as every other body that is not an object.
  }
  throw new ServiceError(
    'com.amazon.coral.service#SerializationException',
    'the body of the request is not a JSON object',
  );
}

function refusalOf(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const { statusCode, body } = error as DynaliteError;
  if (statusCode !== undefined && body !== undefined) {
    return new ServiceError(String(body['__type']), '', statusCode, { members: body });
  }
  process.stderr.write(
    `dynamodb: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return asServiceError(error, `${SERVICE}InternalServerError`);
}
