/** Slots: how many runs of a pipeline go on at once. Oldest file first; a holder that ended is repaired away. */
import type { Plan } from '../pipeline/plan.ts';
import type { RunEvent } from '../run/run-event.ts';
import type { Run } from '../run/run.ts';
import { queueOrder } from '../run/run.ts';
import { wake } from './wake.ts';
import type { Pool } from '../store/run-store.ts';
import type { Ports } from './ports.ts';

const TRIES = 5;

/** Takes a slot for the run if one is free and no older run waits for it; else wakes that one. */
export async function takeSlot(run: Run, plan: Plan, ports: Ports): Promise<RunEvent> {
  const { store } = ports;
  for (let i = 0; i < TRIES; i += 1) {
    const pool = await store.loadPool(run.pipeline);
    const mine = pool.holders[run.id];
    if (mine !== undefined) return { kind: 'SlotTaken', epoch: mine };
    if (Object.keys(pool.holders).length >= plan.concurrency) {
      if (!(await repairPool(run.pipeline, pool, ports))) return { kind: 'SlotBusy' };
      continue;
    }
    const head = await store.queueHead(run.pipeline);
    if (head !== undefined && head !== run.id && (await isOlder(head, run, ports))) {
      await wake(head, ports);
      return { kind: 'SlotBusy' };
    }
    const epoch = await store.takeSlot(run.pipeline, run.id, pool, plan.concurrency);
    if (epoch !== 'conflict') return { kind: 'SlotTaken', epoch };
  }
  return { kind: 'SlotBusy' };
}

/** The index lags: only the item itself says whether that run still waits, and since when. */
async function isOlder(head: string, run: Run, ports: Ports): Promise<boolean> {
  const other = await ports.store.load(head);
  if (other === undefined || other.state !== 'QUEUED') return false;
  return queueOrder(other) < queueOrder(run);
}

/** Frees the slots of runs that are gone or gave theirs back, and wakes holders that do not know it yet; true if one was freed. */
async function repairPool(pipeline: string, pool: Pool, ports: Ports): Promise<boolean> {
  let repaired = false;
  for (const [runId, epoch] of Object.entries(pool.holders)) {
    const holder = await ports.store.load(runId);
    if (holder?.state === 'QUEUED') await wake(runId, ports);
    if (holder?.state === 'QUEUED' || holder?.slot === true) continue;
    await ports.store.releaseSlot(pipeline, runId, epoch);
    ports.log('warn', 'freed a slot whose holder has ended', { pipeline, run: runId, epoch });
    repaired = true;
  }
  return repaired;
}
