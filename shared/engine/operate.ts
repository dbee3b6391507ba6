/** Requests of people and programs: start, resume, cancel, resolve; each returns one clear answer. */
import { defined } from '../run/defined.ts';
import type { OperateAnswer, OperateRequest, Refusal } from '../events/requests.ts';
import type { Plan } from '../pipeline/plan.ts';
import type { RunFile } from '../run/trigger.ts';
import type { ResumeRequest } from '../run/request.ts';
import type { Run } from '../run/run.ts';
import { isAtRest } from '../run/run.ts';
import { pauseText } from './pause.ts';
import { parseFileUri } from './file-uri.ts';
import { needsFile, unsuitableParameters } from './given-parameters.ts';
import { todaysView } from './todays-view.ts';
import { wake } from './wake.ts';
import type { Engine, FoundFile } from './ports.ts';
import { giveSlots } from './start-all.ts';
import { startRun } from './start-run.ts';

export async function operate(request: OperateRequest, engine: Engine): Promise<OperateAnswer> {
  switch (request.verb) {
    case 'start':
      return start(request, engine);
    case 'resume':
      return resume(request, engine);
    case 'cancel':
    case 'resolve':
      return settle(request, engine);
    default:
      return request satisfies never;
  }
}

async function start(request: OperateRequest & { verb: 'start' }, engine: Engine): Promise<OperateAnswer> {
  const plan = engine.plans.today(request.pipeline);
  if (plan === undefined) return noPipeline(request.pipeline, engine);
  const parameters = request.parameters ?? {};
  const wrong = unsuitableParameters(plan.parameters, parameters);
  if (wrong !== undefined) return invalid(wrong);
  const file = request.file === undefined ? undefined : parseFileUri(request.file);
  const found = file === undefined ? undefined : await engine.files.find(file.bucket, file.key);
  if (file !== undefined && found === undefined) return notFound(`there is no object ${request.file ?? ''}`);
  if (found === undefined && needsFile(plan))
    return invalid(`pipeline ${plan.pipeline} needs a file: give it with --file s3://bucket/key`);
  const index = plan.steps.findIndex(({ name }) => name === request.until);
  if (request.until !== undefined && index === -1)
    return invalid(
      `pipeline ${plan.pipeline} has no step ${request.until}; its steps: ${plan.steps.map(({ name }) => name).join(', ')}`,
    );
  // After its last step it has succeeded.
  const until = index === plan.steps.length - 1 ? undefined : request.until;
  const trigger = {
    kind: 'request' as const,
    time: new Date(engine.now()).toISOString(),
    requestId: request.requestId,
    actor: request.actor,
    ...defined({ file: found && withoutTime(found) }),
  };
  const { paused } = await engine.store.loadPool(plan.pipeline);
  const { run, created } = await startRun(plan, trigger, parameters, engine, until);
  await giveSlots([run], engine);
  const waits =
    paused === undefined ? '' : `; ${plan.pipeline} is paused ${pauseText(paused)}, so the run waits`;
  const pauses = until === undefined ? '' : `, which pauses after ${until}`;
  const what = created
    ? `started ${run.id}${pauses}`
    : `request ${request.requestId} already started ${run.id}`;
  return {
    ok: true,
    runId: run.id,
    state: run.life.state,
    message: run.life.state === 'QUEUED' ? what + waits : what,
  };
}

/** The run's file is identified by its content and version; its time is read again before each load. */
function withoutTime(found: FoundFile): RunFile {
  const { modified: _, ...file } = found;
  return file;
}

async function resume(request: OperateRequest & { verb: 'resume' }, engine: Engine): Promise<OperateAnswer> {
  const run = await engine.store.load(request.runId);
  if (run === undefined) return notFound(`there is no run ${request.runId}`);
  const { without: names, ...rest } = request;
  const fewer = await filesToResumeWith(run, names, request.actor, engine);
  if (typeof fewer === 'string') return { ok: false, code: 'refused', message: fewer };
  const plan = engine.plans.today(run.pipeline) ?? (await engine.plans.get(run.planHash));
  await engine.plans.put(plan);
  const { driveRequest } = await import('./drive-request.ts');
  const { answer, run: after } = await driveRequest(
    run.id,
    { ...rest, plan: await todaysView(run, plan, engine.plans), ...defined({ without: fewer }) },
    engine,
  );
  if (answer === undefined) return changedMeanwhile(run.id);
  if (!answer.ok) return answer;
  await wake(run.id, engine);
  return { ok: true, runId: run.id, state: (after ?? run).life.state, message: answer.message };
}

/** A text: why the run cannot be resumed. A list expires some time after it was made, a failed run never. */
async function filesToResumeWith(
  run: Run,
  names: readonly string[] | undefined,
  actor: string,
  engine: Engine,
): Promise<ResumeRequest['without'] | string> {
  if (run.batch === undefined && names === undefined) return undefined;
  const { listWithout, whyNoList } = await import('./batch/leave.ts');
  return (await whyNoList(run, engine)) ?? (names && listWithout(run, names, actor, engine));
}

/** Cancels a run, or lets it continue from where it stopped. */
async function settle(
  request: OperateRequest & { verb: 'cancel' | 'resolve' },
  engine: Engine,
): Promise<OperateAnswer> {
  const { driveRequest } = await import('./drive-request.ts');
  const { answer, run } = await driveRequest(request.runId, request, engine);
  if (run === undefined) return notFound(`there is no run ${request.runId}`);
  if (answer === undefined) return changedMeanwhile(run.id);
  if (!answer.ok) return answer;
  if (!isAtRest(run)) await wake(run.id, engine);
  return { ok: true, runId: run.id, state: run.life.state, message: answer.message };
}

function changedMeanwhile(runId: string): OperateAnswer {
  return {
    ok: false,
    code: 'refused',
    message: `another driver changed run ${runId} at the same time; send the request again`,
  };
}

export function noPipeline(pipeline: string, { plans }: Engine): Refusal {
  return notFound(`there is no pipeline "${pipeline}"; known pipelines: ${names(plans.all())}`);
}

export function invalid(message: string): Refusal {
  return { ok: false, code: 'invalid', message };
}

function notFound(message: string): Refusal {
  return { ok: false, code: 'not-found', message };
}

function names(plans: readonly Plan[]): string {
  return plans.map((plan) => plan.pipeline).join(', ') || 'none';
}
