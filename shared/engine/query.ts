/**
 * A person looks into the session of a run that is stopped: one statement that reads, so that the run's temporary tables are seen. Nothing of
 * the run is stored. A resume that comes meanwhile finds the session busy, and backs off as it does after a statement of its own.
 */
import type { QueryAnswer, QueryRequest, Refusal } from '../events/requests.ts';
import type { Plan } from '../pipeline/plan.ts';
import { rebuildAt } from '../pipeline/rebuild.ts';
import { commandLine } from '../run/command.ts';
import type { OpenSession, Run } from '../run/run.ts';
import { rebuildTarget } from '../run/run.ts';
import type { Engine } from './ports.ts';

const ROWS = 100;

/** Lambda answers with at most 6 MB; the rest is for names, and for escapes in what is around the rows. */
const MOST_BYTES = 5_000_000;

/** While the session is shown as idle and refuses all the same: it was busy a moment ago. */
const TRIES = 3;
const PAUSE_MS = 1_000;

/** `isOn`: the stage allows it (parameter `runQueries`). */
export async function queryRun(request: QueryRequest, engine: Engine, isOn: boolean): Promise<QueryAnswer> {
  if (!isOn)
    return refused(
      `stage ${engine.settings.stage} runs no queries in sessions of runs: it was deployed with runQueries=false`,
    );
  const { whyNotReadOnly } = await import('../pipeline/read-only.ts');
  const problem = whyNotReadOnly(request.sql);
  if (problem !== undefined) return { ok: false, code: 'invalid', message: problem };
  for (let tries = 1; ; tries += 1) {
    // Read again before each try: the run may have been resumed.
    const run = await engine.store.load(request.runId);
    if (run === undefined)
      return { ok: false, code: 'not-found', message: `there is no run ${request.runId}` };
    const plan = (await engine.plans.find(run.planHash)) ?? engine.plans.today(run.pipeline);
    const session = sessionToQuery(run, plan, engine.settings.stage);
    if (typeof session === 'string') return refused(session);
    const answer = await queryIn(session, run, plan, request, engine);
    if (answer !== 'not yet') return answer;
    if (tries === TRIES)
      return refused(
        `the session of run ${run.id} is not available yet: its last statement has just ended; try again in a moment`,
      );
    await engine.pause(PAUSE_MS);
  }
}

/** The session that may be used; else why there is none, what the run is doing, and what to do. */
function sessionToQuery(run: Run, plan: Plan | undefined, stage: string): OpenSession | string {
  const { life } = run;
  switch (life.state) {
    case 'QUEUED':
      return `run ${run.id} is QUEUED: it has no session while it waits for a slot`;
    case 'RUNNING':
    case 'WAITING':
    case 'CANCELLING':
      return `run ${run.id} is ${life.state}, and its session is for its own statements: step ${run.step} ${doing(run)}. Query it when the run is at rest: ${commandLine(stage, `run ${run.id} --watch`)}`;
    case 'ABSORBED':
      return `the file of run ${run.id} is loaded by batch run ${life.into}: query that run`;
    case 'SUCCEEDED':
    case 'CANCELLED':
    case 'SUPERSEDED':
      return `run ${run.id} is ${life.state}: its session has ended with it, and its temporary tables are gone`;
    case 'FAILED':
    case 'NEEDS_DECISION':
    case 'PAUSED':
      return run.session.state === 'open'
        ? run.session
        : `run ${run.id} has no session any more, and its temporary tables are gone. ${rebuilding(run, plan)}`;
    default:
      return life satisfies never;
  }
}

function doing({ life }: Run): string {
  if (life.state === 'CANCELLING') return 'is being cancelled';
  if (!('work' in life)) return 'is next';
  if (life.work.phase === 'SUBMITTED') return 'is running';
  if (life.work.phase === 'CLAIMED') return 'is being submitted';
  return life.state === 'WAITING' && life.waitingFor !== '' ? `is next: ${life.waitingFor}` : 'is next';
}

