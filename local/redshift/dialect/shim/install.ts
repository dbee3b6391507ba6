/** Installs the shim into a database: once, and again when its text has changed. */
import { createHash } from 'node:crypto';

import { AGGREGATES } from './aggregates.ts';
import { COMPARISONS } from './comparisons.ts';
import { CONVERSIONS } from './conversions.ts';
import { DATES } from './dates.ts';
import { FORMATS } from './formats.ts';
import { HASHES } from './hashes.ts';
import { JSON_FUNCTIONS } from './json.ts';
import { PATTERNS } from './patterns.ts';
import { ROUTINES } from './routines.ts';
import { SHIM } from './schema.ts';
import { STRINGS } from './strings.ts';
import { SUPER } from './super.ts';
import { TABLES } from './tables.ts';
import { VIEWS } from './views.ts';

/** What is needed of a PostgreSQL client; a superuser's. */
export interface ShimClient {
  query(sql: string): Promise<{ rows: unknown[] }>;
}

const TEXT = [
  DATES,
  FORMATS,
  STRINGS,
  HASHES,
  PATTERNS,
  JSON_FUNCTIONS,
  SUPER,
  AGGREGATES,
  CONVERSIONS,
  VIEWS,
  ROUTINES,
  TABLES,
  COMPARISONS,
].join('\n');

/** Changes with every change of the shim. */
const SHIM_VERSION = createHash('sha256').update(TEXT).digest('hex').slice(0, 16);

async function installedVersion(client: ShimClient): Promise<string | undefined> {
  const { rows } = await client.query(
    `select to_regproc('${SHIM}.baton_shim_version') is not null as installed`,
  );
  const [found] = rows as { installed: boolean }[];
  if (found?.installed !== true) return undefined;
  const { rows: versions } = await client.query(`select ${SHIM}.baton_shim_version() as version`);
  const [row] = versions as { version: string }[];
  return row?.version;
}

/**
 * Makes sure that a database has the shim of this version; a second call does nothing. Needs a superuser and no
 * open transaction. Sessions that were open before the first installation still compare trailing blanks.
 */
export async function installShim(client: ShimClient): Promise<void> {
  if ((await installedVersion(client)) === SHIM_VERSION) return;
  await client.query('begin');
  try {
    await client.query(`select pg_advisory_xact_lock(hashtext('${SHIM}'))`);
    if ((await installedVersion(client)) !== SHIM_VERSION) {
      await client.query(`create schema if not exists ${SHIM}; grant usage on schema ${SHIM} to public;`);
      await client.query(TEXT);
      await client.query(
        `create or replace function ${SHIM}.baton_shim_version() returns text language sql immutable as $$ select '${SHIM_VERSION}' $$`,
      );
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}
