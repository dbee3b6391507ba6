/**
 * The events of runs that ended or stopped (docs/events.md). One of them carries a message for people: that of a run that
 * stopped, and that of the end of a run that had stopped before.
 */
import { commandLine } from '../run/command.ts';
import { listOf } from '../run/batch.ts';
import { defined } from '../run/defined.ts';
import type { FailureCard, Run, RunIn, RunState, Stopped } from '../run/run.ts';
import { isStopped } from '../run/run.ts';
import { fileOf } from '../run/trigger.ts';
import type { Plan } from '../pipeline/plan.ts';
import type { CardFacts, MessageLines } from './failure-card.ts';
import { failureCard, messageLines, nextSteps } from './failure-card.ts';
import { outcomeOf, rolledBackTogether } from './failure-outcome.ts';
import { logLink } from './log-link.ts';
import { messageOf } from './message.ts';
import type { Engine, Publication } from './ports.ts';
import { kindOfRun } from './triggers/table.ts';

const TYPES: Readonly<Partial<Record<RunState, string>>> = {
  SUCCEEDED: 'Run Succeeded',
  FAILED: 'Run Failed',
  NEEDS_DECISION: 'Run Needs Decision',
  CANCELLED: 'Run Cancelled',
};

/** What people are told of the stop; made once, and stored before it is sent. */
export async function makeCard(run: RunIn<Stopped>, plan: Plan, engine: Engine): Promise<FailureCard> {
  const keepsSlot =
    run.slot?.held === true && !run.life.pendingActions.some((action) => action === 'release');
  const waiting = keepsSlot ? await engine.store.countQueued(run.pipeline) : undefined;
  return { text: failureCard(factsOf(run, plan, engine, waiting)), ...defined({ waiting }) };
}

/** Publishes the run's final or stopped state. A repetition sends the same. */
export async function publish(run: Run, plan: Plan, engine: Engine): Promise<void> {
  const { stage } = engine.settings;
  if (isStopped(run) && run.life.card !== undefined)
    engine.log('error', 'failure card', {
      run: run.id,
      pipeline: run.pipeline,
      failures: run.failures,
      card: run.life.card.text,
    });
  const file = fileOf(run.trigger);
  const { state } = run.life;
  const error = 'error' in run.life ? run.life.error : undefined;
  const detail = {
    stage,
    runId: run.id,
    pipeline: run.pipeline,
    state,
    ...defined({
      file: file && { bucket: file.bucket, key: file.key },
      files: listOf(run)?.files,
      step: stepOf(run),
      class: error?.class,
      error: error?.message,
      place: error?.place,
      resumeWith: 'resumeWith' in run.life ? run.life.resumeWith : undefined,
    }),
    ...(isStopped(run) ? stopOf(run, plan, engine) : endOf(run, engine)),
  };
  const publication: Publication = { source: 'baton', type: TYPES[state] ?? 'Run Changed', detail };
  await engine.publisher.publish([publication]);
}

/** Of a stopped run the step that failed, which may be a later one of its group. */
function stepOf(run: Run): string | undefined {
  const name = isStopped(run) ? (run.life.error.step ?? run.step) : run.step;
  return name === '' ? undefined : name;
}

function factsOf(
  run: RunIn<Stopped>,
  plan: Plan,
  { settings }: Engine,
  waiting: number | undefined,
): CardFacts {
  return {
    run,
    plan,
    stage: settings.stage,
    ...defined({ waiting, logLink: logLink(run, settings.stage, settings.region) }),
  };
}

function stopOf(run: RunIn<Stopped>, plan: Plan, engine: Engine): object {
  const { text: card = '', waiting } = { ...run.life.card };
  const facts = factsOf(run, plan, engine, waiting);
  const together = rolledBackTogether(run, plan);
  return {
    ...defined({ waiting, rolledBack: together.length > 1 ? together : undefined }),
    outcome: outcomeOf(run, plan).is,
    failures: run.failures,
    card,
    ...messageOf(aboutOf(run), messageLines(facts), card, nextSteps(facts)),
  };
}

/** A run that never stopped ends without a message. */
function endOf(run: Run, { settings }: Engine): object {
  if (run.failures === 0) return {};
  const { stage, region } = settings;
  const times = run.failures === 1 ? 'once' : `${run.failures} times`;
  const { request } = { request: run.lastRequest };
  const link = logLink(run, stage, region);
  const isDone = run.life.state === 'SUCCEEDED';
  const lines: MessageLines = {
    title: `[${stage}] ${run.pipeline} ${run.life.state}; it had stopped ${times}`,
    trigger: kindOfRun(run.trigger).words(run.trigger),
    error: 'error' in run.life ? run.life.error.message : 'none',
    applied: isDone
      ? 'yes: all steps are done'
      : `${run.cursor} of ${run.steps} steps are done; no further one will run`,
    waiting: 'later files start now',
    resume: 'is not possible: the run has ended',
    next: request === undefined ? 'nothing' : `nothing; last request: ${request.verb} by ${request.actor}`,
    more: `${commandLine(stage, `run ${run.id}`)}${link === undefined ? '' : ` or ${link}`}`,
  };
  const text = [lines.title, lines.trigger, `applied: ${lines.applied}`, `next: ${lines.next}`].join('\n');
  return { failures: run.failures, ...messageOf(aboutOf(run), lines, text, []) };
}

function aboutOf({ id, pipeline, failures, life: { state } }: Run): Parameters<typeof messageOf>[0] {
  return {
    id: `${id}-${failures}-${state}`,
    thread: id,
    type: TYPES[state] ?? '',
    keywords: [pipeline, state],
  };
}
