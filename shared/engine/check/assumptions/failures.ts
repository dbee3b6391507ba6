/** What a failed, or cancelled, statement leaves: its words, its session, its effects; and whether reports of it are true. */
import { failureClassOf } from '../../../warehouse/failure-class.ts';
import type { FailureClass } from '../../../run/run.ts';
import type { Engine } from '../../ports.ts';
import { endOf } from '../session.ts';
import {
  close,
  differs,
  holds,
  makeNumbers,
  mustRun,
  mustSubmit,
  notSeen,
  numberIn,
  openSession,
  slow,
  untilFree,
  type Lab,
} from './lab.ts';

const FAILING: readonly (readonly [sql: string, expected: FailureClass])[] = [
  ['SELECT 1 / 0', 'data'],
  ['SELECT * FROM baton_no_such_table', 'sql'],
  ['SELECT FROM WHERE', 'sql'],
];
const ERROR_ID = /\[ErrorId: [^\]]*\]\s*$/;
/** After the submission, in ms: from before it starts to while it runs. */
const CANCEL_AFTER = [0, 100, 300, 600];
const FREE_MS = 4_000;
const END_MS = 12_000;

/** @throws Error with the warehouse's words if no session can be opened */
export async function failures(lab: Lab): Promise<void> {
  await errorWords(lab);
  const report = { verified: 0, unverified: 0, lies: [] as string[] };
  await failedTransaction(lab, report);
  await cancellations(lab, report);
  const { verified, unverified, lies } = report;
  const rest = unverified === 0 ? '' : `; of ${unverified} the effect could not be looked at`;
  if (lies.length > 0) {
    const observed = lies.some((lie) => lie.startsWith('ABORTED'))
      ? (['abortedAfterCommit', 'true'] as const)
      : undefined;
    lab.note(
      differs(
        'true-reports',
        `${lies.length} of ${verified} reports were false: ${lies.join('; ')}`,
        observed,
      ),
    );
  } else if (verified === 0) lab.note(notSeen('true-reports', `no report could be verified${rest}`));
  else lab.note(holds('true-reports', `${verified} of ${verified} reports were true${rest}`));
}

interface Report {
  verified: number;
  unverified: number;
  readonly lies: string[];
}

async function errorWords({ engine, note }: Lab): Promise<void> {
  let { sessionId } = await openSession(engine);
  const texts: string[] = [];
  const states: string[] = [];
  const unrecognized: string[] = [];
  for (const [sql, expected] of FAILING) {
    const { statementId } = await mustSubmit(sessionId, [sql], engine);
    const { error: failure = 'no error' } = (await endOf(statementId, END_MS, engine)) ?? {};
    texts.push(failure);
    const found = failureClassOf(failure);
    if (found !== expected) unrecognized.push(`${sql}: "${failure}" is ${found}, not ${expected}`);
    const state = await untilFree(sessionId, FREE_MS, engine);
    states.push(state);
    if (state !== 'AVAILABLE') ({ sessionId } = await openSession(engine));
  }
  note(
    unrecognized.length === 0
      ? holds('error-words', texts.map((text) => `"${text}"`).join(', '))
      : differs('error-words', unrecognized.join('; ')),
  );
  const withId = texts.filter((text) => ERROR_ID.test(text)).length;
  note(
    withId === 0
      ? holds('error-ids', `none of ${texts.length} texts ends in an error id`)
      : differs('error-ids', `${withId} of ${texts.length} texts end in an error id`, ['errorIds', 'true']),
  );
  note(afterwards('session-after-error', states, ['sessionEndsAfterError', 'true']));
  await close(sessionId, engine);
}

function afterwards(
  assumption: 'session-after-error' | 'session-after-cancel',
  states: readonly string[],
  observed?: readonly [string, string],
) {
  const open = states.filter((state) => state === 'AVAILABLE').length;
  if (states.length === 0) return notSeen(assumption, 'no statement ended so');
  return open === states.length
    ? holds(assumption, `still open, ${open} of ${states.length} times`)
    : differs(
        assumption,
        `${states.length - open} of ${states.length} times listed as ${states.find((state) => state !== 'AVAILABLE') ?? ''}`,
        observed,
      );
}

/** What a transaction wrote before the statement that failed must be gone. */
async function failedTransaction({ engine, note }: Lab, report: Report): Promise<void> {
  const { sessionId } = await openSession(engine);
  await mustRun(sessionId, 'CREATE TEMP TABLE baton_effects (n INT)', engine);
  const sqls = [
    'INSERT INTO baton_effects VALUES (1)',
    'SELECT 1 / 0',
    'INSERT INTO baton_effects VALUES (1)',
  ];
  const { statementId } = await mustSubmit(sessionId, sqls, engine);
  const end = await endOf(statementId, END_MS, engine);
  const left = await effects(sessionId, 1, engine);
  if (end === undefined || left === undefined) {
    report.unverified += 1;
    note(notSeen('failed-transaction', 'its session, and with it the temporary table, is gone'));
  } else {
    report.verified += 1;
    const found = `${end.status}, ${left} of its rows are there`;
    note((end.status === 'FAILED' && left === 0 ? holds : differs)('failed-transaction', found));
    if (end.status === 'FAILED' && left > 0) report.lies.push('FAILED, but applied');
  }
  await close(sessionId, engine);
}

/** Cancelled at different moments: what is reported, and what is there. */
async function cancellations({ engine, note }: Lab, report: Report): Promise<void> {
  const states: string[] = [];
  let sessionId: string | undefined;
  for (const [at, delay] of CANCEL_AFTER.entries()) {
    sessionId ??= await sessionForEffects(engine);
    const n = at + 2;
    const { statementId } = await mustSubmit(
      sessionId,
      [`INSERT INTO baton_effects VALUES (${n})`, slow()],
      engine,
    );
    if (delay > 0) await engine.pause(delay);
    await engine.warehouse.cancel(statementId);
    const end = await endOf(statementId, END_MS, engine);
    const state = await untilFree(sessionId, FREE_MS, engine);
    const left = await effects(sessionId, n, engine);
    if (end?.status === 'ABORTED') states.push(state);
    if (end === undefined || left === undefined) report.unverified += 1;
    else {
      report.verified += 1;
      const isApplied = left > 0;
      if (isApplied !== (end.status === 'FINISHED'))
        report.lies.push(`${end.status}, but ${isApplied ? 'applied' : 'not applied'}`);
    }
    if (left === undefined) sessionId = undefined;
  }
  note(afterwards('session-after-cancel', states));
  if (sessionId !== undefined) await close(sessionId, engine);
}

async function sessionForEffects(engine: Engine): Promise<string> {
  const { sessionId } = await openSession(engine);
  await makeNumbers(sessionId, engine);
  await mustRun(sessionId, 'CREATE TEMP TABLE baton_effects (n INT)', engine);
  return sessionId;
}

/** Undefined: the session is gone, and the table with it. */
async function effects(sessionId: string, n: number, engine: Engine): Promise<number | undefined> {
  if ((await untilFree(sessionId, FREE_MS, engine)) !== 'AVAILABLE') return undefined;
  return numberIn(sessionId, `SELECT COUNT(*) FROM baton_effects WHERE n = ${n}`, engine);
}
