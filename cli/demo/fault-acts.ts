/** The acts in which something is taken away: the session under a run, then the order and at last all of its events. */
import { sessionIdOf } from '../../shared/run/run.ts';
import { countOf } from '../runs/units.ts';
import type { Facts } from './facts.ts';
import { COMMIT_STEP, rowsAreRight, succeeded, TABLE } from './facts-of-runs.ts';
import type { Extract } from './products.ts';
import type { World } from './world.ts';

/** The run fails, and before anybody mends it its session ends: the temporary tables are gone. */
export async function sessionLostAct(
  world: World,
  facts: Facts,
  before: readonly Extract[],
  next: Extract,
): Promise<void> {
  facts.act('5. The session is lost before the commit step');
  await world.query(`ALTER TABLE ${TABLE} RENAME COLUMN valid_to TO ended_at`);
  const failed = await world.drop(next);
  const { run } = failed;
  facts.fact('the run failed at the commit step', run.step === COMMIT_STEP, run.life.state, failed.ms);
  await world.killSession(sessionIdOf(run) ?? '');
  facts.line('       its session was killed: its temporary tables are gone');
  await world.query(`ALTER TABLE ${TABLE} RENAME COLUMN ended_at TO valid_to`);
  const resumed = await world.resume(run.id);
  succeeded(facts, 'the resumed run succeeded', resumed);
  const isNew = resumed.run.generation === 2 && sessionIdOf(resumed.run) !== sessionIdOf(run);
  facts.fact('in a new session', isNew, (sessionIdOf(resumed.run) ?? '').slice(0, 8));
  const again = resumed.history.filter((row) => row.generation === 2).map((row) => row.name);
  facts.line(`       re-run: ${again.filter((name) => name !== COMMIT_STEP).join(', ')}`);
  const commits = resumed.history.filter((row) => row.name === COMMIT_STEP && row.status === 'FINISHED');
  facts.fact('the commit took effect once', commits.length === 1, countOf(commits.length, 'commit'));
  await rowsAreRight(world, facts, [...before, next]);
}

/** Every event is duplicated; then every completion event is lost, and the sweep alone finishes the run. */
export async function eventsAct(
  world: World,
  facts: Facts,
  before: readonly Extract[],
  doubled: Extract,
  lost: Extract,
): Promise<void> {
  facts.act('6. Every event is duplicated, then every completion event is lost');
  const twice = await world.withFault({ effect: { kind: 'duplicate', copies: 1 } }, () =>
    world.drop(doubled),
  );
  succeeded(facts, 'duplicate events: one successful run', twice);
  const attempts = twice.history.map((row) => `${row.name} ${row.attempt}`);
  facts.equal(
    'each step ran once',
    attempts.length,
    new Set(twice.history.map((row) => row.name)).size,
    countOf(attempts.length, 'step'),
  );
  await rowsAreRight(world, facts, [...before, doubled]);
  const silent = await world.withFault(
    { match: { source: 'aws.redshift-data' }, effect: { kind: 'drop' } },
    () => world.dropWhileTimePasses(lost),
  );
  succeeded(facts, 'no completion event: the run succeeded', silent);
  facts.line('       driven by the sweep alone; the local clock was advanced in steps of 1 min');
  await rowsAreRight(world, facts, [...before, doubled, lost]);
}
