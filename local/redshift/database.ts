/** What the database must have before the first session: the dialect's functions and our own system views. */
import type { Pool } from 'pg';

import { LOAD_ERRORS } from './copy/load-errors.ts';
import { installShim } from './dialect/shim/install.ts';
import { SYSTEM_VIEWS } from './system-views.ts';

/** Idempotent; run at every start. */
export async function prepareDatabase(admin: Pool): Promise<void> {
  const client = await admin.connect();
  try {
    await installShim(client);
    await client.query(LOAD_ERRORS);
    await client.query(SYSTEM_VIEWS);
  } finally {
    client.release();
  }
}
