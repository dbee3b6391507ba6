/** Answers about the files of a batch: listed, absorbed, compared, taken out. Each list is stored before the files' own runs change. */
import { firstLoad, lastingStep, smaller } from './batch.ts';
import { commandLine } from './command.ts';
import { claimAnewSeen, claimSeen, proceed } from './claim.ts';
import type { Context, Decision, Failed } from './decision.ts';
import {
  ask,
  currentStep,
  epochSeconds,
  failureOf,
  groupOf,
  nothing,
  READY,
  running,
  stepAt,
  store,
  without,
} from './decision.ts';
import { defined } from './defined.ts';
import { finishedStep } from './finished-step.ts';
import { inNewSession } from './new-session.ts';
import { isVerdict } from './retry.ts';
import type { FilesChecked, FilesGathered, FilesListed, FilesMarked, LoadErrorsRead } from './run-event.ts';
import type { ActiveRun, Leaving, Run } from './run.ts';
import { isClaimed, isSubmitted, isUnderway } from './run.ts';
import { afterLoad, loaderOf, notLoaded, onFailed, stopAfterStep } from './step-end.ts';
import { fail, giveUp, storeAtRest } from './stop.ts';
import { LONGEST_TEXT, shortened } from './text.ts';

export function onFilesGathered(
  run: ActiveRun,
  context: Context,
  { list, problem }: FilesGathered,
): Decision {
  if (run.batch?.phase !== 'GATHER') return nothing(run, 'the files are already listed');
  if (problem !== undefined) return fail(run, context, failureOf(run, 'input', problem));
  if (list === undefined) return withoutFiles(run, context);
  const listed = { ...list, seal: 1, leaving: [], isolated: 0 };
  return run.trigger.kind === 'batch'
    ? store({ ...run, batch: { phase: 'MARK', ...listed } }, { kind: 'MarkFiles', fresh: true })
    : // The files of a folder have no runs of their own.
      store({ ...run, batch: { phase: 'SEALED', ...listed } }, { kind: 'Wake' });
}

/** Every listed file was absorbed, or its run refused for good: all drivers that ask get the same list. */
export function onFilesMarked(run: ActiveRun, context: Context, { from, list }: FilesMarked): Decision {
  const { batch } = run;
  if (batch?.phase !== 'MARK' || batch.list !== from) return nothing(run, 'the files are already absorbed');
  if (list === 'unfinished') return nothing(run, 'the next driver absorbs the rest of the files');
  if (list === undefined) return withoutFiles(run, context);
  const seal = list.list === from ? batch.seal : batch.seal + 1;
  return proceed({ ...run, batch: { ...batch, ...list, phase: 'SEALED', seal } }, context);
}

function withoutFiles(run: ActiveRun, context: Context): Decision {
  if (run.trigger.kind !== 'batch') {
    const message = 'the folder of the marker file has no files, or all of them are newer than the marker';
    return fail(run, context, failureOf(run, 'input', message));
  }
  const message =
    'no file is left for this batch: they were cancelled, replaced by newer uploads, set aside, or belong to other runs';
  return storeAtRest(giveUp(run, context, failureOf(run, 'cancelled', message)));
}

/** The objects were compared with those of the events: before their load is claimed, or after it (`about`). */
export function onFilesChecked(run: ActiveRun, context: Context, event: FilesChecked): Decision {
  const { from, wrong, snapshot, about } = event;
  if (run.batch?.phase !== 'SEALED' || run.batch.list !== from)
    return nothing(run, 'the list of files has changed');
  const [first] = wrong;
  if (about !== undefined) {
    if (first === undefined) return afterLoad(run, context, about);
    const error = failureOf(run, 'input', whyOf(first), about.statementId);
    const { kind } = currentStep(run, context.plan);
    return kind === 'durable' || kind === 'opaque'
      ? afterLoad(run, context, about, error)
      : takeOut(run, context, wrong, notLoaded(run, context, about, error));
  }
  if (isSubmitted(run)) return nothing(run, 'the step is already submitted');
  if (first !== undefined) return takeOut(run, context, wrong);
  const atClaim = defined({ snapshot });
  return isClaimed(run) ? claimAnewSeen(run, context, atClaim) : claimSeen(run, context, atClaim);
}

function whyOf({ runId, error }: Leaving): string {
  return error?.message ?? `a newer upload of the file of run ${runId} was admitted`;
}

