/** The pipelines that Baton comes with, for the demo and the tests: not what a user keeps beside them in `sql/`. */
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { packageRoot } from '../../build/project.ts';

const SAMPLES = [
  'pipeline.schema.json',
  'test.schema.json',
  'product_dimension',
  'sales',
  'stores',
  'setup/00_baton.sql',
  'setup/10_mart.sql',
  'setup/20_product_dimension.sql',
  'setup/30_stores.sql',
  'setup/40_sales.sql',
];

/** Copies those of them that are there into `folder`, which is made where it is missing. */
export function copySampleSql(folder: string): void {
  for (const name of SAMPLES) {
    const from = join(packageRoot, 'sql', name);
    if (!existsSync(from)) continue;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    cpSync(from, join(folder, name), { recursive: true });
  }
}
