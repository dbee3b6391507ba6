/** The rules of steps that are sent as one transaction, each as the change that removes it. */
import type { Guard } from './guard-list.ts';

function removed(name: string, file: string, find: string, replace: string): Guard {
  return { name, edits: [{ file, find, replace }] };
}

export const groupGuards: readonly Guard[] = [
  removed(
    'a step whose group was rolled back has not finished',
    'shared/run/finished-step.ts',
    `isKept ? 'FINISHED' : 'ROLLED_BACK'`,
    `isKept ? 'FINISHED' : 'FINISHED'`,
  ),
  removed(
    'a failed check has committed its group, which does not run again',
    'shared/run/step-end.ts',
    `error: { ...error, step }, at, isKept: true });`,
    `error: { ...error, step }, at });`,
  ),
  removed(
    'the checks of a group are read',
    'shared/run/step-end.ts',
    '[currentStep(run, plan), ...membersOf(run, plan)].some(',
    '[currentStep(run, plan)].some(',
  ),
  removed(
    'the file of a group is checked, whichever of its steps loads it',
    'shared/run/claim.ts',
    'membersOf(run, plan).some(({ usesFile }) => usesFile) &&',
    'plan.steps[run.cursor]?.usesFile === true &&',
  ),
  removed(
    'all steps of a group are done with it',
    'shared/run/step-end.ts',
    'run.cursor + groupOf(run, context.plan)',
    'run.cursor + 1',
  ),
  removed(
    'nothing is sent together while a session is rebuilt',
    'shared/run/decision.ts',
    `run.rebuild !== undefined || steps`,
    `steps`,
  ),
  removed(
    'the parts of a group are counted from the step before on',
    'shared/engine/group.ts',
    '    from = to;\n',
    '',
  ),
  removed(
    'the verdict of a check is that of its own part of the group',
    'shared/engine/verdict.ts',
    '`${statementId}:${before + 1}`',
    '`${statementId}:${Math.min(before, 0) + 1}`',
  ),
];
