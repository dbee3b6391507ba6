/** What the database must have before the first session: the dialect's functions and our own system views. */
import type { Pool } from 'pg';

import { LOAD_ERRORS } from './copy/load-errors.ts';
import { installShim } from './dialect/shim/install.ts';

/** Idempotent; run at every start. */
export async function prepareDatabase(admin: Pool): Promise<{ readonly superOid: number | undefined }> {
  const client = await admin.connect();
  try {
    await installShim(client);
    await client.query(LOAD_ERRORS);
    const { rows } = await client.query<{ oid: number | null }>(
      "SELECT to_regtype('redshift_shim.super')::oid::int AS oid",
    );
    return { superOid: rows[0]?.oid ?? undefined };
  } finally {
    client.release();
  }
}
