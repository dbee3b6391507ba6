/** The command's lists, where AWS gives them in short pages: an empty page need not be the last. */
import { createServer, type Server } from 'node:http';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { awsInspector } from '../../cli/aws/inspector.ts';
import { eventBridgeReplayer } from '../../cli/aws/replayer.ts';
import { dataApiClient } from '../../cli/aws/sql-client.ts';
import { listenLocally } from '../../local/http.ts';

/** What each page of an operation has; the first is always empty. */
const PAGES: Readonly<Record<string, readonly object[]>> = {
  ListRules: [
    { Rules: [] },
    { Rules: [{ Name: 'baton-dev-arrivals', Arn: 'arn:1', State: 'ENABLED' }] },
    {},
    { Rules: [{ Name: 'baton-dev-arrivals-2', Arn: 'arn:2', State: 'DISABLED' }] },
  ],
  GetStatementResult: [
    { ColumnMetadata: [{ name: 'n', typeName: 'int4' }], Records: [] },
    { Records: [[{ longValue: 1 }]] },
    { Records: [[{ longValue: 2 }]] },
  ],
  ListEventSourceMappings: [
    { EventSourceMappings: [] },
    { EventSourceMappings: [{ UUID: 'a', EventSourceArn: 'arn:a', State: 'Enabled' }] },
    { EventSourceMappings: [{ UUID: 'b', EventSourceArn: 'arn:b', State: 'Disabled' }] },
  ],
};

const ANSWERS: Readonly<Record<string, object>> = {
  ExecuteStatement: { Id: 'statement-1' },
  DescribeStatement: { Id: 'statement-1', Status: 'FINISHED', HasResultSet: true, ResultRows: 2 },
  DescribeArchive: { ArchiveArn: 'arn:archive', EventSourceArn: 'arn:bus' },
  StartReplay: { State: 'STARTING' },
};

let server: Server;
let settings: Parameters<typeof awsInspector>[0];
const asked: { operation: string; input: Record<string, unknown> }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://127.0.0.1');
      const isList = url.pathname.includes('event-source-mappings');
      const target = String(request.headers['x-amz-target']).split('.')[1] ?? '';
      const operation = isList ? 'ListEventSourceMappings' : target;
      const input = (isList ? Object.fromEntries(url.searchParams) : JSON.parse(body)) as Record<
        string,
        unknown
      >;
      asked.push({ operation, input });
      const pages = PAGES[operation] ?? [];
      const at = Number(input['NextToken'] ?? input['Marker'] ?? 0);
      const next = at + 1 < pages.length ? String(at + 1) : undefined;
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      response.end(
        JSON.stringify({ ...(ANSWERS[operation] ?? pages[at]), NextToken: next, NextMarker: next }),
      );
    });
  });
  settings = {
    endpoint: `http://127.0.0.1:${String(await listenLocally(server))}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
    userAgentAppId: 'test',
  };
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it('doctor sees the rules of every page', async () => {
  expect(await awsInspector(settings).rules('baton-dev-')).toEqual([
    { name: 'baton-dev-arrivals', enabled: true },
    { name: 'baton-dev-arrivals-2', enabled: false },
  ]);
});

it('doctor sees the sources of a function on every page', async () => {
  expect(await awsInspector(settings).sources('baton-dev-start-run')).toEqual([
    { id: 'a', arn: 'arn:a', enabled: true },
    { id: 'b', arn: 'arn:b', enabled: false },
  ]);
});

it('a replay goes to the rules of every page', async () => {
  const replayer = eventBridgeReplayer(settings, { archive: 'files', rules: 'baton-dev-arrivals' });
  await replayer.begin({ name: 'night', from: 0, to: 1000 });
  const started = asked.find(({ operation }) => operation === 'StartReplay');
  expect(started?.input['Destination']).toEqual({ Arn: 'arn:bus', FilterArns: ['arn:1', 'arn:2'] });
});

it('a query shows the rows of every page', async () => {
  const client = dataApiClient(settings, async () => ({ WorkgroupName: 'etl', Database: 'dev' }));
  expect(await client.run(['SELECT n FROM t'])).toEqual([
    { columns: [{ name: 'n', type: 'int4' }], rows: [[1], [2]], affected: 2 },
  ]);
});
