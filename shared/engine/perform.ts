/** Performs effects: one exhaustive switch from the effects of the core to calls of the ports, and back to events. */
import { defined } from '../run/defined.ts';
import type { Plan, Step } from '../pipeline/plan.ts';
import type { Effect } from '../run/decision.ts';
import type { RunEvent, SeenFile } from '../run/run-event.ts';
import type { Run, Underway } from '../run/run.ts';
import { isAtRest, underwayOf } from '../run/run.ts';
import { fileOf } from '../run/trigger.ts';
import { statementName } from '../warehouse/statement-name.ts';
import type { BatchEffect } from './batch/perform.ts';
import { writeLastStep } from './history.ts';
import type { Engine } from './ports.ts';
import { stepsOf } from './group.ts';
import { statementsOf } from './statements.ts';
import { awaitStatement, seeStatement } from './statement-seen.ts';

/** The answer, if there is one; `history-written`: the pending history row is written, and the run has none now. */
export async function perform(
  effect: Effect,
  run: Run,
  plan: Plan,
  engine: Engine,
): Promise<RunEvent | 'history-written' | undefined> {
  const { warehouse } = engine;
  switch (effect.kind) {
    case 'TakeSlot': {
      // Once per run.
      const { takeSlot } = await import('./slots.ts');
      return takeSlot(run, engine);
    }
    case 'OpenSession':
      return openSession(run, plan, engine, effect);
    case 'VerifySession': {
      const sessionId = sessionOf(run);
      const proved = await warehouse.runSmall(sessionId, 'ROLLBACK', plan.session.keepAliveSeconds);
      if (!proved.ok)
        return { kind: 'CallRefused', call: 'verify', refusal: proved.refusal, tries: effect.tries };
      return { kind: 'SessionVerified', sessionId };
    }
    case 'LookUpSession':
      return { kind: 'SessionSeen', status: await warehouse.session(sessionOf(run)), why: effect.why };
    case 'GatherFiles':
    case 'MarkFiles':
    case 'ListAgain':
    case 'TellLeaving':
      return performOnFiles(effect, run, plan, engine);
    case 'CheckInput': {
      if (run.batch !== undefined) return performOnFiles(effect, run, plan, engine);
      const seen = await lookAtFile(run, engine);
      return { kind: 'InputChecked', ...defined({ seen, about: effect.about }) };
    }
    case 'Submit':
      return submit(run, plan, engine, effect.tries);
    case 'LookUpName': {
      const { token } = claimOf(run);
      const statementId = await warehouse.findByName(nameOf(run, engine));
      return { kind: 'NameLookedUp', token, why: effect.why, ...defined({ statementId }) };
    }
    case 'Describe':
      return seeStatement(effect.statementId, run, plan, engine);
    case 'Await':
      return awaitStatement(effect, run, plan, engine);
    case 'PassOn':
      await passOn(run, effect.statementId, engine);
      return undefined;
    case 'ReadVerdict': {
      const { readVerdict } = await import('./verdict.ts');
      return readVerdict(effect.about, run, stepsOf(run, plan), warehouse);
    }
    case 'ReadLoadErrors': {
      const { explainDataError } = await import('./load-errors.ts');
      return explainDataError(run, plan, effect.about, engine);
    }
    case 'WriteHistory':
      await writeLastStep(run, plan, engine);
      return 'history-written';
    case 'PlanRebuild': {
      const { planRebuild } = await import('./plan-rebuild.ts');
      return { kind: 'RebuildPlanned', ...(await planRebuild(run, plan, engine)), about: effect.about };
    }
    case 'ProbeMarker': {
      const { probeMarker } = await import('./probe-marker.ts');
      return { kind: 'MarkerProbed', ...(await probeMarker(run, plan, engine)), about: effect.about };
    }
    case 'RunVerifyQuery': {
      const { runVerifyQuery } = await import('./verify-query.ts');
      return {
        kind: 'VerifyQueryRead',
        applied: await runVerifyQuery(run, plan, engine),
        about: effect.about,
      };
    }
    case 'CancelStatement':
      await warehouse.cancel(effect.statementId);
      return { kind: 'CancelSent' };
    case 'PerformActions': {
      if (!isAtRest(run)) throw new Error(`run ${run.id} has no pending actions`);
      // Once per run, at its end: earlier steps do not load it.
      const { performActions } = await import('./pending-actions.ts');
      return performActions(run, plan, engine);
    }
    case 'Wake':
      return { kind: 'Woken' };
    default:
      return effect satisfies never;
  }
}

async function performOnFiles(effect: BatchEffect, run: Run, plan: Plan, engine: Engine): Promise<RunEvent> {
  const { performBatch } = await import('./batch/perform.ts');
  return performBatch(effect, run, plan, engine);
}

