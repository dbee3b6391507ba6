/** What must hold in every state, and of every submission. Each gives what is broken, in words. */
import type { Plan } from '../../../shared/pipeline/plan.ts';
import type { StoredRun } from '../../../shared/store/stored-run.ts';
import type { HistoryRow } from '../../../shared/store/run-store.ts';
import type { Configuration } from './configuration.ts';
import type { Snapshot, Statement } from './snapshot.ts';
import { NOW, normalRow } from './snapshot.ts';

/** `baton:<stage>:<run>:<generation>:<step>:<attempt>:…` */
function attemptOf(statement: Statement): { attempt: string; step: number } {
  const [, , , generation, step, attempt] = (statement.name ?? '').split(':');
  return { attempt: `${generation}:${step}:${attempt}`, step: Number(step) };
}

/** A statement has begun: may it, here and now? */
export function noteSubmission(state: Snapshot, plan: Plan, id: string): string | undefined {
  const statement = state.statements.find((candidate) => candidate.id === id);
  if (statement === undefined) return `${id} is gone`;
  const { attempt, step } = attemptOf(statement);
  if (state.executed.includes(attempt)) return `I4: ${attempt} is executed a second time`;
  state.executed.push(attempt);
  const { until } = state.run;
  const last = Math.max(...stepsIn(statement, plan));
  if (until !== undefined && last > plan.steps.findIndex(({ name }) => name === until))
    return `I18: the run is to pause after ${until}, and step ${last + 1} begins`;
  const session = state.sessions.find((candidate) => candidate.id === statement.sessionId);
  if (session?.isSpoiled === true)
    return `I7: step ${step + 1} begins in a session whose tables are not known`;
  for (const [index, { kind, name }] of plan.steps.slice(0, step).entries()) {
    if (kind === 'session' && session?.filled.includes(index) !== true)
      return `I7: step ${step + 1} begins in a session in which ${name} was not done`;
    if (!state.finished.includes(index)) return `I2: step ${step + 1} begins before ${name} has finished`;
  }
  return undefined;
}

/** A statement has finished, or taken effect. */
export function noteEnd(state: Snapshot, plan: Plan, statement: Statement): undefined {
  for (const step of stepsIn(statement, plan)) {
    const kind = plan.steps[step]?.kind;
    if (kind !== 'durable' && statement.status !== 'FINISHED') continue;
    if (kind !== 'check' || statement.checkFails !== true) state.finished.push(step);
    if (kind === 'session') state.sessions.find(({ id }) => id === statement.sessionId)?.filled.push(step);
  }
  return undefined;
}

/** The steps (index) that it is of: one, or those of a group. */
export function stepsIn({ sqls }: Pick<Statement, 'sqls'>, { steps }: Plan): readonly number[] {
  return steps.flatMap(({ name }, index) =>
    sqls.some((sql) => sql.includes(` step=${name} `)) ? [index] : [],
  );
}

/** What never happens between two states: the search leaves drivers out that could only act if it did (futile.ts). */
export function brokenBetween(before: Snapshot, after: Snapshot): string | undefined {
  const [was, is] = [before.run, after.run];
  if (is.token !== undefined && is.token === was.token && is.phase === 'CLAIMED' && was.phase !== 'CLAIMED')
    return 'a token is claimed again that was claimed before';
  if (
    is.token !== undefined &&
    is.token !== was.token &&
    before.statements.some(({ token }) => token === is.token)
  )
    return 'a token comes back that was submitted before';
  if (
    after.pool?.paused !== undefined &&
    Object.keys(after.pool.holders).some((id) => before.pool?.holders[id] === undefined)
  )
    return 'I14: a slot is taken while the pipeline is paused';
  for (const row of before.rows) {
    const there = after.rows.find((one) => keyOf(one) === keyOf(row));
    if (there === undefined || JSON.stringify(normalRow(there)) !== JSON.stringify(normalRow(row)))
      return `the history row ${keyOf(row)} is written over with something else`;
  }
  return undefined;
}

