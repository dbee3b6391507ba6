/** The rules of a query in the session of a run, each as the change that removes it. */
import type { Guard } from './guard-list.ts';

const FILE = 'shared/engine/query.ts';

function removed(name: string, find: string, replace: string): Guard {
  return { name, edits: [{ file: FILE, find, replace }] };
}

export const queryGuards: readonly Guard[] = [
  removed(
    'no query enters the session of a run while a statement of the run is due',
    `    case 'CANCELLING':
      return \`run`,
    `    case 'CANCELLING':
      if (run.session.state === 'open') return run.session;
      return \`run`,
  ),
  removed(
    'a query that is tried again reads the run again: it may have been resumed',
    `  for (let tries = 1; ; tries += 1) {
    // Read again before each try: the run may have been resumed.
    const run = await engine.store.load(request.runId);
`,
    `  const run = await engine.store.load(request.runId);
  for (let tries = 1; ; tries += 1) {
`,
  ),
  removed(
    'a query that takes long is cancelled: it does not hold the session of the run',
    '    await warehouse.cancel(statementId);\n',
    '',
  ),
  removed(
    'a stage may allow no queries in sessions of runs',
    '  if (!isOn)\n',
    "  if (!isOn && request.sql === '')\n",
  ),
  removed(
    'only what reads enters the session of a run',
    `  if (problem !== undefined) return { ok: false, code: 'invalid', message: problem };
`,
    '',
  ),
];
