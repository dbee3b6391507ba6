/** Drops all that sessions made, so that the database is as at its first start. */
import type { Pool } from 'pg';

import { prepareDatabase } from './database.ts';
import type { ConnectOptions } from './postgres/start-postgres.ts';
import { asSessionRole } from './session-role.ts';

/** Schemas, tables, views, procedures, and the rows of the load views. `owner`: how `admin` connects. */
export async function emptyDatabase(admin: Pool, owner: ConnectOptions): Promise<void> {
  const client = await admin.connect();
  try {
    const role = client.escapeIdentifier(asSessionRole(owner).user);
    // It takes the role's own privileges away too: prepareDatabase grants them again.
    await client.query(`
      DROP OWNED BY ${role} CASCADE;
      TRUNCATE redshift_state.load_error, redshift_state.load_detail;`);
  } finally {
    client.release();
  }
  await prepareDatabase(admin, owner);
}
