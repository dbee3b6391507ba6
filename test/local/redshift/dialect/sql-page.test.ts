import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { sqlPage } from './sql-page.ts';

const PAGE = join(import.meta.dirname, '../../../../docs/sql.md');

test('docs/sql.md says what the cases show: BATON_WRITE_PAGES=1 writes it', () => {
  const page = sqlPage();
  if (process.env['BATON_WRITE_PAGES'] === '1') writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, 'utf8')).toBe(page);
});