/** `Run Started`, where it is asked for, is published in parallel with the opener, so that it adds no delay. */
async function openSession(
  run: Run,
  plan: Plan,
  engine: Engine,
  { tries, pending }: Effect & { kind: 'OpenSession' },
): Promise<RunEvent> {
  const { id: runId, pipeline, trigger, generation } = run;
  const { stage } = engine.settings;
  const detail = { stage, runId, pipeline, trigger };
  const [opened] = await Promise.all([
    engine.warehouse.open({
      set: plan.session.set,
      name: `baton:${stage}:open:${runId}:${generation}`,
      ...defined({ warehouse: plan.warehouse, pending }),
    }),
    plan.startedEvent === true && pending === undefined
      ? engine.publisher.publish([{ source: 'baton', type: 'Run Started', detail }])
      : undefined,
  ]);
  if (!opened.ok) return { kind: 'CallRefused', call: 'open', refusal: opened.refusal, tries };
  const { statementId, ...session } = opened.value;
  return statementId === undefined
    ? { kind: 'SessionOpened', ...session }
    : { kind: 'SessionOpening', pending: { sessionId: session.sessionId, statementId }, tries };
}

async function lookAtFile({ id, trigger }: Run, engine: Engine): Promise<SeenFile | undefined> {
  const file = fileOf(trigger);
  if (file === undefined) throw new Error(`run ${id} has no file`);
  const found = await engine.files.find(file.bucket, file.key);
  if (found === undefined) return undefined;
  const { etag, versionId, modified } = found;
  return { etag, ...defined({ versionId, modified }) };
}

/** The statement is recorded, so its completion event continues the run if this wake-up is refused. */
async function passOn({ id }: Run, statementId: string, engine: Engine): Promise<void> {
  const { wake } = await import('./wake.ts');
  await wake(id, engine, statementId).catch((error: unknown) => {
    engine.log('warn', 'no driver was woken to wait for the statement', { run: id, error });
  });
}

/** Submits the step and, in parallel, writes the previous step's history row, so that it adds no delay. */
async function submit(run: Run, plan: Plan, engine: Engine, tries: number): Promise<RunEvent> {
  const steps = stepsOf(run, plan);
  const { token } = claimOf(run);
  const sqls = renderedOrRefused(run, plan, steps, engine);
  if (!Array.isArray(sqls)) return { ...sqls, tries };
  const submission = engine.warehouse.submit({
    sessionId: sessionOf(run),
    name: nameOf(run, engine),
    token,
    sqls,
    transaction: steps.length > 1 || steps[0]?.send === 'transaction',
    keepAliveSeconds: plan.session.keepAliveSeconds,
  });
  const [submitted, history] = await Promise.allSettled([submission, writeLastStep(run, plan, engine)]);
  if (submitted.status === 'rejected') throw submitted.reason;
  if (history.status === 'rejected')
    engine.log('warn', 'could not write the history row; it is written later', {
      run: run.id,
      error: history.reason,
    });
  if (!submitted.value.ok)
    return { kind: 'CallRefused', call: 'submit', refusal: submitted.value.refusal, tries };
  engine.log('info', 'step submitted', {
    run: run.id,
    pipeline: run.pipeline,
    step: steps.map(({ name }) => name).join(', '),
    attempt: run.attempt,
    statement: submitted.value.value.statementId,
  });
  return {
    kind: 'Submitted',
    token,
    ...submitted.value.value,
    historyWritten: history.status === 'fulfilled',
  };
}

/** SQL that cannot be rendered (a parameter without a value) fails the run instead of crashing the driver. */
function renderedOrRefused(
  run: Run,
  plan: Plan,
  steps: readonly Step[],
  engine: Engine,
): string[] | (RunEvent & { kind: 'CallRefused' }) {
  try {
    return steps.flatMap((step) => statementsOf(run, plan, step, engine.settings));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      kind: 'CallRefused',
      call: 'submit',
      refusal: { reason: 'rejected', class: 'input', message },
      tries: 0,
    };
  }
}

function nameOf(run: Run, engine: Engine): string {
  const { nonce, token } = claimOf(run);
  return statementName({
    stage: engine.settings.stage,
    runId: run.id,
    generation: run.generation,
    step: run.cursor,
    attempt: run.attempt,
    nonce,
    token,
  });
}

function sessionOf(run: Run): string {
  if (run.session.state !== 'open') throw new Error(`run ${run.id} has no session`);
  return run.session.id;
}

function claimOf(run: Run): Underway {
  const claim = underwayOf(run);
  if (claim === undefined) throw new Error(`run ${run.id} has no claim`);
  return claim;
}
