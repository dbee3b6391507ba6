/** The file of a run: only the object of its event may be loaded. It is checked before the load is claimed, and again after it. */
import { commandLine } from './command.ts';
import type { Context } from './decision.ts';
import { failureOf } from './decision.ts';
import type { SeenFile } from './run-event.ts';
import type { Failure, FileAtClaim, Run } from './run.ts';
import { underwayOf } from './run.ts';
import type { RunFile } from './trigger.ts';
import { fileOf } from './trigger.ts';
import { shortened } from './text.ts';

/** Why the current object (undefined: none) may not be loaded; undefined if it may. */
export function wrongBefore(run: Run, context: Context, seen: SeenFile | undefined): Failure | undefined {
  const then = `${newRun(run, seen)}; to cancel this one: ${cancel(run, context)}`;
  return changed(run, seen, undefined, (what, how) => `${what} before it was loaded${how}. ${then}`);
}

/** Why the current object may differ from the one that was loaded. `lasts`: the step's effects are permanent. */
export function wrongAfter(
  run: Run,
  context: Context,
  seen: SeenFile | undefined,
  lasts: boolean,
): Failure | undefined {
  const then = lasts
    ? `The effects of step ${run.step} are permanent: check its tables, then run: ${commandLine(context.stage, `resolve ${run.id}`)} --applied | --abandon`
    : `${newRun(run, seen)}; to cancel this one: ${cancel(run, context)}`;
  const before = underwayOf(run)?.fileAtClaim;
  return changed(run, seen, before, (what, how) => `${what} while it was loaded${how}. ${then}`);
}

/**
 * `s3://b/k was overwritten` and ` (etag ...)`: how the current object may differ from that of the event; undefined if it is
 * the same.
 */
export function changeOf(
  file: RunFile,
  seen: SeenFile | undefined,
  atClaim: FileAtClaim | undefined,
): readonly [what: string, how: string] | undefined {
  const other = seen === undefined ? '' : difference(file, atClaim, seen);
  if (other === undefined) return undefined;
  // A long key and long versions leave room for the command.
  const uri = shortened(`s3://${file.bucket}/${file.key}`, 300);
  const what = `${uri} was ${seen === undefined ? 'deleted' : 'overwritten'}`;
  return [what, other === '' ? '' : ` (${shortened(other, 250)})`];
}

function changed(
  run: Run,
  seen: SeenFile | undefined,
  atClaim: FileAtClaim | undefined,
  message: (what: string, how: string) => string,
): Failure | undefined {
  const file = fileOf(run.trigger);
  const change = file && changeOf(file, seen, atClaim);
  return change && failureOf(run, 'input', message(...change));
}

/** The same etag is not enough: another object may have been there in between, and been read. */
function difference(file: RunFile, atClaim: FileAtClaim | undefined, seen: SeenFile): string | undefined {
  const compared = [
    ['etag', seen.etag, file.etag, 'in the event'],
    ['version', seen.versionId, file.versionId, 'in the event'],
    ['version', seen.versionId, atClaim?.versionId, 'before the load'],
    ['last modified', seen.modified, atClaim?.modified, 'before the load'],
  ] as const;
  const other = compared.find(([, now, then]) => now !== undefined && then !== undefined && now !== then);
  if (other === undefined) return undefined;
  const [name, now, then, where] = other;
  return `${name} ${now ?? ''}, ${where} ${then ?? ''}`;
}

function newRun({ trigger }: Run, seen: SeenFile | undefined): string {
  if (seen === undefined) return 'To load it, upload it again: that starts a new run';
  return trigger.kind === 's3'
    ? 'The newer upload has its own run'
    : 'To load the current object, start a new run';
}

function cancel(run: Run, { stage }: Context): string {
  return commandLine(stage, `cancel ${run.id}`);
}
