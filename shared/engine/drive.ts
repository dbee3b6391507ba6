/**
 * drive: advances one run as far as it can go now. Consistent read, decide, one conditional write, perform; an effect's
 * answer is the next event. Everything that wakes a run (event, sweep, request) calls this; events only say when.
 */
import type { Plan } from '../pipeline/plan.ts';
import { decide } from '../run/decide.ts';
import type { Answer, Context, Decision } from '../run/decide.ts';
import type { RunEvent } from '../run/run-event.ts';
import type { Effect } from '../run/decision.ts';
import { without } from '../run/decision.ts';
import { defined } from '../run/defined.ts';
import type { Run, RunState } from '../run/run.ts';
import { perform } from './perform.ts';
import type { PlanCache } from './plan-cache.ts';
import type { Engine, MetricName } from './ports.ts';
import { wake } from './wake.ts';
import { autoWaitMs, mayWait } from './waiting.ts';

/** A driver that lost this many races leaves the run to the drivers that won them. */
const RACES = 10;

/** Limit of decisions in one invocation. */
const TURNS = 1000;

/** With less time than this, no effect is started: the sweep continues. */
const RESERVE_MS = 3_000;

/** An opener that takes long is left to a function with more time: it is waited for up to 45 s. */
const LONGEST_OPENING_MS = 48_000;

/** Time that must be left in the invocation after a pause, for the effect that follows it. */
const AFTER_PAUSE_MS = 10_000;

export interface Driven {
  /** Undefined: the run does not exist. */
  readonly run: Run | undefined;
  /** As it was read before the first decision. */
  readonly before?: Run;
  readonly answer?: Answer;
}

/**
 * `known`: the run as it was stored, so that it need not be read.
 * @throws what the ports throw beyond their contract: the trigger's own retry, or the sweep, continues.
 */
export async function drive(runId: string, news: RunEvent, engine: Engine, known?: Run): Promise<Driven> {
  const first: First = { kind: news.kind, decide: (run, context) => decideOn(run, news, context) };
  const slot = news.kind === 'SlotTaken' ? news.epoch : undefined;
  return driveFrom(runId, first, engine, known, slot);
}

/** The first decision of a drive, on what it was started for. */
export interface First {
  readonly kind: string;
  readonly decide: (run: Run, context: Context) => Decision | Promise<Decision>;
}

async function decideOn(run: Run, event: RunEvent, context: Context): Promise<Decision> {
  const decision = decide(run, event, context);
  if (decision !== undefined) return decision;
  const { decideRare } = await import('../run/decide-rare.ts');
  return decideRare(run, event, context);
}

/** As `drive`, with any first decision. `slot`: the epoch of the slot that the run was given for this drive. */
export async function driveFrom(
  runId: string,
  first: First,
  engine: Engine,
  known?: Run,
  slot?: number,
): Promise<Driven> {
  const given: Given = { epoch: slot };
  const driven = await driveOn(runId, first, engine, known, given);
  const pipeline = (driven.run ?? driven.before ?? known)?.pipeline;
  if (given.epoch !== undefined && pipeline !== undefined && driven.run?.slot?.epoch !== given.epoch) {
    const { giveBackUnused } = await import('./slots.ts');
    await giveBackUnused({ id: runId, pipeline }, given.epoch, driven.run, engine);
  }
  return driven;
}

/** The slot that was taken during a drive. */
interface Given {
  epoch: number | undefined;
}

async function driveOn(
  runId: string,
  first: First,
  engine: Engine,
  known: Run | undefined,
  given: Given,
): Promise<Driven> {
  let before = known;
  for (let race = 0; race < RACES; race += 1) {
    const run = (race === 0 ? known : undefined) ?? (await engine.store.load(runId));
    if (run === undefined) {
      engine.log('warn', 'the run does not exist', { run: runId, event: first.kind });
      return { run: undefined, ...defined({ before }) };
    }
    before = run;
    const driven = await driveOnce(run, first, engine, given);
    if (driven !== 'conflict') return { ...driven, before: run };
  }
  engine.log('info', 'left the run to other drivers', { run: runId });
  return { run: await engine.store.load(runId) };
}

