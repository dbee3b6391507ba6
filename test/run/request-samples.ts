/** Runs that a person asks something of, and how the answers look. */
import type { AnyEvent } from './decide-any.ts';
import type { Failure, LastRequest } from '../../shared/run/run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { expectDecision } from './expect-decision.ts';
import type { Changes } from './samples.ts';
import { COMMIT, now, NOW_ISO, readyAt } from './samples.ts';

export const sqlError: Failure = { class: 'sql', message: 'ERROR: so it said', step: '40_commit.sql' };

export const resumeWith = { command: 'npx baton resume run-1', event: '{}' };

/** Of a run whose file is no good. */
export const cancelOnDev = {
  command: 'npx baton cancel run-1 --stage dev',
  event:
    '{"source":"baton.request","detail-type":"Cancel Requested","detail":{"requestId":"cancel-run-1-3","stage":"dev","runId":"run-1","actor":"console"}}',
};

/** The last request, as the run keeps it. */
export function asked(verb: LastRequest['verb'], answer: string): LastRequest {
  return { requestId: 'request-1', verb, actor: 'mia', at: NOW_ISO, answer };
}

export function failedAt(cursor: number, changes: Changes = {}): StoredRun {
  return readyAt(cursor, {
    state: 'FAILED',
    generation: 1,
    rebuilds: 3,
    error: sqlError,
    resumeWith,
    endedAt: '2026-11-24T08:05:00.000Z',
    pendingActions: ['publish'],
    ...changes,
  });
}

export function refused(run: StoredRun, event: AnyEvent, message: string): void {
  expectDecision(run, event, now, { answer: { ok: false, code: 'refused', message } });
}

/** A request that was carried out before. */
export function expectFirstAnswer(event: AnyEvent): void {
  const lastRequest = { ...asked('cancel', 'so it was') };
  expectDecision(failedAt(COMMIT, { lastRequest }), event, now, {
    answer: { ok: true, message: 'request request-1 was already carried out: so it was' },
  });
}
