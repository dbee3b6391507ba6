/** Makes the template's tables in the local DynamoDB; what is there already stays as it is. */
import { isObject } from '../json-object.ts';
import type { TableResource } from '../template/resources.ts';

/** `endpoint`: `http://127.0.0.1:port` of the DynamoDB process. Rejects with the service's words. */
export async function createTables(endpoint: string, tables: readonly TableResource[]): Promise<void> {
  await Promise.all(tables.map((table) => createTable(endpoint, table)));
}

async function createTable(endpoint: string, table: TableResource): Promise<void> {
  const created = await call(endpoint, 'CreateTable', table.createTable);
  if (!created.ok && !created.type.endsWith('ResourceInUseException')) {
    throw new Error(`table ${table.name}: ${created.message}`);
  }
  if (created.ok) await untilActive(endpoint, table.name);
  else await compareKeys(endpoint, table);
  if (table.ttlAttribute !== undefined) {
    const specification = { Enabled: true, AttributeName: table.ttlAttribute };
    const set = await call(endpoint, 'UpdateTimeToLive', {
      TableName: table.name,
      TimeToLiveSpecification: specification,
    });
    if (!set.ok) throw new Error(`table ${table.name}: ${set.message}`);
  }
}

/** dynalite makes a table in the next turns of its loop. */
async function untilActive(endpoint: string, name: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { body } = await call(endpoint, 'DescribeTable', { TableName: name });
    if (isObject(body['Table']) && body['Table']['TableStatus'] === 'ACTIVE') return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`table ${name}: it did not become active`);
}

/** A table of an older template would fail later, at the first query of an index it lacks. */
async function compareKeys(endpoint: string, table: TableResource): Promise<void> {
  const { body } = await call(endpoint, 'DescribeTable', { TableName: table.name });
  const present = isObject(body['Table']) ? body['Table'] : {};
  const wanted = shape(table.createTable);
  const found = shape(present);
  if (wanted !== found) {
    throw new Error(
      `table ${table.name}: the stored table has other keys or indexes (${found}) than the template (${wanted}); ` +
        'remove BATON_HOME/state/dynamodb to start with an empty one',
    );
  }
}

function shape(table: Readonly<Record<string, unknown>>): string {
  const indexes = Array.isArray(table['GlobalSecondaryIndexes'])
    ? (table['GlobalSecondaryIndexes'] as readonly Readonly<Record<string, unknown>>[])
    : [];
  const parts = indexes
    .map((index) => `${String(index['IndexName'])}:${keyNames(index['KeySchema'])}`)
    .sort((a, b) => a.localeCompare(b));
  return [keyNames(table['KeySchema']), ...parts].join(' ');
}

function keyNames(schema: unknown): string {
  if (!Array.isArray(schema)) return '?';
  const keys = schema as readonly { readonly AttributeName?: string }[];
  return keys.map((key) => key.AttributeName ?? '?').join('+');
}

interface Answer {
  readonly ok: boolean;
  readonly body: Readonly<Record<string, unknown>>;
  readonly type: string;
  readonly message: string;
}

async function call(endpoint: string, operation: string, input: unknown): Promise<Answer> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
    },
    body: JSON.stringify(input),
  });
  const body = (await response.json()) as Readonly<Record<string, unknown>> & {
    readonly __type?: string;
    readonly message?: string;
    readonly Message?: string;
  };
  return { ok: response.ok, body, type: body.__type ?? '', message: body.message ?? body.Message ?? '' };
}
