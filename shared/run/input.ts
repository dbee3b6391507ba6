/** The file of a run: only the object of its event may be loaded. It is looked at before the load is claimed, and again after it. */
import { commandLine } from './command.ts';
import type { Context } from './decision.ts';
import type { SeenFile } from './run-event.ts';
import type { Failure, Run } from './run.ts';
import { fileOf } from './trigger.ts';
import { shortened } from './text.ts';

/** Why what lies there now (undefined: nothing) may not be loaded; undefined where it may. */
export function wrongBefore(run: Run, context: Context, seen: SeenFile | undefined): Failure | undefined {
  // Of an earlier claim, which never loaded anything.
  const { inputSeen: _, ...unseen } = run;
  return inputFailure(
    unseen,
    seen,
    'before',
    `${newRun(run, seen)}; to end this one: ${cancel(run, context)}`,
  );
}

/** Why what lies there now need not be what was loaded. `lasts`: the step's effects are permanent. */
export function wrongAfter(
  run: Run,
  context: Context,
  seen: SeenFile | undefined,
  lasts: boolean,
): Failure | undefined {
  const then = lasts
    ? `The effects of step ${run.step ?? '?'} are permanent: check its tables, then run: ${commandLine(context.stage, `resolve ${run.id}`)} --applied | --abandon`
    : `${newRun(run, seen)}; to end this one: ${cancel(run, context)}`;
  return inputFailure(run, seen, 'while', then);
}

function inputFailure(
  run: Run,
  seen: SeenFile | undefined,
  when: 'before' | 'while',
  then: string,
): Failure | undefined {
  const file = fileOf(run.trigger);
  const changed = seen === undefined ? '' : difference(run, seen);
  if (file === undefined || changed === undefined) return undefined;
  const what = seen === undefined ? 'deleted' : 'overwritten';
  // A long key and long versions leave room for the command.
  const uri = shortened(`s3://${file.bucket}/${file.key}`, 300);
  const how = changed === '' ? '' : ` (${shortened(changed, 250)})`;
  return {
    class: 'input',
    message: `${uri} was ${what} ${when} it was loaded${how}. ${then}`,
    ...(run.step === undefined ? {} : { step: run.step }),
  };
}

/** The same etag is not enough: other bytes may have lain there in between, and been read. */
function difference({ trigger, inputSeen }: Run, seen: SeenFile): string | undefined {
  const file = fileOf(trigger);
  const compared = [
    ['etag', seen.etag, file?.etag, 'in the event'],
    ['version', seen.versionId, file?.versionId, 'in the event'],
    ['version', seen.versionId, inputSeen?.versionId, 'before the load'],
    ['last modified', seen.modified, inputSeen?.modified, 'before the load'],
  ] as const;
  const other = compared.find(([, now, then]) => now !== undefined && then !== undefined && now !== then);
  if (other === undefined) return undefined;
  const [name, now, then, where] = other;
  return `${name} ${now ?? ''}, ${where} ${then ?? ''}`;
}

function newRun({ trigger }: Run, seen: SeenFile | undefined): string {
  if (seen === undefined) return 'To load it, upload it again: that starts a new run';
  return trigger.kind === 's3'
    ? 'The newer upload has a run of its own'
    : 'To load what is there now, start a new run';
}

function cancel(run: Run, { stage }: Context): string {
  return commandLine(stage, `cancel ${run.id}`);
}
