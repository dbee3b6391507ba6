/** The failure card: what people are told of a run that stopped, whatever stopped it. */
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { operate } from '../../shared/engine/operate.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import '../fakes/lazy-modules.ts';
import { fileOf, lineageOf, planOf, World } from '../fakes/world.ts';

const STAGE = { parts: ['CREATE TEMP TABLE stage (LIKE mart.dim)'], at: { line: 1, column: 1 } };
const MERGE = {
  parts: ['MERGE INTO mart.dim\nUSING stage\nON dim.id = stage.id\nREMOVE DUPLICATES;\n'],
  at: { line: 4, column: 1 },
};
const plan = planOf([
  {
    name: '10_stage.sql',
    statements: [STAGE],
    lineage: lineageOf({ createsTemp: ['stage'], shapes: ['mart.dim'] }),
  },
  { name: '20_load.sql', usesFile: true, lineage: lineageOf({ writesTemp: ['stage'] }) },
  {
    name: '30_merge.sql',
    kind: 'durable',
    statements: [MERGE],
    lineage: lineageOf({ readsTemp: ['stage'] }),
  },
]);

let world: World;

beforeEach(() => {
  world = new World();
});

async function arrive(of: Plan = plan): Promise<string> {
  const file = fileOf('orders/1.csv');
  world.put(file);
  world.time += 1000;
  const [started] = await admit({ file, time: new Date(world.time).toISOString() }, world.engine([of]));
  return started?.run.id ?? '';
}

async function failedAt(step: number, error: string): Promise<StoredRun> {
  const id = await arrive();
  await world.drive(id);
  for (let i = 0; i < step; i += 1) await world.finish();
  await world.finish('FAILED', { error });
  return world.run(id) as StoredRun;
}

const published = () => world.published.filter(({ source }) => source === 'baton');

it('counts no waiting files where the run lets its slot go: its file was deleted', async () => {
  const id = await arrive();
  world.objects.clear();
  await world.drive(id);
  await world.finish();
  const run = world.run(id) as StoredRun;
  expect(run).toMatchObject({ state: 'FAILED', error: { class: 'input' } });
  expect(run.card?.text).toContain('waiting  none: later files do not wait for this run');
  expect(published().at(-1)?.detail).not.toHaveProperty('waiting');
});

it('is one text in the run, in the event and in the log', async () => {
  const log = vi.spyOn(world.ports, 'log');
  const run = await failedAt(2, 'ERROR: relation "mart.dim" does not exist');
  const event = published().at(-1)?.detail;
  expect(run.card?.text).toContain('[test] orders FAILED at 30_merge.sql (sql)');
  expect(event).toMatchObject({ card: run.card?.text, failures: 1, outcome: 'not-applied', waiting: 0 });
  expect(log).toHaveBeenCalledWith(
    'error',
    'failure card',
    expect.objectContaining({ run: run.id, card: run.card?.text }),
  );
});

it('has the statement with line numbers and the marked place, the outcome, and what a resume would do', async () => {
  const id = await arrive();
  await world.drive(id);
  await world.finish();
  await world.finish();
  const before = world.warehouse.describe.bind(world.warehouse);
  vi.spyOn(world.warehouse, 'describe').mockImplementation(async (statementId) => {
    const seen = await before(statementId);
    return seen === 'NOT_FOUND' ? seen : { ...seen, failed: 0 };
  });
  const comment = `/* baton run=${id} step=30_merge.sql attempt=1 */\n`.length;
  await world.finish('FAILED', { error: `ERROR: syntax error Position: ${comment + 46};` });
  const { card } = world.run(id) as StoredRun;
  expect(card?.text.split('\n')).toEqual(
    expect.arrayContaining([
      '  at       30_merge.sql line 6, column 14',
      '  sql        4 | MERGE INTO mart.dim',
      '           > 6 | ON dim.id = stage.id',
      '  applied  no: its transaction was rolled back: it has no marker',
      '  resume   runs 30_merge.sql in its session while that is open, after that in a new one, where 10_stage.sql, 20_load.sql run again first.',
      `           Tables of 10_stage.sql, 20_load.sql stay as they are: if they must be made anew, npx baton resume ${id} --from 10_stage.sql --stage test`,
      `             npx baton resume ${id} --stage test`,
    ]),
  );
});

describe('the same run', () => {
  it('is told of again if it fails again, and once more when it is over', async () => {
    const { id } = await failedAt(2, 'ERROR: relation "mart.dim" does not exist');
    const ask = (requestId: string) =>
      operate({ verb: 'resume', requestId, runId: id, actor: 'me' }, world.engine([plan]));
    await ask('r1');
    await world.drive(id);
    await world.finish('FAILED', { error: 'ERROR: relation "mart.dim" does not exist' });
    await ask('r2');
    await world.drive(id);
    await world.finish();
    const events = published().map(({ type, detail }) => [
      type,
      detail['failures'],
      (detail['message'] as { title?: string } | undefined)?.title,
    ]);
    expect(events).toEqual([
      ['Run Failed', 1, '[test] orders FAILED at 30_merge.sql (sql)'],
      ['Run Failed', 2, '[test] orders FAILED at 30_merge.sql (sql)'],
      ['Run Succeeded', 2, '[test] orders SUCCEEDED; it had stopped 2 times'],
    ]);
    const threads = published().map(
      ({ detail }) => (detail['notification'] as { metadata?: object } | undefined)?.metadata,
    );
    expect(threads).toEqual(Array(3).fill(expect.objectContaining({ threadId: id })));
  });

  it('is told of with the same words if the event has to be sent again', async () => {
    const publish = world.ports.publisher.publish.bind(world.ports.publisher);
    let broken = true;
    vi.spyOn(world.ports.publisher, 'publish').mockImplementation(async (entries) => {
      await publish(entries);
      if (broken && entries[0]?.type === 'Run Failed') throw new Error('the reply is lost');
    });
    await expect(failedAt(2, 'ERROR: syntax error')).rejects.toThrow('the reply is lost');
    broken = false;
    // Meanwhile another file waits.
    const file = fileOf('orders/2.csv');
    world.put(file);
    await admit({ file, time: new Date(world.time).toISOString() }, world.engine([plan]));
    world.time += 100_000;
    await sweep(world.engine([plan]));
    const [first, second] = published().filter(({ type }) => type === 'Run Failed');
    expect(second).toBeDefined();
    expect(second).toEqual(first);
  });

  it('is not told of if it never failed', async () => {
    const id = await arrive();
    await world.drive(id);
    for (let i = 0; i < 3; i += 1) await world.finish();
    expect(published().at(-1)).toMatchObject({ type: 'Run Succeeded' });
    expect(published().at(-1)?.detail).not.toHaveProperty('message');
  });
});

it('has no character in its single lines that would break a template, and bounded parts', async () => {
  const run = await failedAt(
    2,
    `ERROR: syntax error at "a\\b"\n\u0007${'x'.repeat(5_000)}\n${'y\n'.repeat(500)}`,
  );
  const detail = published().at(-1)?.detail as Record<string, Record<string, string>>;
  for (const line of Object.values(detail['message'] ?? {})) {
    expect(line).not.toMatch(/["\\\p{Cc}]/u);
    expect(line.length).toBeLessThan(1_600);
    expect(line).not.toBe('');
  }
  expect(run.card?.text.length).toBeLessThan(8_000);
  expect(JSON.stringify(detail).length).toBeLessThan(60_000);
});
