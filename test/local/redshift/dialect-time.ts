/**
 * How long a statement takes from its text to what PostgreSQL gets: translation, parser, gate, types, and what the catalog
 * is asked. Over the cases of the dialect: `node test/local/redshift/dialect-time.ts`.
 */
import { performance } from 'node:perf_hooks';
import process from 'node:process';

import type { Client } from 'pg';

import { translate } from '../../../local/redshift/dialect/translate.ts';
import { refine } from '../../../local/redshift/tree/refine.ts';
import { splitStatements, tokenize } from '../../../shared/pipeline/lexer.ts';
import { DATES, NUMBERS, STRINGS } from './dialect/cases/functions.ts';
import { LATE_BINDING } from './dialect/cases/objects.ts';
import { QUERIES, SETUP } from './dialect/cases/queries.ts';
import { DDL, DML, ROUTINES } from './dialect/cases/scripts.ts';
import { startWarehouse } from './dialect/warehouse.ts';

const TEXTS: readonly string[] = [
  SETUP,
  ...[...DATES, ...STRINGS, ...NUMBERS, ...QUERIES].map(([sql]) => sql),
  ...[...DDL, ...DML, ...ROUTINES, ...LATE_BINDING].flatMap(({ run, check }) => [run, check]),
];

interface Times {
  readonly translate: number[];
  readonly refine: number[];
  readonly both: number[];
}

/** Runs what comes of it too: later statements need its tables. */
async function measure(client: Client, sql: string, times: Times): Promise<void> {
  const began = performance.now();
  const translated = translate(sql);
  const translating = performance.now() - began;
  if (translated.kind !== 'sql') return;
  let refining = 0;
  for (const text of translated.statements) {
    const start = performance.now();
    const { sql: refined, before } = await refine(text, client);
    refining += performance.now() - start;
    if (before !== undefined) await client.query(before);
    await client.query(refined);
  }
  times.translate.push(translating);
  times.refine.push(refining);
  times.both.push(translating + refining);
}

function line(name: string, values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(2);
  return `${name.padEnd(36)} median ${at(0.5)} ms, 95 % ${at(0.95)} ms, longest ${at(1)} ms\n`;
}

const warehouse = await startWarehouse();
try {
  const session = await warehouse.session();
  const times: Times = { translate: [], refine: [], both: [] };
  let failed = 0;
  for (const text of TEXTS) {
    for (const tokens of splitStatements(tokenize(text))) {
      const sql = tokens.map((token) => token.text).join('');
      await measure(session.client, sql, times).catch(() => {
        failed += 1;
      });
    }
  }
  await session.end();
  process.stdout.write(
    `${String(times.both.length)} statements, ${String(failed)} more failed\n` +
      line('translation', times.translate) +
      line('parser, gate, types, catalog', times.refine) +
      line('together', times.both),
  );
} finally {
  await warehouse.stop();
}