function keyOf({ index, generation, attempt }: HistoryRow): string {
  return `${index}#${generation}#${attempt}`;
}

/** The longest that the sweep may be kept from a run that is not at rest, in s. */
const LONGEST_AWAY = 300;

export function brokenIn(
  state: Snapshot,
  { plan, cancel, budgets, until }: Configuration,
): string | undefined {
  const { run, pool } = state;
  for (const { name, kind } of plan.steps) {
    if (kind !== 'durable') continue;
    const applied = state.statements.filter(
      ({ committed, sqls }) => committed === true && sqls.some((sql) => sql.includes(`', '${name}', `)),
    ).length;
    if (applied > 1) return `I1: ${name} was applied ${applied} times`;
    if (run.state === 'SUCCEEDED' && applied !== 1) return `I2: the run succeeded without ${name}`;
  }
  if (run.state === 'SUCCEEDED' && plan.steps.some((_, index) => !state.finished.includes(index)))
    return 'I2: the run succeeded without all of its steps';
  if (Object.keys(pool?.holders ?? {}).length > 1) return 'I5: two slots are held';
  // One that is not in the queue is looked at like one that has begun.
  const isInQueue = run.state === 'QUEUED' && run.nextCheckAt === undefined;
  const isWaiting = isInQueue || (isStoredAtRest(run) && run.pendingActions === undefined);
  if (
    isWaiting
      ? run.nextCheckAt !== undefined
      : run.nextCheckAt === undefined || run.nextCheckAt - NOW / 1000 > LONGEST_AWAY
  )
    return `I6: the run is ${run.state} and the sweep looks at it ${run.nextCheckAt === undefined ? 'never' : 'late or for nothing'}`;
  const untrue = state.rows.find(
    ({ index, status }) => status === 'FINISHED' && !state.finished.includes(index),
  );
  if (untrue !== undefined) return `I17: the history says that ${untrue.name} finished, and it did not`;
  if (run.state === 'NEEDS_DECISION')
    return `no outcome is unknown, and a person is asked: ${JSON.stringify(run.error)}`;
  if (run.state === 'FAILED' && (budgets.permanent === 0 || state.left.permanent > 0))
    return `nothing failed for good, and the run is FAILED: ${JSON.stringify(run.error)}`;
  if (run.state === 'PAUSED' && (until === undefined || run.cursor !== until + 1 || run.slot !== true))
    return `I18: the run pauses before step ${run.cursor + 1}`;
  if (run.state === 'FAILED' && (run.error?.message ?? '') === '') return 'I10: FAILED without a reason';
  if (run.state === 'CANCELLED' && !cancel) return 'nobody cancelled, and the run is CANCELLED';
  return undefined;
}

/** Ended, or stopped until a person acts. */
export function isStoredAtRest({ state }: StoredRun): boolean {
  return !['QUEUED', 'RUNNING', 'WAITING', 'CANCELLING'].includes(state);
}

/** What must hold at an end that has no follow-ups, when no driver is at work. */
export function brokenAtEnd(state: Snapshot, { plan }: Configuration): string | undefined {
  const { run, rows, pool } = state;
  if (run.state === 'CANCELLED' && state.statements.some(({ status }) => status === 'RUNNING'))
    return 'the run is CANCELLED and its statement runs on';
  if (run.state !== 'SUCCEEDED') return undefined;
  for (const [index, { name }] of plan.steps.entries())
    if (!rows.some((row) => row.index === index && row.status === 'FINISHED'))
      return `I11: the history lacks ${name}`;
  // A driver that was late may have taken a slot for a run that had ended, and died: the next run that asks takes it out.
  const isLost = Object.keys(pool?.holders ?? {}).length > 0 && run.slot === true;
  return isLost ? 'a slot is still held at the end' : undefined;
}
