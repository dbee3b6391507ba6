/** What wakes `run-step`: the Data API's completion event (Redshift management guide: Monitoring Data API events), or our own `Run Woken`. */
import type { RunEvent } from '../run/run-event.ts';
import { parseStatementName } from '../warehouse/statement-name.ts';
import { asObject, at, instant, optionalText, text } from './read.ts';

/** In bytes (IAM API reference: GetRole; with the session's name). */
const LONGEST_ARN = 2_176;

/** The run of an event, and the parsed event; `ignored` if it concerns no run of this stage. */
export type WakeUp = { readonly runId: string; readonly event: RunEvent } | { readonly ignored: string };

/**
 * Depends only on `source`, `detail-type`, `statementId`, `state`, `time` and our own statement name; the rest are hints.
 * A malformed event is ignored with the reason: redelivering it would not help, and the sweep queries the warehouse.
 */
export function parseWakeUp(value: unknown, stage: string, roleName: string): WakeUp {
  try {
    return readWakeUp(value, stage, roleName);
  } catch (error) {
    // Reading is pure: every error is about the event.
    return { ignored: (error as Error).message };
  }
}

function readWakeUp(value: unknown, stage: string, roleName: string): WakeUp {
  const event = asObject(value, 'the event');
  const source = text(event, 'source');
  const type = text(event, 'detail-type');
  if (optionalText(event, 'replay-name') !== undefined)
    return { ignored: 'a replayed event: only files are replayed' };
  if (source === 'baton.request' && type === 'Run Woken') {
    const statementId = optionalText(event, 'detail.statementId');
    return {
      runId: text(event, 'detail.runId'),
      event: statementId === undefined ? { kind: 'Woken' } : { kind: 'PassedOn', statementId },
    };
  }
  if (source !== 'aws.redshift-data' || type !== 'Redshift Data Statement Status Change') {
    return { ignored: `unexpected event "${type}" from ${source}` };
  }
  const name = optionalText(event, 'detail.statementName');
  const identity = name === undefined ? undefined : parseStatementName(name);
  if (identity === undefined || identity.stage !== stage)
    return { ignored: `statement "${name ?? ''}" does not belong to stage ${stage}` };
  const status = text(event, 'detail.state');
  if (status !== 'FINISHED' && status !== 'FAILED' && status !== 'ABORTED')
    return { ignored: `statement state ${status} is not final` };
  const rows = at(event, 'detail.rows');
  return {
    runId: identity.runId,
    event: {
      kind: 'StatementEnded',
      tokenStart: identity.tokenStart,
      statementId: text(event, 'detail.statementId'),
      status,
      at: instant(event, 'time'),
      ...(typeof rows === 'number' && rows >= 0 ? { rows } : {}),
      trusted: isOurRole(optionalText(event, 'detail.principal', LONGEST_ARN), roleName),
    },
  };
}

/** `arn:aws:sts::<account>:assumed-role/<role>/<function>`; an event without a principal is accepted. */
function isOurRole(principal: string | undefined, roleName: string): boolean {
  return principal === undefined || principal.includes(`:assumed-role/${roleName}/`);
}
