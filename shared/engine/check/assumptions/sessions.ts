/** How sessions end, and what is said of those that ended or never existed. */
import { nameAndMessageOf } from '../../../errors.ts';
import { CLOSING_KEEP_ALIVE_SECONDS, OPENER_KEEP_ALIVE_SECONDS } from '../../../warehouse/warehouse.ts';
import { runIn, submissionOf } from '../session.ts';
import { close, differs, holds, notSeen, openSession, type Lab } from './lab.ts';

const CLOSED_WITHIN_MS = 12_000;
/** Of three sessions side by side: ListSessions allows a few calls a second in the whole account. */
const LIST_POLL_MS = 1_200;
/** How long the idle session is left alone at least. */
const IDLE_MS = 4_000;

/** @throws Error with the warehouse's words if no session can be opened */
export async function sessions(lab: Lab): Promise<void> {
  await Promise.all([neverExisted(lab), closing(lab), keepAliveZero(lab), sessionId(lab), idle(lab)]);
}

/** In the form of an id, and of no session: version 4 of a UUID. */
function unknownId(engine: Lab['engine']): string {
  const digits = Math.floor(engine.randomFraction() * 16 ** 12)
    .toString(16)
    .padStart(12, '0');
  return `00000000-0000-4000-8000-${digits}`;
}

async function neverExisted({ engine, note }: Lab): Promise<void> {
  const id = unknownId(engine);
  const result = await engine.warehouse.submit(
    submissionOf(id, { sqls: ['SELECT 1'], name: 'baton-check' }, engine),
  );
  if (result.ok) note(differs('unknown-session', 'a statement was accepted'));
  else {
    const { reason, message } = result.refusal;
    note((reason === 'session-unknown' ? holds : differs)('unknown-session', `"${message}"`));
  }
  try {
    const seen = await engine.warehouse.describe(id);
    note(
      seen === 'NOT_FOUND'
        ? holds('unknown-statement', 'DescribeStatement does not find it')
        : differs('unknown-statement', `DescribeStatement says ${seen.status}`),
    );
  } catch (error) {
    note(differs('unknown-statement', nameAndMessageOf(error)));
  }
}

async function closing({ engine, note }: Lab): Promise<void> {
  const { sessionId: id } = await openSession(engine);
  await close(id, engine);
  const began = engine.now();
  const state = await until(id, (seen) => seen === 'CLOSED' || seen === 'UNKNOWN', engine);
  const ms = engine.now() - began;
  if (state !== 'CLOSED' && state !== 'UNKNOWN') {
    note(differs('closing', `still ${state} ${ms} ms after a keep-alive of ${CLOSING_KEEP_ALIVE_SECONDS} s`));
    note(notSeen('closed-words', 'no session was closed'));
    return;
  }
  note(holds('closing', `${state} within ${ms} ms`));
  const result = await engine.warehouse.submit(
    submissionOf(id, { sqls: ['SELECT 1'], name: 'baton-check' }, engine),
  );
  if (result.ok) note(differs('closed-words', 'a statement was accepted'));
  else {
    const { reason, message } = result.refusal;
    note((reason === 'session-unavailable' ? holds : differs)('closed-words', `"${message}"`));
  }
}

async function until(
  id: string,
  isIt: (state: string) => boolean,
  engine: Lab['engine'],
  waitMs = CLOSED_WITHIN_MS,
): Promise<string> {
  for (let waited = 0; ; waited += LIST_POLL_MS) {
    const state = await engine.warehouse.session(id);
    if (isIt(state) || waited >= waitMs) return state;
    await engine.pause(LIST_POLL_MS);
  }
}

async function keepAliveZero({ engine, note }: Lab): Promise<void> {
  const { sessionId: id } = await openSession(engine);
  const { failure } = await runIn(id, 'SELECT 1', engine, 0);
  if (failure !== undefined) {
    note(notSeen('keep-alive-zero', `a keep-alive of 0 is refused: "${failure}"`));
    return;
  }
  // Closed at once, or not before its former keep-alive is over.
  const state = await until(id, (seen) => seen === 'CLOSED' || seen === 'UNKNOWN', engine, 1_000);
  if (state === 'CLOSED' || state === 'UNKNOWN') {
    note(holds('keep-alive-zero', `the session is ${state}`));
    return;
  }
  note(differs('keep-alive-zero', `the session is ${state}`, ['keepAliveZero', 'keep']));
  await close(id, engine);
}

async function sessionId({ answersSessionId, note }: Lab): Promise<void> {
  note(
    (await answersSessionId())
      ? differs('session-id', 'a submission without keep-alive names a session', ['sessionIdAlways', 'true'])
      : holds('session-id', 'a submission without keep-alive names none'),
  );
}

async function idle({ engine, note }: Lab): Promise<void> {
  const { sessionId: id } = await openSession(engine);
  const began = engine.now();
  await engine.pause(IDLE_MS);
  const state = await until(id, (seen) => seen !== 'BUSY', engine);
  const seconds = Math.round((engine.now() - began) / 1000);
  const found = `${state} after ${seconds} s without a statement`;
  note(
    state === 'AVAILABLE'
      ? holds('idle-session', `${found}; longer was not waited for`)
      : differs('idle-session', `${found}, with a keep-alive of ${OPENER_KEEP_ALIVE_SECONDS} s`, [
          'idleTimeoutServerless',
          String(seconds),
        ]),
  );
  if (state === 'AVAILABLE') await close(id, engine);
}
