/** The rules of a run that is to pause after a step, each as the change that removes it. */
import type { Guard } from './guard-list.ts';

function removed(name: string, file: string, find: string, replace: string): Guard {
  return { name, edits: [{ file, find, replace }] };
}

export const untilGuards: readonly Guard[] = [
  removed(
    'until: nothing is claimed after the step to pause after',
    'shared/run/claim.ts',
    '  if (isAsFarAsAsked(run, context)) return pause(run, context);\n',
    '',
  ),
  removed(
    'until: no group goes past the step to pause after',
    'shared/run/decision.ts',
    ` &&
    steps[run.cursor + count - 1]?.name !== run.until
`,
    '\n',
  ),
  removed(
    'until: a plan without the step to pause after lets nothing run',
    'shared/run/limits.ts',
    'cursor > plan.steps.findIndex(({ name }) => name === until)',
    'plan.steps[cursor - 1]?.name === until',
  ),
  removed(
    'until: a paused run keeps its slot',
    'shared/run/stop.ts',
    `const pendingActions = withMembers(run, ['history']);`,
    `const pendingActions = withMembers(run, ['history', 'release', 'wake']);`,
  ),
  removed(
    'until: nobody is told of a pause',
    'shared/run/stop.ts',
    `const pendingActions = withMembers(run, ['history']);`,
    `const pendingActions = withMembers(run, ['history', 'publish']);`,
  ),
  removed(
    'until: the row of the last step is written before a pause is over',
    'shared/run/stop.ts',
    `const pendingActions = withMembers(run, ['history']);`,
    'const pendingActions = withMembers(run, []);',
  ),
  removed(
    'until: a failed run still pauses where it was to pause',
    'shared/run/resume.ts',
    `asked ?? (life.state === 'PAUSED' ? undefined : until)`,
    'asked',
  ),
  removed(
    'until: a resume names no step to pause after that has run',
    'shared/run/resume.ts',
    '  if (index < first)\n',
    '  if (index < 0)\n',
  ),
  removed(
    'until: earlier versions leave a run alone that is to pause',
    'shared/store/run-item.ts',
    `  if (run.until !== undefined || run.life.state === 'PAUSED') return NEWEST_SCHEMA;\n`,
    '',
  ),
  removed(
    'until: files that wait for a paused run are held back',
    'shared/engine/slots.ts',
    '} else if (isAtRest(holder) && !isAtEnd(holder)) isHeldBack = true;',
    `} else if (holder.life.state === 'FAILED' || holder.life.state === 'NEEDS_DECISION') isHeldBack = true;`,
  ),
];
