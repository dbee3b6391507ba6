/**
 * The driver is killed at every single call that a run makes, before and after its effect, and every call is sent
 * twice. Completion events may be lost with it. Whatever the point: the run finishes by the sweep, every durable step
 * took effect once, and nothing stays owed.
 */
import { describe, expect, it } from 'vitest';

import { admit } from '../../shared/engine/admit.ts';
import { drive } from '../../shared/engine/drive.ts';
import { PlanCache } from '../../shared/engine/plan-cache.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import type { CrashMoment } from '../fakes/crash.ts';
import { CrashingPorts, Killed } from '../fakes/crash.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

const plan = planOf([
  { name: '10_stage.sql' },
  { name: '20_load.sql', usesFile: true, usesManifest: true },
  { name: '30_check.sql', kind: 'check' },
  { name: '40_commit.sql', kind: 'durable' },
  { name: '50_audit.sql', kind: 'durable' },
]);

interface Outcome {
  readonly world: World;
  readonly calls: readonly string[];
  readonly runId: string;
}

/** One run from the file to its end, with a crash at call `at` (0: none), and the event of that moment lost or not. */
async function runWith(at: number, moment: CrashMoment, eventsAreLost: boolean): Promise<Outcome> {
  const world = new World();
  const crashing = new CrashingPorts(world);
  crashing.at = at;
  crashing.moment = moment;
  const plans = new PlanCache(crashing.ports.store);
  const file = fileOf('orders/1.csv');
  world.put(file);
  let runId = '';
  const survive = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  };
  const arrival = { file, time: new Date(world.time).toISOString() };
  // The queue delivers the event until it was taken without an error.
  for (let delivery = 0; delivery < 3 && runId === ''; delivery += 1) {
    await survive(async () => {
      const [started] = await admit(arrival, [plan], crashing.ports, plans, world.driver());
      runId = started?.run.id ?? '';
    });
  }
  const wake = (id: string, event: RunEvent) =>
    survive(() => drive(id, event, crashing.ports, plans, world.driver()));
  await wake(runId, { kind: 'Woken' });
  for (let minute = 0; minute < 40; minute += 1) {
    const running = world.warehouse.running();
    if (running?.name !== undefined) {
      const { event } = world.end();
      if (!eventsAreLost) await wake(runId, event);
    }
    if (eventsAreLost || world.warehouse.running() === undefined) {
      world.time += 100_000;
      await survive(() => sweep(crashing.ports, plans, world.driver()));
    }
    const run = world.store.runs.get(runId);
    if (run?.state === 'SUCCEEDED' && run.owed === undefined) break;
  }
  return { world, calls: crashing.calls, runId };
}

function expectFinishedOnce({ world, runId }: Outcome): void {
  const run = world.store.runs.get(runId);
  expect(run?.state).toBe('SUCCEEDED');
  expect(run?.owed).toBeUndefined();
  expect(run?.next).toBeUndefined();
  const submitted = world.warehouse.statements.filter((statement) => statement.name !== undefined);
  const steps = submitted.map((statement) => /step=(\S+)/.exec(statement.sqls[0] ?? '')?.[1]);
  expect(steps).toEqual(plan.steps.map((step) => step.name));
  expect([...(world.store.rows.get(runId)?.values() ?? [])].map((row) => [row.name, row.status])).toEqual(
    plan.steps.map((step) => [step.name, 'FINISHED']),
  );
  expect(world.store.pools.get('orders')?.holders).toEqual({});
  expect(world.types().filter((type) => type === 'Run Succeeded').length).toBeGreaterThanOrEqual(1);
}

describe.each<{ eventsAreLost: boolean; name: string }>([
  { eventsAreLost: false, name: 'with its events delivered' },
  { eventsAreLost: true, name: 'with all events lost' },
])('a run of five steps, $name', ({ eventsAreLost }) => {
  it('finishes without any crash', async () => {
    expectFinishedOnce(await runWith(0, 'before', eventsAreLost));
  });

  it.each<CrashMoment>(['before', 'after', 'twice'])(
    'finishes once wherever it is killed %s a call',
    async (moment) => {
      const calls = (await runWith(0, 'before', eventsAreLost)).calls.length;
      expect(calls).toBeGreaterThan(30);
      for (let at = 1; at <= calls; at += 1) {
        const outcome = await runWith(at, moment, eventsAreLost);
        try {
          expectFinishedOnce(outcome);
        } catch (error) {
          throw new Error(`killed ${moment} call ${at}, ${outcome.calls[at - 1] ?? '?'}`, { cause: error });
        }
      }
    },
  );
});
