/** The acts of the demo: a first extract, a second, a third that fails and is resumed; then what is lost on the way. */
import { sessionIdOf } from '../../shared/run/run.ts';
import type { Cell } from '../aws/sql-client.ts';
import { errorOf, resumeWithOf } from '../runs/run-parts.ts';
import { count, countOf } from '../runs/units.ts';
import type { Facts } from './facts.ts';
import { COMMIT_STEP, rowsAreRight, succeeded, TABLE } from './facts-of-runs.ts';
import { eventsAct, sessionLostAct } from './fault-acts.ts';
import { firstExtract, nextExtract, type Extract } from './products.ts';
import type { Outcome, World } from './world.ts';

const FIRST_COUNT = 5000;

/** Every attempt of the other steps, with its statement. */
function attemptsBefore(outcome: Outcome, step: string): string[] {
  return outcome.history
    .filter((row) => row.name !== step)
    .map((row) => `${row.name} ${row.attempt} ${row.statementId ?? ''}`);
}

function oneSession(facts: Facts, { run }: Outcome): void {
  facts.fact('all steps ran in one session', run.generation === 1, (sessionIdOf(run) ?? '').slice(0, 8));
}

async function firstAct(world: World, facts: Facts, first: Extract): Promise<void> {
  facts.act(`1. A first extract: ${countOf(first.products.length, 'product')}`);
  const outcome = await world.drop(first);
  succeeded(facts, 'the run of the dropped file succeeded', outcome);
  oneSession(facts, outcome);
  await rowsAreRight(world, facts, [first]);
}

/** One product with all of its versions, as a person would look at it. */
async function showVersions(world: World, facts: Facts): Promise<void> {
  const rows = await world.query(`
    SELECT product_id, price, valid_from, valid_to, is_current
    FROM ${TABLE}
    WHERE product_id = (SELECT MIN(product_id) FROM ${TABLE} WHERE NOT is_current)
    ORDER BY valid_from`);
  const text = (cell: Cell | undefined): string => String(cell ?? '').slice(0, 19);
  for (const [id, price, from, to, current] of rows) {
    const until = current === true ? 'now' : text(to);
    facts.line(`       product ${text(id)}  ${text(price).padStart(8)}  from ${text(from)}  to ${until}`);
  }
  facts.fact('a changed product has two versions', rows.length === 2, countOf(rows.length, 'version'));
}

async function secondAct(world: World, facts: Facts, first: Extract, second: Extract): Promise<void> {
  facts.act(`2. A second extract: ${count(second.changed)} changed, ${count(second.added)} new`);
  const outcome = await world.drop(second);
  succeeded(facts, 'the run of the dropped file succeeded', outcome);
  await rowsAreRight(world, facts, [first, second]);
  await showVersions(world, facts);
}

async function thirdAct(
  world: World,
  facts: Facts,
  before: readonly Extract[],
  third: Extract,
): Promise<void> {
  facts.act('3. A third extract, whose commit step fails');
  await world.query(`ALTER TABLE ${TABLE} RENAME COLUMN valid_to TO ended_at`);
  facts.line('       a column that the commit step needs was renamed');
  const failed = await world.drop(third);
  const { run } = failed;
  facts.fact(
    'the run failed at the commit step',
    run.life.state === 'FAILED' && run.step === COMMIT_STEP,
    run.life.state,
    failed.ms,
  );
  const error = errorOf(run);
  const message = error?.message ?? '';
  facts.fact("the warehouse's own error is shown", message.includes('valid_to'), error?.class ?? '');
  for (const line of message.split('\n').slice(0, 2)) facts.line(`       ${line.trim().slice(0, 72)}`);
  facts.fact(
    'the command to resume is shown',
    resumeWithOf(run)?.command.includes(run.id) === true,
    'resumeWith',
  );
  facts.line(`       ${resumeWithOf(run)?.command ?? ''}`);

  facts.act('4. The cause is fixed and the run resumed');
  await world.query(`ALTER TABLE ${TABLE} RENAME COLUMN ended_at TO valid_to`);
  await rowsAreRight(world, facts, before, 'the failed run changed no row');
  const resumed = await world.resume(run.id);
  succeeded(facts, 'the resumed run succeeded', resumed);
  const sessionId = sessionIdOf(resumed.run);
  facts.fact(
    'in the same session',
    sessionId === sessionIdOf(run) && sessionId !== undefined && resumed.run.generation === 1,
    (sessionId ?? '').slice(0, 8),
  );
  const earlier = attemptsBefore(failed, COMMIT_STEP);
  facts.equal(
    'the earlier steps were not re-run',
    attemptsBefore(resumed, COMMIT_STEP),
    earlier,
    `${earlier.length} steps, one attempt each`,
  );
  const commits = resumed.history.filter((row) => row.name === COMMIT_STEP).map((row) => row.status);
  facts.equal('the commit step ran twice', commits, ['FAILED', 'FINISHED'], commits.join(', '));
  await rowsAreRight(world, facts, [...before, third]);
}

/** Plays all of it; an act is left out when the one before did not hold. */
export async function playActs(world: World, facts: Facts): Promise<void> {
  const first = firstExtract(FIRST_COUNT);
  const second = nextExtract(first, 2, { changed: 150, added: 120 });
  const third = nextExtract(second, 3, { changed: 100, added: 80 });
  await firstAct(world, facts, first);
  if (facts.hold) await secondAct(world, facts, first, second);
  if (facts.hold) await thirdAct(world, facts, [first, second], third);
  const fourth = nextExtract(third, 4, { changed: 60, added: 40 });
  const fifth = nextExtract(fourth, 5, { changed: 50, added: 30 });
  const sixth = nextExtract(fifth, 6, { changed: 40, added: 20 });
  const before = [first, second, third];
  if (facts.hold) await sessionLostAct(world, facts, before, fourth);
  if (facts.hold) await eventsAct(world, facts, [...before, fourth], fifth, sixth);
}
