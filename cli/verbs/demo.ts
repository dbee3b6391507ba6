import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildFolder, isProject } from '../../build/project.ts';
import { removePlaceOfHome } from '../../local/redshift/postgres/place.ts';
import { playActs } from '../demo/acts.ts';
import { Facts } from '../demo/facts.ts';
import { copySampleSql } from '../demo/sample-sql.ts';
import { createWorld, PIPELINE } from '../demo/world.ts';
import { endingOf } from '../errors.ts';
import { EXIT, usageError } from '../exit.ts';
import { localAdmin } from '../local/admin.ts';
import { startStack } from '../local/stack.ts';
import type { HistoryRow } from '../runs/run-reader.ts';
import { countOf, duration, stepTime } from '../runs/units.ts';
import type { Context, Verb } from '../verb.ts';

/** Steps are shown, not claimed: no `ok` and no `FAIL`, since the failure of the third act is meant. */
function demoStepLine(row: HistoryRow): string {
  const rows = row.rows === undefined ? row.status.toLowerCase() : countOf(row.rows, 'row');
  // A time of minutes is wider than its column: the clock was moved on.
  const time = stepTime(row);
  return `       ${row.name.padEnd(39)} ${rows.padEnd(32 - Math.max(time.length, 7))} ${time.padStart(7)}`;
}

/** The folder, and what PostgreSQL had to keep outside of it. */
function removeHome(home: string): void {
  rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  removePlaceOfHome(home);
}

/** Starts a local AWS of its own in `home`, plays the acts, stops it: whatever happens. */
async function play({ out, signal }: Context, home: string, facts: Facts): Promise<void> {
  const startedAt = Date.now();
  facts.act('A separate local AWS');
  const folder = join(home, 'extracts');
  mkdirSync(folder, { recursive: true });
  const sql = join(home, 'sql');
  copySampleSql(sql);
  if (!existsSync(join(sql, PIPELINE)))
    throw usageError(`the demo needs sql/${PIPELINE}, which does not exist`, `restore it: git checkout sql`);
  const stack = await startStack({
    home,
    port: 0,
    sql,
    // What it drops on request is an act of its own, and so is a failure.
    log: (line) => {
      if (!/^(events: dropped on request|message to )/.test(line)) out.say(line);
    },
  });
  try {
    facts.fact('built, started and set up', true, stack.ready.endpoint, Date.now() - startedAt);
    const world = await createWorld(stack.connection, {
      folder,
      signal,
      admin: localAdmin(stack.ready.endpoint),
      onStep: (row) => {
        facts.line(demoStepLine(row));
      },
    });
    await playActs(world, facts);
  } finally {
    await stack.stop();
  }
}

/** What to try after the demo; an installed Baton may have no project yet. */
const NEXT = [
  '',
  'Next, try it with your own files. In one terminal:',
  ...(isProject ? [] : ['  npx baton init etl && cd etl && npm install    makes a project']),
  '  npm start',
  'In another terminal:',
  '  npx baton drop samples/stores.csv --to stores/   uploads a file, shows its run',
  '  npx baton query "SELECT * FROM mart.stores"      shows the loaded rows',
  '  npx baton new orders                             creates your own pipeline',
  '  npx baton --help                                 lists all other commands',
];

export const demo: Verb = {
  name: 'demo',
  summary: 'run a demo: files, a failure, a resume, a lost session (npm run demo)',
  description: `
Starts a separate local AWS on a free port, in a temporary folder, independent of a
running npm start. Drops a first extract of 5,000 products, a second
with changed and new ones, and a third whose commit step fails; fixes the cause
and resumes the run in the same session. Then a run loses its session, which is
rebuilt; every event is duplicated; and all completion events are lost. It uses the
sample pipelines of sql/, not your own. Prints one line per
check, ok or FAIL; the exit code is 0 only if all checks pass.`,
  positionals: [],
  options: { keep: { help: 'keep the temporary folder' } },
  examples: ['npm run demo', 'baton demo --json'],
  run: async (context) => {
    const { args, out, json, signal } = context;
    const startedAt = Date.now();
    const home = mkdtempSync(join(tmpdir(), 'baton-demo-'));
    const builds = isProject || existsSync(buildFolder) ? undefined : buildFolder;
    const facts = new Facts(out, json);
    try {
      await play(context, home, facts);
    } catch (error) {
      if (signal.aborted) throw error;
      const { message, hint } = endingOf(error, { local: false });
      facts.fact('no unexpected error', false, hint === undefined ? message : `${message}; ${hint}`);
      if ((context.env['BATON_DEBUG'] ?? '') !== '')
        out.say(String(error instanceof Error ? error.stack : error));
    } finally {
      if (args.flag('keep')) out.say(`the demo's folder was kept: ${home}`);
      else removeHome(home);
      // Outside of a project it leaves nothing.
      if (builds !== undefined) rmSync(builds, { recursive: true, force: true, maxRetries: 3 });
    }
    const ms = Date.now() - startedAt;
    const held = facts.all.filter((fact) => fact.ok).length;
    facts.line('');
    facts.line(`${held} of ${facts.all.length} checks passed in ${duration(ms)}`);
    if (facts.hold) for (const line of NEXT) facts.line(line);
    if (json) out.json({ ok: facts.hold, ms, facts: facts.all });
    return facts.hold ? EXIT.done : EXIT.failed;
  },
};
