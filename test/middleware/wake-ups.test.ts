/** A wake-up that fails loses nothing, so it fails nothing: neither a file's message nor a request becomes a dead letter. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { handler as operate } from '../../functions/operate.ts';
import { handler as startRun } from '../../functions/start-run.ts';
import type { Publisher } from '../../shared/engine/ports.ts';
import { withLossyWakeUps } from '../../shared/middleware/wake-ups.ts';
import { arrivalOf, batchOf, breakPorts, type Held, invoke, type Stage, stageFor } from './function-lines.ts';

const held = vi.hoisted((): Held => ({ wiring: undefined, plans: [] }));
vi.mock('../../shared/middleware/wiring.ts', () => ({ wiring: () => held.wiring }));

const publisher: Publisher = { publish: () => Promise.reject(new Error('EventBridge does not answer')) };

let stage: Stage;

beforeEach(() => {
  stage = stageFor(held);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const LINE = 'the run was not woken, the sweep drives it';

describe('while EventBridge refuses events', () => {
  test('a file starts its run, and its message is done', async () => {
    breakPorts(held, { publisher });
    // One that comes alone is driven at once.
    const files = batchOf(arrivalOf('orders/a.csv'), arrivalOf('orders/b.csv'));
    expect(await invoke(startRun, files)).toEqual({ batchItemFailures: [] });
    const [holder] = Object.keys(stage.world.store.pools.get('orders')?.holders ?? {});
    const run = stage.world.store.runs.get(holder ?? '');
    expect(run).toMatchObject({ life: { state: 'QUEUED' }, trigger: { kind: 's3' } });
    expect(stage.lines).toContainEqual(
      expect.objectContaining({
        level: 'WARN',
        message: LINE,
        runs: [run?.id],
        error: expect.objectContaining({ message: 'EventBridge does not answer' }) as unknown,
      }),
    );
  });

  test('a schedule that is due starts its run', async () => {
    breakPorts(held, { publisher });
    held.plans = held.plans.map((plan) => ({
      ...plan,
      triggers: [{ kind: 'schedule', expression: 'rate(1 hour)', timezone: 'UTC' }],
    }));
    await invoke(startRun, {
      source: 'baton.schedule',
      stage: 'test',
      pipeline: 'orders',
      trigger: 'rate(1 hour)',
      scheduledTime: '2026-11-24T08:00:00Z',
    });
    expect(await stage.world.store.listRuns('orders', 10)).toHaveLength(1);
  });

  test('a request that came as an event is executed, and its answer stored', async () => {
    breakPorts(held, { publisher });
    const event = {
      source: 'baton.request',
      'detail-type': 'Run Requested',
      detail: { requestId: 'q', actor: 'kim', pipeline: 'orders' },
    };
    const answer = (await invoke(operate, event)) as { ok: boolean; message: string };
    expect(answer).toMatchObject({ ok: true, state: 'QUEUED' });
    // The answer's own message is the line's.
    expect(stage.lines.filter(({ message }) => message === answer.message)).toEqual([
      expect.objectContaining({ level: 'INFO', state: 'QUEUED', ok: true }),
    ]);
  });

  test('the end of a run is still published, or its drive fails and is repeated', async () => {
    const lossy = withLossyWakeUps({ ...stage.world.ports, publisher });
    const succeeded = { source: 'baton', type: 'Run Succeeded', detail: {} } as const;
    const woken = { source: 'baton.request', type: 'Run Woken', detail: { runId: 'r' } } as const;
    await expect(lossy.publisher.publish([succeeded])).rejects.toThrow('does not answer');
    await expect(lossy.publisher.publish([woken, succeeded])).rejects.toThrow('does not answer');
    await expect(lossy.publisher.publish([woken])).resolves.toBeUndefined();
  });
});
