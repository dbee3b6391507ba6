/** Starts the due times of a pipeline's schedules that have no run. The due time identifies a run: the schedule's own delivery starts no second one. */
import type { Refusal, StartDueAnswer, StartDueRequest } from '../events/requests.ts';
import type { Plan } from '../pipeline/plan.ts';
import { readSchedule } from '../pipeline/schedule/expression.ts';
import { defined } from '../run/defined.ts';
import { invalid, noPipeline } from './operate.ts';
import type { Engine } from './ports.ts';
import { fillPool } from './slots.ts';
import { runIdOf, startRun } from './start-run.ts';

/** Due times between `from` and `to`: a range with more of them is most likely a mistake. */
const MOST_DUE = 1_000;

/** Due times that one request looks at. */
const PAGE = 100;

/** What is left of the invocation when the page ends, in ms. */
const TIME_TO_END = 10_000;

interface Due {
  readonly time: number;
  readonly expression: string;
}

export async function startDue(request: StartDueRequest, engine: Engine): Promise<StartDueAnswer | Refusal> {
  const plan = engine.plans.today(request.pipeline);
  if (plan === undefined) return noPipeline(request.pipeline, engine);
  const wrong = problemOf(plan);
  if (wrong !== undefined) return invalid(wrong);
  const from = Date.parse(request.from);
  const to = Math.min(Date.parse(request.to), engine.now());
  const due = dueTimes(plan, from, to);
  if (due.length > MOST_DUE)
    return invalid(
      `pipeline ${plan.pipeline} has more than ${MOST_DUE.toLocaleString('en-US')} due times between ${request.from} and ${request.to}: choose a shorter range`,
    );
  const started: string[] = [];
  let seen = 0;
  for (const { time, expression } of due) {
    if (seen >= PAGE || (seen > 0 && engine.driver.remainingMs() < TIME_TO_END)) break;
    seen += 1;
    const trigger = { kind: 'schedule' as const, time: new Date(time).toISOString(), schedule: expression };
    const isNew =
      request.dryRun === true
        ? (await engine.store.load(runIdOf(plan, trigger, engine.settings))) === undefined
        : (await startRun(plan, trigger, {}, engine)).created;
    if (isNew) started.push(trigger.time);
  }
  if (started.length > 0 && request.dryRun !== true) await fillPool(plan.pipeline, engine);
  const left = due[seen];
  const next = left && new Date(left.time).toISOString();
  const message = `${plan.pipeline}: ${seen} due times, ${started.length} without a run`;
  return { ok: true, message, started, before: seen - started.length, ...defined({ next }) };
}

function problemOf({ pipeline, triggers }: Plan): string | undefined {
  const schedules = triggers.flatMap((trigger) => (trigger.kind === 'schedule' ? [trigger.expression] : []));
  if (schedules.length === 0) return `pipeline ${pipeline} has no schedule`;
  return schedules.some(isCron)
    ? undefined
    : `${schedules.join(', ')} of pipeline ${pipeline} has no fixed due times: a rate counts from its deployment. Only the due times of a cron(...) can be started afterwards; start single runs with: baton start ${pipeline}`;
}

function isCron(expression: string): boolean {
  return expression.startsWith('cron(');
}

/** Of all cron schedules, oldest first, each time once: from `from` on, before `to`; at most one more than may be. */
function dueTimes({ triggers }: Plan, from: number, to: number): Due[] {
  const times = new Map<number, string>();
  for (const trigger of triggers) {
    if (trigger.kind !== 'schedule' || !isCron(trigger.expression)) continue;
    const { expression, timezone } = trigger;
    const schedule = readSchedule(expression, 0, timezone);
    let time = schedule.next(from - 1);
    for (let n = 0; n <= MOST_DUE && time !== undefined && time < to; n += 1) {
      if (!times.has(time)) times.set(time, expression);
      time = schedule.next(time);
    }
  }
  return [...times].map(([time, expression]) => ({ time, expression })).sort((a, b) => a.time - b.time);
}