/** Asks for a list without these files, unless they have had permanent effect, or are no runs of their own. */
function takeOut(run: ActiveRun, context: Context, leaving: readonly Leaving[], about?: Failed): Decision {
  const kept = lastingStep(run, context.plan);
  const isFolder = run.trigger.kind !== 'batch';
  if (kept === undefined && !isFolder)
    return ask(run, { kind: 'ListAgain', without: leaving, ...defined({ about }) });
  const [why = ''] = leaving.map(whyOf);
  const rest = isFolder
    ? 'The files of a folder are loaded together or not at all: write the folder and its marker again'
    : `No file can be taken out of this batch: step ${kept ?? ''} has already taken effect`;
  const error = {
    ...failureOf(run, 'input', `${why}. ${rest}`),
    ...defined({ step: loaderOf(run, context)?.name }),
  };
  return about === undefined
    ? fail(run, context, error)
    : stopAfterStep(inNewSession(run, about.at), context, { ...about, error });
}

/** A list without some files was made. It is stored together with their names, so that their runs learn it whatever happens. */
export function onFilesListed(run: ActiveRun, context: Context, event: FilesListed): Decision {
  const { from, list, leaving, about } = event;
  const { batch } = run;
  if (batch?.phase !== 'SEALED' || batch.list !== from) return nothing(run, 'the list of files has changed');
  if (about === undefined && isSubmitted(run)) return nothing(run, 'the step is already submitted');
  if (about !== undefined && run.lastStep !== undefined) return ask(run, { kind: 'WriteHistory' });
  const lastStep = about && finishedStep(run, about, context);
  const left = { ...run, batch: smaller(batch, list, leaving), ...defined({ lastStep }) };
  if (list === undefined) return withoutFiles(left, context);
  const nextCheckAt = epochSeconds(context.now) + 90;
  return store(running(again(left, context, about), READY, nextCheckAt), { kind: 'TellLeaving' });
}

/** Where the run continues with fewer files: at the same step of its session, if that has no rows of the files that left. */
function again(run: ActiveRun, context: Context, about?: Failed): Run {
  const first = firstLoad(context.plan);
  const isRolledBack = about === undefined || isVerdict(about.error.class);
  const isInStep = run.cursor <= first && first < run.cursor + groupOf(run, context.plan);
  if (run.rebuild === undefined && isInStep && isRolledBack && run.session.state === 'open') {
    const attempt = isUnderway(run) ? run.attempt + 1 : run.attempt;
    return { ...run, attempt, firstAttempt: attempt };
  }
  const back = { ...without(run, 'rebuild'), ...stepAt(first, context), attempt: 1, firstAttempt: 1 };
  return inNewSession(back, first);
}

/** Nothing is submitted before: a file that left would else be loaded twice, by the batch and by its own run. */
export function onLeavingTold(run: ActiveRun, context: Context, list: string): Decision {
  if (run.batch?.phase !== 'SEALED' || run.batch.list !== list)
    return nothing(run, 'the list of files has changed');
  return isUnderway(run)
    ? nothing(run, 'the step is already claimed')
    : proceed({ ...run, batch: { ...run.batch, leaving: [] } }, context);
}

/** A load failed. The files that caused it are set aside if the pipeline says so; then the others are loaded. */
export function onLoadErrorsRead(run: ActiveRun, context: Context, event: LoadErrorsRead): Decision {
  const { about, message, badFiles } = event;
  const why = badFiles && whyKept(run, context, badFiles.length);
  const lines = [about.error.message, message, why ?? ''].filter((line) => line !== '');
  const text = shortened(lines.join('\n'), LONGEST_TEXT);
  const error = {
    ...failureOf(run, 'data', text, about.statementId),
    ...defined({ step: about.error.step, place: about.error.place }),
  };
  return onFailed(run, context, { ...about, error, ...(why === undefined ? defined({ badFiles }) : {}) });
}

/** Why so many files that cannot be loaded stay in their batch; undefined if they may leave. */
function whyKept(run: ActiveRun, { plan, stage }: Context, bad: number): string | undefined {
  const { batch } = run;
  const { isolateFiles } = plan;
  const kept = lastingStep(run, plan);
  if (kept !== undefined || batch?.phase !== 'SEALED')
    return `No file can be set aside: step ${kept ?? ''} has already taken effect`;
  const byHand = `To load the other files: ${commandLine(stage, `resume ${run.id} --without KEY`)}`;
  if (isolateFiles === undefined) return byHand;
  const all = batch.isolated + bad;
  if (all > isolateFiles)
    return `Not set aside: with this, ${all} files of the batch would be, and the limit is ${isolateFiles} (isolate: in pipeline.yml). ${byHand}`;
  return all * 2 > batch.files + batch.isolated
    ? `Not set aside: more than half of the files of the batch would be. ${byHand}`
    : undefined;
}