/** What a resume does without the session. */
function rebuilding(run: Run, plan: Plan | undefined): string {
  if (plan === undefined) return 'A resume begins a new session';
  const target = rebuildTarget(run);
  const { rerun, verdict, reasons } = rebuildAt(plan.steps, target);
  const step = plan.steps[target]?.name ?? run.step;
  if (verdict === 'refused') return `A resume needs a decision first: ${reasons.join('; ')}`;
  return rerun.length === 0
    ? `A resume begins a new session with ${step}`
    : `A resume begins a new session: it runs ${rerun.join(', ')} again, then ${step}`;
}

async function queryIn(
  session: OpenSession,
  run: Run,
  plan: Plan | undefined,
  request: QueryRequest,
  engine: Engine,
): Promise<QueryAnswer | 'not yet'> {
  const { warehouse } = engine;
  const keepAlive = plan?.session.keepAliveSeconds;
  if (keepAlive === undefined)
    return refused(`the plan of run ${run.id} is no longer stored, so its session is left alone`);
  const asked = await warehouse.runSmall(session.id, request.sql, keepAlive);
  if (!asked.ok) return whyNot(session, run, plan, asked.refusal, engine);
  const { statementId, status, error } = asked.value;
  if (status === 'RUNNING') {
    await warehouse.cancel(statementId);
    return failed('the query took longer than 45 s and was cancelled: narrow it with WHERE or LIMIT');
  }
  if (status !== 'FINISHED') {
    const words = error ?? 'the query was cancelled in the warehouse';
    const isGone = isOver(await warehouse.session(session.id));
    return failed(
      isGone
        ? `${words}\nThe session has ended with it. ${rebuilding(run, plan)}`
        : words + rolledBack(run, plan, words),
    );
  }
  const result = await warehouse.result(statementId, request.rows ?? ROWS, MOST_BYTES);
  if (result === 'NOT_FOUND') return refused('the result of the query is gone: send it again');
  const { columns, types, rows, total } = result;
  return {
    ok: true,
    runId: run.id,
    message: `${rows.length} of ${total} rows; session ${session.id} ends when nothing runs in it for ${keepAlive} s`,
    columns: columns.map((name, i) => ({ name, type: types[i] ?? '' })),
    rows,
    total,
  };
}

/** A person looks for a table of the steps that failed together. */
function rolledBack({ life, cursor }: Run, plan: Plan | undefined, words: string): string {
  const count = 'error' in life ? (life.error.group ?? 1) : 1;
  if (count === 1 || !/does not exist/i.test(words)) return '';
  const names = plan?.steps.slice(cursor, cursor + count).map(({ name }) => name) ?? [];
  return `\n${names.join(', ')} were sent as one transaction and rolled back together, so tables that they make are not there. To see them, set fuse: off in pipeline.yml, then resume`;
}

type Refused = Extract<Awaited<ReturnType<Engine['warehouse']['runSmall']>>, { ok: false }>['refusal'];

async function whyNot(
  session: OpenSession,
  run: Run,
  plan: Plan | undefined,
  { reason, message }: Refused,
  { warehouse }: Engine,
): Promise<Refusal | 'not yet'> {
  if (reason !== 'session-unavailable' && reason !== 'session-unknown')
    return refused(`the warehouse refused the query: ${message}`);
  const state = reason === 'session-unknown' ? 'UNKNOWN' : await warehouse.session(session.id);
  if (state === 'AVAILABLE') return 'not yet';
  if (isOver(state))
    return refused(
      `the session of run ${run.id} has ended (keepAlive: ${plan?.session.keepAliveSeconds ?? '?'} s), and its temporary tables are gone. ${rebuilding(run, plan)}`,
    );
  return refused(
    `the session of run ${run.id} is busy: another query runs in it, or the run has just been resumed; try again in a moment`,
  );
}

function isOver(state: Awaited<ReturnType<Engine['warehouse']['session']>>): boolean {
  return state === 'CLOSED' || state === 'UNKNOWN';
}

function refused(message: string): Refusal {
  return { ok: false, code: 'refused', message };
}

function failed(message: string): QueryAnswer {
  return { ok: false, code: 'failed', message };
}
