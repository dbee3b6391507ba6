/** A submission as Baton makes none: outside of a session, without keep-alive and without waiting. */
import { ExecuteStatementCommand, type RedshiftDataClient } from '@aws-sdk/client-redshift-data';

import type { Connection } from './data-api.ts';

/** Does its answer name a session? AWS documents a SessionId only for submissions with a keep-alive. */
export async function answersSessionId(client: RedshiftDataClient, connection: Connection): Promise<boolean> {
  const answer = await client.send(
    new ExecuteStatementCommand({ ...connection, Sql: 'SELECT 1', StatementName: 'baton-check' }),
  );
  return answer.SessionId !== undefined;
}
