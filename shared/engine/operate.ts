/** What a person asks for: start and resume, each with one clear answer. */
import type { OperateAnswer, OperateRequest } from '../events/requests.ts';
import { RefusedInputError } from '../events/read.ts';
import type { Plan } from '../pipeline/plan.ts';
import type { PersonRequest } from '../run/run-event.ts';
import type { RunFile } from '../run/trigger.ts';
import { isAtRest } from '../run/run.ts';
import { needsFile, unsuitableParameters } from './given-parameters.ts';
import { todaysView } from './todays-view.ts';
import { wake } from './wake.ts';
import type { PlanCache } from './plan-cache.ts';
import type { Driver, FoundFile, Ports } from './ports.ts';
import { startRun } from './start-run.ts';

export async function operate(
  request: OperateRequest,
  today: readonly Plan[],
  ports: Ports,
  plans: PlanCache,
  driver: Driver,
): Promise<OperateAnswer> {
  switch (request.verb) {
    case 'start':
      return start(request, today, ports, plans, driver);
    case 'resume':
      return resume(request, today, ports, plans, driver);
    case 'cancel':
    case 'resolve':
      return settle(request, ports, plans, driver);
    default:
      return request satisfies never;
  }
}

async function start(
  request: OperateRequest & { verb: 'start' },
  today: readonly Plan[],
  ports: Ports,
  plans: PlanCache,
  driver: Driver,
): Promise<OperateAnswer> {
  const plan = today.find((candidate) => candidate.pipeline === request.pipeline);
  if (plan === undefined)
    return notFound(`there is no pipeline "${request.pipeline}"; there are ${names(today)}`);
  const parameters = request.parameters ?? {};
  const wrong = unsuitableParameters(plan.parameters, parameters);
  if (wrong !== undefined) return { ok: false, code: 'invalid', message: wrong };
  const file = request.file === undefined ? undefined : parseFileUri(request.file);
  const found = file === undefined ? undefined : await ports.files.find(file.bucket, file.key);
  if (file !== undefined && found === undefined) return notFound(`there is no object ${request.file ?? ''}`);
  if (found === undefined && needsFile(plan)) {
    return {
      ok: false,
      code: 'invalid',
      message: `pipeline ${plan.pipeline} works on a file: name it with --file s3://bucket/key`,
    };
  }
  const trigger = {
    kind: 'request' as const,
    time: new Date(ports.now()).toISOString(),
    requestId: request.requestId,
    actor: request.actor,
    ...(found === undefined ? {} : { file: withoutTime(found) }),
  };
  const { run, created } = await startRun(plan, trigger, parameters, ports, plans, driver);
  await wake(run.id, ports);
  return {
    ok: true,
    runId: run.id,
    state: run.state,
    message: created ? `started ${run.id}` : `request ${request.requestId} started ${run.id} before`,
  };
}

/** The run's file is known by its content and version; when it was written is seen before each load. */
function withoutTime(found: FoundFile): RunFile {
  const { modified: _, ...file } = found;
  return file;
}

async function resume(
  request: OperateRequest & { verb: 'resume' },
  today: readonly Plan[],
  ports: Ports,
  plans: PlanCache,
  driver: Driver,
): Promise<OperateAnswer> {
  const run = await ports.store.load(request.runId);
  if (run === undefined) return notFound(`there is no run ${request.runId}`);
  const plan =
    today.find((candidate) => candidate.pipeline === run.pipeline) ?? (await plans.get(run.planHash));
  await plans.put(plan);
  const { driveRequest } = await import('./drive-request.ts');
  const { answer, run: after } = await driveRequest(
    run.id,
    {
      kind: 'ResumeRequested',
      requestId: request.requestId,
      actor: request.actor,
      plan: await todaysView(run, plan, plans),
      ...(request.from === undefined ? {} : { from: request.from }),
    },
    ports,
    plans,
    driver,
  );
  if (answer === undefined) return changedMeanwhile(run.id);
  if (!answer.ok) return answer;
  await wake(run.id, ports);
  return { ok: true, runId: run.id, state: after?.state ?? run.state, message: answer.message };
}

/** A word that ends a run, or lets it go on from where it stopped. */
async function settle(
  request: OperateRequest & { verb: 'cancel' | 'resolve' },
  ports: Ports,
  plans: PlanCache,
  driver: Driver,
): Promise<OperateAnswer> {
  const { requestId, actor, reason } = request;
  const who = { requestId, actor, ...(reason === undefined ? {} : { reason }) };
  const news: PersonRequest =
    request.verb === 'cancel'
      ? { kind: 'CancelRequested', ...who }
      : { kind: 'ResolveRequested', ...who, verdict: request.verdict };
  const { driveRequest } = await import('./drive-request.ts');
  const { answer, run } = await driveRequest(request.runId, news, ports, plans, driver);
  if (run === undefined) return notFound(`there is no run ${request.runId}`);
  if (answer === undefined) return changedMeanwhile(run.id);
  if (!answer.ok) return answer;
  if (!isAtRest(run)) await wake(run.id, ports);
  return { ok: true, runId: run.id, state: run.state, message: answer.message };
}

function changedMeanwhile(runId: string): OperateAnswer {
  return { ok: false, code: 'refused', message: `run ${runId} was changed by others meanwhile; ask again` };
}

/** @throws RefusedInputError */
export function parseFileUri(uri: string): { bucket: string; key: string } {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/([\s\S]+)$/.exec(uri) ?? [];
  if (bucket === undefined || key === undefined)
    throw new RefusedInputError(`a file is named s3://bucket/key; "${uri}" is not`);
  return { bucket, key };
}

function notFound(message: string): OperateAnswer {
  return { ok: false, code: 'not-found', message };
}

function names(plans: readonly Plan[]): string {
  return plans.map((plan) => plan.pipeline).join(', ') || 'none';
}
