/**
 * drive: bring one run as far as it can go now. Consistent read, decide, one conditional write, perform; an effect's
 * answer is the next event. Whoever wakes a run (event, sweep, person) calls this; events only say when.
 */
import type { Plan } from '../pipeline/plan.ts';
import { decide } from '../run/decide.ts';
import type { Answer, Context, Decision } from '../run/decide.ts';
import type { RunEvent } from '../run/run-event.ts';
import type { Run, RunState } from '../run/run.ts';
import { perform } from './perform.ts';
import type { PlanCache } from './plan-cache.ts';
import type { Driver, MetricName, Ports } from './ports.ts';

/** A driver that lost so many races leaves the run to those who win them. */
const RACES = 10;

/** No decision may follow so many others: a run's way through one invocation is finite. */
const TURNS = 1000;

/** With less time than this, nothing new is begun: the sweep goes on. */
const RESERVE_MS = 3_000;

export interface Driven {
  /** Undefined: there is no such run. */
  readonly run: Run | undefined;
  /** As it was read before anything was decided. */
  readonly before?: Run;
  readonly answer?: Answer;
}

/** @throws what the ports throw beyond their contract: the trigger's own retry, or the sweep, goes on. */
export async function drive(
  runId: string,
  news: RunEvent,
  ports: Ports,
  plans: PlanCache,
  driver: Driver,
): Promise<Driven> {
  const first: First = { kind: news.kind, decide: (run, context) => decide(run, news, context) };
  return driveFrom(runId, first, ports, plans, driver);
}

/** The first decision of a drive, on what it was begun for. */
export interface First {
  readonly kind: string;
  readonly decide: (run: Run, context: Context) => Decision;
}

/** As `drive`, whatever it is begun for. */
export async function driveFrom(
  runId: string,
  first: First,
  ports: Ports,
  plans: PlanCache,
  driver: Driver,
): Promise<Driven> {
  for (let race = 0; race < RACES; race += 1) {
    const run = await ports.store.load(runId);
    if (run === undefined) {
      ports.log('warn', 'there is no such run', { run: runId, event: first.kind });
      return { run: undefined };
    }
    const driven = await driveOnce(run, first, ports, plans, driver);
    if (driven !== 'conflict') return { ...driven, before: run };
  }
  ports.log('info', 'left the run to other drivers', { run: runId });
  return { run: await ports.store.load(runId) };
}

async function driveOnce(
  start: Run,
  first: First,
  ports: Ports,
  plans: PlanCache,
  driver: Driver,
): Promise<Driven | 'conflict'> {
  let run = start;
  let stored = start;
  let event: RunEvent | undefined;
  let answer: Answer | undefined;
  for (let turn = 0; turn < TURNS; turn += 1) {
    const plan =
      (await plans.find(run.planHash)) ??
      planThatIsGone(run, event?.kind ?? first.kind, plans.today(run.pipeline));
    const context: Context = {
      plan,
      now: ports.now(),
      chance: { token: ports.randomToken(), fraction: ports.randomFraction() },
      stage: ports.settings.stage,
    };
    const decision = event === undefined ? first.decide(run, context) : decide(run, event, context);
    answer ??= decision.answer;
    const saved = await save(decision, run, ports, driver);
    // A record that was lost to another driver leaves nothing to do: that driver has the run.
    if (saved === 'conflict') return decision.save === 'record' ? { run } : 'conflict';
    tell(stored, saved, decision, event ?? first, ports);
    run = saved;
    if (decision.save !== 'none') stored = saved;
    if (decision.effect === undefined || driver.remainingMs() < RESERVE_MS) break;
    const next = await perform(decision.effect, run, await planOf(run, plan, plans), ports, plans, driver);
    if (next === undefined) break;
    event = next;
  }
  return answer === undefined ? { run } : { run, answer };
}

/**
 * Who only ends a run, or does what an ended one owes, needs no plan; today's says whether later files wait.
 * @throws Error for everything else
 */
function planThatIsGone(
  { planHash: hash, pipeline, owed }: Run,
  event: string,
  today: Plan | undefined,
): Plan {
  if (owed === undefined && event !== 'DriveFailed' && event !== 'CancelRequested')
    throw new Error(`plan ${hash} is not in the table: was it deleted? The run cannot continue without it`);
  return {
    schema: 1,
    hash,
    pipeline,
    description: '',
    triggers: [],
    steps: [],
    session: { keepAliveSeconds: 0, set: {} },
    parameters: [],
    concurrency: 1,
    onFailure: today?.onFailure ?? 'hold',
    onReplay: 'skip',
    timeoutSeconds: 0,
    grade: 'D',
  };
}

async function planOf(run: Run, plan: Plan, plans: PlanCache): Promise<Plan> {
  return run.planHash === plan.hash ? plan : plans.get(run.planHash);
}

async function save(
  decision: Decision,
  before: Run,
  ports: Ports,
  driver: Driver,
): Promise<Run | 'conflict'> {
  switch (decision.save) {
    case 'none':
      return decision.run;
    case 'version':
      return ports.store.save(decision.run, before.version, driver.id);
    case 'record':
      return ports.store.record(decision.run, driver.id);
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

/** One line for every step that ended and every state that changed, as stored. */
function tell(before: Run, after: Run, decision: Decision, event: RunEvent | First, ports: Ports): void {
  const fields = { run: after.id, pipeline: after.pipeline };
  if (after.last !== undefined && after.last !== before.last && decision.save === 'version') {
    const { name, attempt, status, rows, statementId, error } = after.last;
    ports.log(status === 'FINISHED' ? 'info' : 'warn', 'step ended', {
      ...fields,
      step: name,
      attempt,
      status,
      rows,
      statement: statementId,
      error,
    });
  }
  if (decision.save !== 'none' && before.state !== after.state) {
    const metric = METRICS[after.state];
    if (metric !== undefined) ports.meter(metric, 1, after.pipeline);
    const problem = after.state === 'FAILED' || after.state === 'NEEDS_DECISION';
    ports.log(problem ? 'error' : 'info', `run ${after.state}`, {
      ...fields,
      step: after.step,
      class: after.error?.class,
      waitingFor: after.waitingFor,
      retriesAt:
        after.waitingFor === undefined || after.next === undefined
          ? undefined
          : new Date(after.next * 1000).toISOString(),
      error: after.error?.message,
    });
  }
  if ('refusal' in event && event.refusal.reason === 'throttled') ports.meter('Throttles', 1, after.pipeline);
  if (decision.note !== undefined) ports.log('info', decision.note, { ...fields, event: event.kind });
}
