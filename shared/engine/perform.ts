/** Effects, carried out: one exhaustive switch from what the core asks to what the ports do, and the answer back. */
import type { Plan, Step } from '../pipeline/plan.ts';
import type { Effect } from '../run/effect.ts';
import type { RunEvent, SeenFile } from '../run/run-event.ts';
import type { Run } from '../run/run.ts';
import type { RunFile } from '../run/trigger.ts';
import { fileOf } from '../run/trigger.ts';
import { statementName } from '../warehouse/statement-name.ts';
import { historyRow } from './history.ts';
import type { PlanCache } from './plan-cache.ts';
import type { Driver, FoundFile, Ports } from './ports.ts';
import { statementsOf } from './statements.ts';
import { seeStatement } from './statement-seen.ts';

/** Time that must be left in the invocation after a pause, for what follows it. */
const RESERVE_MS = 10_000;

/** Undefined: nothing more to do in this invocation; the sweep or an event goes on. */
export async function perform(
  effect: Effect,
  run: Run,
  plan: Plan,
  ports: Ports,
  plans: PlanCache,
  driver: Driver,
): Promise<RunEvent | undefined> {
  const { warehouse, files } = ports;
  switch (effect.kind) {
    case 'TakeSlot': {
      // Once a run.
      const { takeSlot } = await import('./slots.ts');
      return takeSlot(run, ports, plans);
    }
    case 'OpenSession': {
      const [opened] = await Promise.all([
        warehouse.open({
          set: plan.session.set,
          name: `baton:${ports.settings.stage}:open:${run.id}:${run.generation}`,
          ...(plan.warehouse === undefined ? {} : { warehouse: plan.warehouse }),
        }),
        ports.publisher.publish([
          {
            source: 'baton',
            type: 'Run Started',
            detail: { runId: run.id, pipeline: run.pipeline, trigger: run.trigger },
          },
        ]),
      ]);
      if (!opened.ok)
        return { kind: 'CallRefused', call: 'open', refusal: opened.refusal, tries: effect.tries };
      return { kind: 'SessionOpened', ...opened.value };
    }
    case 'ProveSession': {
      const sessionId = sessionOf(run);
      const proved = await warehouse.runSmall(sessionId, 'ROLLBACK', plan.session.keepAliveSeconds);
      if (!proved.ok)
        return { kind: 'CallRefused', call: 'prove', refusal: proved.refusal, tries: effect.tries };
      return { kind: 'SessionProved', sessionId };
    }
    case 'LookUpSession':
      return { kind: 'SessionSeen', status: await warehouse.session(sessionOf(run)), why: effect.why };
    case 'CheckInput': {
      const { bucket, key } = inputOf(run);
      const found = await files.find(bucket, key);
      return {
        kind: 'InputChecked',
        ...(found === undefined ? {} : { seen: seenOf(found) }),
        ...(effect.end === undefined ? {} : { end: effect.end }),
      };
    }
    case 'Submit':
      return submit(run, plan, ports, effect.tries);
    case 'LookUpName': {
      const token = tokenOf(run);
      const statementId = await warehouse.findByName(nameOf(run, ports));
      return {
        kind: 'NameLookedUp',
        token,
        why: effect.why,
        ...(statementId === undefined ? {} : { statementId }),
      };
    }
    case 'Describe':
      return seeStatement(
        await warehouse.describe(effect.statementId),
        effect.statementId,
        run,
        plan,
        stepOf(run, plan),
        ports,
      );
    case 'ReadVerdict': {
      const { readVerdict } = await import('./verdict.ts');
      return readVerdict(effect.end, stepOf(run, plan), warehouse);
    }
    case 'ReadLoadErrors': {
      const { explainDataError } = await import('./load-errors.ts');
      return {
        kind: 'LoadErrorsRead',
        message: await explainDataError(run, plan, effect.end, ports),
        end: effect.end,
      };
    }
    case 'WriteHistory':
      await ports.store.putHistory(run.id, await historyRow(effect.row, plan, warehouse));
      return { kind: 'HistoryWritten', row: effect.row, afterwards: effect.afterwards };
    case 'PlanRebuild': {
      const { planRebuild } = await import('./plan-rebuild.ts');
      return planRebuild(run, plan, effect.target, effect.failure, ports);
    }
    case 'ProbeMarker': {
      const { probeMarker } = await import('./probe-marker.ts');
      return probeMarker(run, plan, effect.failure, effect.end, ports);
    }
    case 'AskVerify': {
      const { askVerify } = await import('./ask-verify.ts');
      return askVerify(run, plan, effect.failure, ports);
    }
    case 'CancelStatement':
      await warehouse.cancel(effect.statementId);
      return { kind: 'CancelSent' };
    case 'PerformDuty': {
      // Once a run, at its end: the steps before it do not load it.
      const { performDuty } = await import('./duties.ts');
      await performDuty(effect.duty, run, plan, ports, plans);
      return { kind: 'DutyDone', duty: effect.duty };
    }
    case 'Pause': {
      if (driver.remainingMs() < effect.ms + RESERVE_MS) return undefined;
      await ports.pause(effect.ms);
      if (effect.afterwards.kind === 'Wake') return { kind: 'Woken' };
      return perform(effect.afterwards, run, plan, ports, plans, driver);
    }
    default:
      return effect satisfies never;
  }
}

