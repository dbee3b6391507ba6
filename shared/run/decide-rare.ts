/** The part of `decide` for failures and cancelling: functions load it when needed. */
import { onCancelledEnd, onCancelling, onCancellingWoken } from './cancel.ts';
import { believed, doubted } from './completion.ts';
import type { Context, Decision } from './decision.ts';
import { nothing, store } from './decision.ts';
import {
  onFilesChecked,
  onFilesGathered,
  onFilesListed,
  onFilesMarked,
  onLeavingTold,
  onLoadErrorsRead,
} from './files-of-batch.ts';
import { onMarkerProbed, onVerifyQueryRead } from './probe.ts';
import { onRebuildPlanned } from './rebuild.ts';
import type { RunEvent } from './run-event.ts';
import type { CancellingRun, FailureCard, Run } from './run.ts';
import { isActive, isCancelling, isStopped } from './run.ts';
import { onCallRefused, onNameLookedUp, onSessionOpening, onSessionSeen } from './submission.ts';
import { bounded } from './text.ts';
import { onDriveFailed } from './trouble.ts';

export function decideRare(run: Run, happened: RunEvent, context: Context): Decision {
  const event = bounded(happened);
  if (event.kind === 'DriveFailed') return onDriveFailed(run, context, event.message);
  if (event.kind === 'CardMade') return onCardMade(run, event.card);
  if (isCancelling(run)) return onCancelled(run, context, event);
  if (!isActive(run)) return nothing(run, `the run is ${run.life.state}`);
  switch (event.kind) {
    case 'CallRefused':
      return onCallRefused(run, context, event);
    case 'SessionOpening':
      return onSessionOpening(run, event);
    case 'SessionSeen':
      return onSessionSeen(run, context, event);
    case 'NameLookedUp':
      return onNameLookedUp(run, context, event);
    case 'LoadErrorsRead':
      return onLoadErrorsRead(run, context, event);
    case 'FilesGathered':
      return onFilesGathered(run, context, event);
    case 'FilesMarked':
      return onFilesMarked(run, context, event);
    case 'FilesListed':
      return onFilesListed(run, context, event);
    case 'FilesChecked':
      return onFilesChecked(run, context, event);
    case 'LeavingTold':
      return onLeavingTold(run, context, event.list);
    case 'RebuildPlanned':
      return onRebuildPlanned(run, context, event);
    case 'MarkerProbed':
      return onMarkerProbed(run, context, event);
    case 'VerifyQueryRead':
      return onVerifyQueryRead(run, context, event);
    case 'CancelSent':
      return nothing(run, 'requested cancellation of the statement');
    default:
      return nothing(run, `${event.kind} does not apply here`);
  }
}

function onCancelled(run: CancellingRun, context: Context, event: RunEvent): Decision {
  if (event.kind === 'Woken') return onCancellingWoken(run, context);
  if (event.kind !== 'StatementEnded') return onCancelling(run, context, event);
  const heard = believed(run.life.work, event);
  if (!('work' in heard)) return doubted(run, heard);
  return onCancelledEnd({ ...run, life: { ...run.life, work: heard.work } }, context, event);
}

/** Stored before it is sent: whoever sends it again sends the same. */
function onCardMade(run: Run, card: FailureCard): Decision {
  if (!isStopped(run) || !run.life.pendingActions.includes('publish') || run.life.card !== undefined)
    return nothing(run, 'the run was published before');
  return store({ ...run, life: { ...run.life, card } }, { kind: 'PerformActions' });
}
