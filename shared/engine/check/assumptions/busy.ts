/** What a session says while a statement runs in it, and what becomes of a token that it refused. */
import type { Refusal } from '../../../run/run-event.ts';
import { openTransactionsQuery } from '../../../warehouse/marker.ts';
import type { Submission } from '../../../warehouse/warehouse.ts';
import { endOf, submissionOf, submitTo, whenFree } from '../session.ts';
import {
  close,
  differs,
  holds,
  makeNumbers,
  mustRun,
  mustSubmit,
  notSeen,
  openSession,
  slow,
  untilFree,
  type Lab,
} from './lab.ts';

const TRIES = 3;
const SLOW_MS = 12_000;
const FREE_MS = 5_000;

/** @throws Error with the warehouse's words if a statement is not accepted */
export async function busySession(lab: Lab): Promise<void> {
  const { engine, note } = lab;
  const { sessionId } = await openSession(engine);
  await makeNumbers(sessionId, engine);
  const caught = await catchBusy(sessionId, lab);
  if (caught === undefined) {
    const found = `the session was free again each of ${TRIES} times`;
    for (const assumption of ['busy-words', 'busy-state', 'refused-token'] as const)
      note(notSeen(assumption, found));
  } else await refusedToken(sessionId, caught, lab);
  await close(sessionId, engine);
  await openTransaction(lab);
}

/** A submission that a running statement kept out; undefined: none. */
async function catchBusy(sessionId: string, { engine, note }: Lab): Promise<Submission | undefined> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const { submission: running, statementId } = await mustSubmit(sessionId, [slow()], engine);
    const early = submissionOf(sessionId, { sqls: ['SELECT 1'], name: 'baton-check' }, engine);
    const result = await engine.warehouse.submit(early);
    if (result.ok) continue;
    // Says nothing about the session.
    if (result.refusal.reason === 'throttled' || result.refusal.reason === 'outcome-unknown')
      throw new Error(result.refusal.message);
    const state = await engine.warehouse.session(sessionId);
    const again = await engine.warehouse.submit(running);
    const isRunning = await engine.warehouse.describe(statementId);
    note(busyWords(result.refusal));
    if (isRunning !== 'NOT_FOUND' && isRunning.status === 'RUNNING') {
      note((state === 'BUSY' ? holds : differs)('busy-state', `listed as ${state} while a statement runs`));
    } else note(notSeen('busy-state', `its statement had ended when it was listed, as ${state}`));
    await endOf(statementId, SLOW_MS, engine);
    const later = await whenFree(() => engine.warehouse.submit(running), engine);
    const words = [again, later].map((each) =>
      each.ok
        ? each.value.statementId === statementId
          ? 'the same statement'
          : 'ANOTHER STATEMENT'
        : each.refusal.message,
    );
    note(
      (words.every((word) => word === 'the same statement') ? holds : differs)(
        'repeated-token',
        `while it ran: ${words[0] ?? ''}; after its end: ${words[1] ?? ''}`,
      ),
    );
    return early;
  }
  note(notSeen('repeated-token', 'no statement ran long enough'));
  return undefined;
}

function busyWords({ reason, message }: Refusal) {
  return (reason === 'session-unavailable' ? holds : differs)('busy-words', `"${message}"`);
}

/** The refused submission again, when the session is free; then another, which shows whether the session was the cause. */
async function refusedToken(sessionId: string, refused: Submission, { engine, note }: Lab): Promise<void> {
  const state = await untilFree(sessionId, FREE_MS, engine);
  if (state !== 'AVAILABLE') {
    note(notSeen('refused-token', `the session is ${state} after its statement`));
    return;
  }
  let again = await engine.warehouse.submit(refused);
  for (let tries = 1; !again.ok && tries < TRIES; tries += 1) {
    await engine.pause(200);
    again = await engine.warehouse.submit(refused);
  }
  if (again.ok) {
    note(holds('refused-token', 'sent again when the session was free, it was accepted'));
    return;
  }
  const other = await submitTo(sessionId, { sqls: ['SELECT 1'], name: 'baton-check' }, engine);
  note(
    other.ok
      ? differs('refused-token', `refused again ("${again.refusal.message}"), though another is accepted`, [
          'tokenConsumedByRefusal',
          'true',
        ])
      : notSeen('refused-token', `the session refuses another token too: "${other.refusal.message}"`),
  );
}

/** Whether another session sees a transaction that is open in this one. */
async function openTransaction({ engine, note }: Lab): Promise<void> {
  const { sessionId, pid } = await openSession(engine);
  if (pid === undefined) {
    note(notSeen('open-transaction', 'the process id of the session is not known'));
    return;
  }
  await mustRun(sessionId, 'CREATE TEMP TABLE baton_open (n INT)', engine);
  await mustRun(sessionId, 'BEGIN', engine);
  await mustRun(sessionId, 'INSERT INTO baton_open VALUES (1)', engine);
  const answer = await engine.warehouse.ask(openTransactionsQuery(pid));
  await mustRun(sessionId, 'ROLLBACK', engine);
  await close(sessionId, engine);
  if (!answer.ok) note(notSeen('open-transaction', answer.refusal.message));
  else if (Number(answer.value[0]?.[0]) > 0) note(holds('open-transaction', 'it is shown'));
  else note(differs('open-transaction', 'it is not shown'));
}