/** The submission, with the history row of the step before it written beside, so that it delays nothing. */
async function submit(run: Run, plan: Plan, ports: Ports, tries: number): Promise<RunEvent> {
  const step = stepOf(run, plan);
  const token = tokenOf(run);
  const sqls = renderedOrRefused(run, plan, step, ports);
  if (!Array.isArray(sqls)) return { ...sqls, tries };
  const submission = ports.warehouse.submit({
    sessionId: sessionOf(run),
    name: nameOf(run, ports),
    token,
    sqls,
    transaction: step.send === 'transaction',
    keepAliveSeconds: plan.session.keepAliveSeconds,
  });
  const [submitted, history] = await Promise.allSettled([submission, writeLast(run, plan, ports)]);
  if (submitted.status === 'rejected') throw submitted.reason;
  if (history.status === 'rejected')
    ports.log('warn', 'the history row is written later', { run: run.id, error: String(history.reason) });
  if (!submitted.value.ok)
    return { kind: 'CallRefused', call: 'submit', refusal: submitted.value.refusal, tries };
  ports.log('info', 'step submitted', {
    run: run.id,
    pipeline: run.pipeline,
    step: step.name,
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

async function writeLast(run: Run, plan: Plan, ports: Ports): Promise<void> {
  if (run.last !== undefined)
    await ports.store.putHistory(run.id, await historyRow(run.last, plan, ports.warehouse));
}

/** SQL that cannot be rendered (a parameter without a value) is the run's failure, not the driver's crash. */
function renderedOrRefused(
  run: Run,
  plan: Plan,
  step: Step,
  ports: Ports,
): string[] | (RunEvent & { kind: 'CallRefused' }) {
  try {
    return statementsOf(run, plan, step, ports.settings);
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

function nameOf(run: Run, ports: Ports): string {
  return statementName({
    stage: ports.settings.stage,
    runId: run.id,
    generation: run.generation,
    step: run.cursor,
    attempt: run.attempt,
    nonce: run.nonce ?? 1,
    token: tokenOf(run),
  });
}

function stepOf(run: Run, plan: Plan): Step {
  const step = plan.steps[run.cursor];
  if (step === undefined) throw new Error(`run ${run.id}: step ${run.cursor} is not in plan ${plan.hash}`);
  return step;
}

function inputOf({ id, trigger }: Run): RunFile {
  const file = fileOf(trigger);
  if (file === undefined) throw new Error(`run ${id} has no file`);
  return file;
}

function seenOf({ etag, versionId, modified }: FoundFile): SeenFile {
  return {
    etag,
    ...(versionId === undefined ? {} : { versionId }),
    ...(modified === undefined ? {} : { modified }),
  };
}

function sessionOf(run: Run): string {
  if (run.sessionId === undefined) throw new Error(`run ${run.id} has no session`);
  return run.sessionId;
}

function tokenOf(run: Run): string {
  if (run.token === undefined) throw new Error(`run ${run.id} has no claim`);
  return run.token;
}
