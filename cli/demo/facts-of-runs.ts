/** Facts that several acts claim: a run that ended well, and a dimension whose every row is right. */
import { errorOf } from '../runs/run-parts.ts';
import { count } from '../runs/units.ts';
import { versionsAfter } from './expected.ts';
import type { Facts } from './facts.ts';
import type { Extract } from './products.ts';
import type { Outcome, World } from './world.ts';

export const TABLE = 'mart.product_dimension';
export const COMMIT_STEP = '50_commit.sql';

function shortOf(outcome: Outcome): string {
  return `${outcome.run.cursor} of ${outcome.run.steps} steps`;
}

async function readVersions(world: World) {
  const rows = await world.query(
    `SELECT product_id, name, category, price, is_current FROM ${TABLE} ORDER BY product_id, valid_from`,
  );
  return rows.map(([id, name, category, price, isCurrent]) => ({
    id: Number(id),
    name,
    category,
    price: String(price),
    isCurrent,
  }));
}

/** Compares every row and every column with what the extracts say. */
export async function rowsAreRight(
  world: World,
  facts: Facts,
  extracts: readonly Extract[],
  text = 'every row of the dimension is correct',
): Promise<void> {
  const startedAt = Date.now();
  const seen = await readVersions(world);
  const expected = versionsAfter(extracts);
  const wrong = expected.findIndex((version, i) => JSON.stringify(version) !== JSON.stringify(seen[i]));
  const ok = seen.length === expected.length && wrong === -1;
  const current = seen.filter((version) => version.isCurrent === true).length;
  const words = ok
    ? `${count(seen.length)} rows, ${count(current)} current`
    : `${count(seen.length)} of ${count(expected.length)} versions; row ${wrong + 1} differs`;
  facts.fact(text, ok, words, Date.now() - startedAt);
}

export function succeeded(facts: Facts, what: string, outcome: Outcome): boolean {
  const { run, ms } = outcome;
  const { state } = run.life;
  const words = state === 'SUCCEEDED' ? shortOf(outcome) : `${state}: ${errorOf(run)?.message ?? ''}`;
  return facts.fact(what, state === 'SUCCEEDED', words, ms);
}