async function driveOnce(
  start: Run,
  first: First,
  engine: Engine,
  given: Given,
): Promise<Driven | 'conflict'> {
  let run = start;
  let stored = start;
  let event: RunEvent | undefined;
  let answer: Answer | undefined;
  for (let turn = 0; turn < TURNS; turn += 1) {
    const plan =
      (await engine.plans.find(run.planHash)) ??
      (await import('./gone-plan.ts')).planThatIsGone(
        run,
        event?.kind ?? first.kind,
        engine.plans.today(run.pipeline),
      );
    const context: Context = {
      plan,
      now: engine.now(),
      chance: { token: engine.randomToken(), fraction: engine.randomFraction() },
      stage: engine.settings.stage,
      autoWaitMs: autoWaitMs(engine),
      mayWait: mayWait(engine),
    };
    const decision = await (event === undefined ? first.decide(run, context) : decideOn(run, event, context));
    answer ??= decision.answer;
    const saved = await save(decision, run, engine);
    // If another driver recorded the submission first, there is nothing to do: that driver continues the run.
    if (saved === 'conflict') return decision.save === 'record' ? { run } : 'conflict';
    tell(stored, saved, decision, event ?? first, engine);
    run = saved;
    if (decision.save !== 'none') stored = saved;
    const { effect, pauseMs = 0 } = decision;
    if (effect === undefined || engine.driver.remainingMs() < RESERVE_MS) break;
    if (pauseMs > 0 && !(await paused(pauseMs, engine))) break;
    if (isLong(effect) && engine.driver.remainingMs() < LONGEST_OPENING_MS) {
      await wake(run.id, engine);
      break;
    }
    const performed = await perform(effect, run, await planOf(run, plan, engine.plans), engine);
    if (performed === undefined) break;
    // The same event again, for the run whose history row is written now.
    if (performed === 'history-written') run = without(run, 'lastStep');
    else event = performed;
    if (event?.kind === 'SlotTaken') given.epoch = event.epoch;
  }
  return answer === undefined ? { run } : { run, answer };
}

/** The warehouse may be starting, which takes a minute. */
function isLong(effect: Effect): boolean {
  return effect.kind === 'OpenSession' && effect.pending !== undefined;
}

/** Waits inside the invocation; false if too little time is left for what follows: the sweep continues. */
async function paused(ms: number, engine: Engine): Promise<boolean> {
  if (engine.driver.remainingMs() < ms + AFTER_PAUSE_MS) return false;
  await engine.pause(ms);
  return true;
}

async function planOf(run: Run, plan: Plan, plans: PlanCache): Promise<Plan> {
  return run.planHash === plan.hash ? plan : plans.get(run.planHash);
}

async function save(decision: Decision, before: Run, engine: Engine): Promise<Run | 'conflict'> {
  switch (decision.save) {
    case 'none':
      return decision.run;
    case 'version':
      return engine.store.save(decision.run, before.version, engine.driver.id);
    case 'record':
      return engine.store.record(decision.run, engine.driver.id);
    default:
      return decision.save satisfies never;
  }
}

const METRICS: Readonly<Partial<Record<RunState, MetricName>>> = {
  SUCCEEDED: 'RunsSucceeded',
  FAILED: 'RunsFailed',
  NEEDS_DECISION: 'RunsNeedingDecision',
  CANCELLED: 'RunsCancelled',
};

/** Logs a line for every finished step and every change of state, as stored. */
function tell(before: Run, after: Run, decision: Decision, event: RunEvent | First, engine: Engine): void {
  const fields = { run: after.id, pipeline: after.pipeline };
  const { lastStep: row, life } = after;
  if (row !== undefined && row !== before.lastStep && decision.save === 'version') {
    const { name, attempt, status, rows, statementId, error } = row;
    engine.log(status === 'FINISHED' ? 'info' : 'warn', 'step ended', {
      ...fields,
      step: name,
      attempt,
      status,
      rows,
      statement: statementId,
      error,
    });
  }
  if (decision.save !== 'none' && before.life.state !== life.state) {
    const metric = METRICS[life.state];
    if (metric !== undefined) engine.meter(metric, 1, after.pipeline);
    const problem = life.state === 'FAILED' || life.state === 'NEEDS_DECISION';
    const error = 'error' in life ? life.error : undefined;
    const wait = life.state === 'WAITING' ? life : undefined;
    engine.log(problem ? 'error' : 'info', `run ${life.state}`, {
      ...fields,
      step: after.step === '' ? undefined : after.step,
      class: error?.class,
      waitingFor: wait?.waitingFor,
      retriesAt: wait === undefined ? undefined : new Date(wait.nextCheckAt * 1000).toISOString(),
      error: error?.message,
    });
  }
  if ('refusal' in event && event.refusal.reason === 'throttled')
    engine.meter('Throttles', 1, after.pipeline);
  if (decision.note !== undefined) engine.log('info', decision.note, { ...fields, event: event.kind });
}
