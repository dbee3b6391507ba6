/** What the database must have before the first session: the dialect's functions, our own system views, the sessions' role. */
import type { Pool } from 'pg';

import { LOAD_DETAIL } from './copy/load-detail.ts';
import { LOAD_ERRORS } from './copy/load-errors.ts';
import { installShim } from './dialect/shim/install.ts';
import type { ConnectOptions } from './postgres/start-postgres.ts';
import { prepareSessionRole } from './session-role.ts';
import { SYSTEM_VIEWS } from './system-views.ts';

/** Idempotent; run at every start. `owner`: how `admin` connects. Returns lines about what an earlier version had made. */
export async function prepareDatabase(admin: Pool, owner: ConnectOptions): Promise<readonly string[]> {
  const client = await admin.connect();
  try {
    await installShim(client);
    await client.query(LOAD_ERRORS);
    await client.query(LOAD_DETAIL);
    await client.query(SYSTEM_VIEWS);
    return await prepareSessionRole(client, owner);
  } finally {
    client.release();
  }
}
