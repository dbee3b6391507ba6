/** The pipeline `sales` in the whole local AWS: checks, and a stored procedure that is one transaction with its marker. */
import { afterAll, beforeAll, expect, it } from 'vitest';

import { Stack } from '../e2e/stack.ts';

const HEADER = 'order_id,line_number,store_id,product_id,sold_on,quantity,amount\n';

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(async () => {
  await stack.stop();
});

async function load(name: string, lines: string): Promise<Awaited<ReturnType<Stack['runFor']>>> {
  await stack.put(`sales/${name}`, HEADER + lines);
  return stack.runFor('sales', `sales/${name}`);
}

const daily = (): Promise<unknown> =>
  stack.query('SELECT sold_on, store_id, orders, quantity, amount FROM mart.daily_sales ORDER BY 1, 2');

it('sales lines are replaced by later ones, and the totals of every affected day are recomputed', async () => {
  const first = await load(
    '1.csv',
    '1,1,7,100,2026-01-01,2,20.00\n1,2,7,101,2026-01-01,1,5.50\n2,1,8,100,2026-01-02,1,10.00\n',
  );
  expect(first).toMatchObject({ state: 'SUCCEEDED' });
  expect(await daily()).toEqual([
    ['2026-01-01', '7', '1', '3', '25.50'],
    ['2026-01-02', '8', '1', '1', '10.00'],
  ]);
  // Line 1 of order 1 moves to another day; order 3 is new.
  expect(await load('2.csv', '1,1,7,100,2026-01-02,4,40.00\n3,1,8,100,2026-01-02,1,1.00\n')).toMatchObject({
    state: 'SUCCEEDED',
  });
  expect(await daily()).toEqual([
    ['2026-01-01', '7', '1', '1', '5.50'],
    ['2026-01-02', '7', '1', '4', '40.00'],
    ['2026-01-02', '8', '2', '2', '11.00'],
  ]);
  expect(
    await stack.query(
      "SELECT step, COUNT(*) FROM baton.step_marker WHERE run_id LIKE 'sales-%' GROUP BY step",
    ),
  ).toEqual([['50_publish.sql', '2']]);
});

it('a duplicate sales line fails the check, and nothing is changed', async () => {
  const before = await daily();
  const run = await load('3.csv', '9,1,7,100,2026-02-01,1,1.00\n9,1,7,100,2026-02-01,1,1.00\n');
  expect(run).toMatchObject({ state: 'FAILED', step: '30_check_lines.sql', error: { class: 'check' } });
  expect(run.error?.message).toContain('9 | 1 | 2 | 1');
  expect(await daily()).toEqual(before);
});
