/** Where in its file a statement failed. */
import { describe, expect, it } from 'vitest';

import { failurePlace } from '../../shared/engine/failure-place.ts';
import { commentOf } from '../../shared/engine/statements.ts';
import { startRun } from '../../shared/engine/start-run.ts';
import { compilePipeline } from '../../shared/pipeline/compile.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { Run } from '../../shared/run/run.ts';
import type { StatementStatus } from '../../shared/warehouse/warehouse.ts';
import { fileOf, World } from '../fakes/world.ts';

const YAML = 'on:\n  - s3: { prefix: orders/ }\n';

function planOf(sql: string): Plan {
  const files = new Map([
    ['pipeline.yml', YAML],
    ['40_commit.sql', sql],
  ]);
  const { plan, problems } = compilePipeline({ name: 'orders', files });
  if (plan === undefined) throw new Error(JSON.stringify(problems));
  return plan;
}

const THREE = `-- What is new.
DELETE FROM mart.dim
USING mart.news;

  INSERT INTO mart.log
  SELECT :run_id, nmae FROM mart.news;
UPDATE mart.dim SET seen = 1;
`;

async function runOf(world: World, plan: Plan): Promise<Run> {
  const file = fileOf('orders/1.csv');
  world.put(file);
  const trigger = { kind: 's3' as const, time: new Date(world.time).toISOString(), file };
  const { run } = await startRun(plan, trigger, {}, world.engine());
  return run;
}

async function placeIn(sql: string, more: Partial<StatementStatus>): Promise<string | undefined> {
  const world = new World();
  const plan = planOf(sql);
  const seen = { statementId: 's', status: 'FAILED' as const, rows: [], ...more };
  return failurePlace(seen, await runOf(world, plan), plan, world.ports.settings);
}

/** The position that the engine gives of a piece of the sent text. */
async function positionIn(sql: string, statement: string): Promise<number> {
  const plan = planOf(sql);
  const [step] = plan.steps;
  if (step === undefined) throw new Error('no step');
  return commentOf(await runOf(new World(), plan), step).length + statement.indexOf('nmae') + 1;
}

describe('the place of a failed statement', () => {
  it('is the start of the statement in its file', async () => {
    expect(await placeIn(THREE, { failed: 1, error: 'ERROR: column "nmae" does not exist' })).toBe(
      '40_commit.sql line 5, column 3 (statement 2 of 3)',
    );
    expect(await placeIn(THREE, { failed: 2, error: 'ERROR: x' })).toBe(
      '40_commit.sql line 7, column 1 (statement 3 of 3)',
    );
  });

  it('is the position that the error gives, whatever values were rendered before it', async () => {
    const runId = (await runOf(new World(), planOf(THREE))).id;
    const sent = `INSERT INTO mart.log\n  SELECT '${runId}', nmae FROM mart.news`;
    const error = `ERROR: column "nmae" does not exist\n  Position: ${await positionIn(THREE, sent)}`;
    expect(await placeIn(THREE, { failed: 1, error })).toBe(
      '40_commit.sql line 6, column 19 (statement 2 of 3)',
    );
  });

  it('is counted in characters, not bytes', async () => {
    const sql = "DELETE FROM mart.dim WHERE name = '𝄞é' AND nmae = 1;";
    const before = Array.from("DELETE FROM mart.dim WHERE name = '𝄞é' AND ").length;
    const comment = await positionIn(sql, 'nmae');
    expect(await placeIn(sql, { failed: 0, error: `ERROR: x\n  Position: ${comment + before}` })).toBe(
      `40_commit.sql line 1, column ${"DELETE FROM mart.dim WHERE name = '𝄞é' AND ".length + 1}`,
    );
  });

  it('is absent if it is not known which statement failed', async () => {
    expect(await placeIn(THREE, { error: 'ERROR: x' })).toBeUndefined();
  });
});

it('a data error that is no load error names the place of its statement', async () => {
  const world = new World();
  const { id } = await runOf(world, planOf(THREE));
  await world.drive(id);
  const statement = world.warehouse.running();
  const describeBefore = world.warehouse.describe.bind(world.warehouse);
  world.warehouse.describe = async (statementId) => {
    const seen = await describeBefore(statementId);
    return seen === 'NOT_FOUND' || statementId !== statement?.id ? seen : { ...seen, failed: 2 };
  };
  await world.finish('FAILED', { error: 'ERROR: division by zero' });
  const run = world.run(id);
  expect(run?.error).toMatchObject({
    class: 'data',
    message: 'ERROR: division by zero',
    place: '40_commit.sql line 7, column 1 (statement 3 of 3)',
    rolledBack: true,
  });
});

it('a step whose transaction was rolled back has the place of its error and no rows', async () => {
  const world = new World();
  const plan = planOf(THREE);
  const { id } = await runOf(world, plan);
  await world.drive(id);
  const statement = world.warehouse.running();
  const describeBefore = world.warehouse.describe.bind(world.warehouse);
  world.warehouse.describe = async (statementId) => {
    const seen = await describeBefore(statementId);
    return seen === 'NOT_FOUND' || statementId !== statement?.id ? seen : { ...seen, failed: 1 };
  };
  await world.finish('FAILED', { error: 'ERROR: column "nmae" does not exist', rows: [2, 0, 0, 0] });
  const run = world.run(id);
  if (run === undefined) throw new Error('no run');
  expect(run.error).toEqual({
    class: 'sql',
    message: 'ERROR: column "nmae" does not exist',
    step: '40_commit.sql',
    statementId: statement?.id,
    place: '40_commit.sql line 5, column 3 (statement 2 of 3)',
    rolledBack: true,
  });
  const rows = await world.store.history(id);
  expect(rows).toHaveLength(1);
  expect(rows[0]).not.toHaveProperty('rows');
});
