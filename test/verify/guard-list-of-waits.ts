/** The rules of waiting in the call, each as the change that removes it. */
import type { Guard } from './guard-list.ts';

function removed(name: string, file: string, find: string, replace: string): Guard {
  return { name, edits: [{ file, find, replace }] };
}

export const waitGuards: readonly Guard[] = [
  removed(
    'only a driver waits for which no caller waits, and which drives one run',
    'shared/engine/waiting.ts',
    'driver.waits === true && driver.remainingMs() >= TIME_TO_WAIT_MS',
    'driver.remainingMs() >= TIME_TO_WAIT_MS',
  ),
  removed(
    'no wait begins that could last until the function is ended',
    'shared/engine/waiting.ts',
    'driver.waits === true && driver.remainingMs() >= TIME_TO_WAIT_MS',
    'driver.waits === true && driver.remainingMs() >= TIME_TO_WAIT_MS / 1_000',
  ),
  removed(
    'a wait that ran out records the submission, and concludes nothing',
    'shared/run/decide.ts',
    '  if (event.waited === true) return record(run, work);\n',
    '',
  ),
  removed(
    'a statement that is not described yet is not taken as forgotten',
    'shared/engine/statement-seen.ts',
    `  if (seen === 'NOT_FOUND' || seen.status === 'RUNNING')
    return`,
    `  if (seen === 'NOT_FOUND') return { kind: 'StatementSeen', statementId, status: 'NOT_FOUND' };
  if (seen.status === 'RUNNING')
    return`,
  ),
  removed(
    'a run is passed on for one statement: whoever hears of it late does nothing',
    'shared/run/decide.ts',
    'isSubmitted(run) && run.life.work.statementId === statementId && seconds > 0',
    'isSubmitted(run) && seconds > 0',
  ),
  removed(
    'a refused wake-up does not fail a drive whose statement is recorded',
    'shared/engine/perform.ts',
    `  await wake(id, engine, statementId).catch((error: unknown) => {
    engine.log('warn', 'no driver was woken to wait for the statement', { run: id, error });
  });`,
    '  await wake(id, engine, statementId);',
  ),
  removed(
    'the steps of a rebuild are not waited for',
    'shared/run/handoff.ts',
    'mayWait !== true || run.rebuild !== undefined ||',
    'mayWait !== true ||',
  ),
  removed(
    'a step that is waited for is not longer than what the memory pays for',
    'shared/run/handoff.ts',
    'Math.min(autoWaitMs * members, ',
    'Math.max(0, ',
  ),
  removed(
    'a group is not waited for longer than for each of its steps together, nor than five seconds',
    'shared/run/handoff.ts',
    ', MOST_SECONDS_OF_GROUP * 1000 - WAIT_MARGIN_MS)',
    ')',
  ),
  removed(
    'two waits in a row that ran out end the waiting',
    'shared/run/handoff.ts',
    'average > longest || runOutOf(duration) >= MOST_RUN_OUT',
    'average > longest',
  ),
  removed(
    'where waiting could use up the reserved concurrency, auto waits for nothing',
    'shared/engine/waiting.ts',
    'return reserved < needed ? { reserved, needed } : undefined;',
    'return reserved < 0 ? { reserved, needed } : undefined;',
  ),
  removed(
    'the letters of another plan are not those of this one',
    'shared/run/resume.ts',
    'today.hash === context.plan.hash\n',
    'today.steps.length > 0\n',
  ),
];
