/** The completion event of a statement, as EventBridge delivers it (Redshift management guide: Monitoring Data API events). */
import { createHash, randomUUID } from 'node:crypto';

import { defined } from '../../shared/run/defined.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../account.ts';
import { eventHead, type BusEvent } from '../bus-event.ts';
import { principalOf } from './protocol/caller.ts';
import { MEMORY_MS } from './protocol/times.ts';
import type { Statement, Target } from './statements/statement.ts';

/** One event for a batch, with the id of the batch. */
export function completionEvent(statement: Statement, now: number): BusEvent {
  return {
    ...eventHead(randomUUID(), 'aws.redshift-data', 'Redshift Data Statement Status Change', now, [
      arnOf(statement.target),
    ]),
    detail: {
      principal: principalOf(statement.caller),
      ...defined({ statementName: statement.name }),
      statementId: statement.id,
      redshiftQueryId: statement.batch ? -1 : statement.queryId,
      state: statement.status,
      rows: statement.rows,
      expireAt: Math.floor((statement.updatedAt + MEMORY_MS) / 1000),
    },
  };
}

function arnOf({ clusterIdentifier, workgroupName }: Target): string {
  if (clusterIdentifier !== undefined)
    return `arn:aws:redshift:${LOCAL_REGION}:${LOCAL_ACCOUNT}:cluster:${clusterIdentifier}`;
  if (workgroupName?.startsWith('arn:') === true) return workgroupName;
  return `arn:aws:redshift-serverless:${LOCAL_REGION}:${LOCAL_ACCOUNT}:workgroup/${uuidOf(workgroupName ?? '')}`;
}

/** A workgroup's id, the same for the same name. */
function uuidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}
