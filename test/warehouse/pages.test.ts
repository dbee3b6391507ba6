/** What the adapter reads page by page, where pages are short: AWS may give an empty page that is not the last. */
import type { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { expect, it } from 'vitest';

import { DataApiWarehouse } from '../../shared/warehouse/data-api.ts';

interface Sent {
  readonly command: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** `pagesOf`: what each page has; the token of a page is its number. */
function warehouseWith(pagesOf: Readonly<Record<string, readonly object[]>>) {
  const sent: Sent[] = [];
  let tokens = 0;
  const client = {
    send: async ({ constructor, input }: { constructor: { name: string }; input: Sent['input'] }) => {
      const command = constructor.name.replace(/Command$/, '');
      sent.push({ command, input });
      const all = pagesOf[command];
      if (all === undefined) return { Id: 'statement-1', SessionId: 'session-1', Status: 'FINISHED' };
      const token = input['NextToken'];
      if (token === '') throw new Error('the last page was read, and the first one again');
      const at = Number(token ?? 0);
      return { ...all[at], NextToken: at + 1 < all.length ? String(at + 1) : '' };
    },
  } as unknown as RedshiftDataClient;
  const randomToken = (): string => {
    tokens += 1;
    return `token-${tokens}`;
  };
  return { sent, warehouse: new DataApiWarehouse(client, { Database: 'dev' }, randomToken) };
}

it('a statement is found by its name on the last page, even if the first is empty', async () => {
  const { warehouse, sent } = warehouseWith({
    ListStatements: [
      {},
      { Statements: [] },
      { Statements: [{ StatementName: 'name;1', Id: 'other' }] },
      { Statements: [{ StatementName: 'name;', Id: 'statement-7' }] },
    ],
  });
  expect(await warehouse.findByName('name;')).toBe('statement-7');
  expect(sent.map(({ input }) => input['NextToken'])).toEqual([undefined, '1', '2', '3']);
  expect(sent.map(({ input }) => [input['StatementName'], input['Status']])).toEqual(
    Array.from({ length: 4 }, () => ['name;', 'ALL']),
  );
});

it('a name that is on no page is not found', async () => {
  const { warehouse, sent } = warehouseWith({ ListStatements: [{}, {}] });
  expect(await warehouse.findByName('name;')).toBeUndefined();
  expect(sent).toHaveLength(2);
});

it('the state of a session is found on any page', async () => {
  const { warehouse } = warehouseWith({
    ListSessions: [{ Sessions: [] }, { Sessions: [{ SessionId: 'session-1', Status: 'CLOSED' }] }],
  });
  expect(await warehouse.session('session-1')).toBe('CLOSED');
  expect(await warehouse.session('session-2')).toBe('UNKNOWN');
});

const row = (n: number) => [{ longValue: n }];
const result = [
  { Records: [], ColumnMetadata: [{ name: 'n' }], TotalNumRows: 3 },
  { Records: [row(1), row(2)], ColumnMetadata: [{ name: 'n' }], TotalNumRows: 3 },
  { Records: [row(3)], ColumnMetadata: [{ name: 'n' }], TotalNumRows: 3 },
];

it('a result is read until enough rows are found, even after an empty page', async () => {
  const { warehouse, sent } = warehouseWith({ GetStatementResult: result });
  expect(await warehouse.result('s', 10)).toEqual({
    columns: ['n'],
    types: [''],
    rows: [['1'], ['2'], ['3']],
    total: 3,
  });
  sent.length = 0;
  expect(await warehouse.result('s', 1)).toEqual({ columns: ['n'], types: [''], rows: [['1']], total: 3 });
  expect(sent).toHaveLength(2);
});

it('the answer to a query has the rows of every page', async () => {
  const { warehouse } = warehouseWith({ GetStatementResult: result });
  expect(await warehouse.ask('SELECT n')).toEqual({ ok: true, value: [['1'], ['2'], ['3']] });
});

it('each small statement has a new token, even with the same name, so that it always runs', async () => {
  const { warehouse, sent } = warehouseWith({ GetStatementResult: [{}] });
  for (let i = 0; i < 2; i += 1) {
    await warehouse.open({ set: {}, name: 'baton:dev:open:run:1' });
    await warehouse.open({ set: { a: '1', b: '2' }, name: 'baton:dev:open:run:1' });
    await warehouse.ask('SELECT 1');
    await warehouse.runSmall('session-1', 'ROLLBACK', 60);
  }
  const tokens = sent
    .filter(({ command }) => command.endsWith('ExecuteStatement'))
    .map(({ input }) => input['ClientToken']);
  expect(tokens).toHaveLength(8);
  expect(new Set(tokens)).toEqual(new Set(Array.from({ length: 8 }, (_, i) => `token-${i + 1}`)));
});
