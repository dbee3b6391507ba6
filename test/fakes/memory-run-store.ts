/** The RunStore port in memory: the same conditions as the real one, held to by the same contract suite. */
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { Run } from '../../shared/run/run.ts';
import { queueOrder } from '../../shared/run/run.ts';
import { runItem, runOfItem } from '../../shared/store/run-item.ts';
import type { HistoryRow, Pool, RunStore } from '../../shared/store/run-store.ts';

const copy = <T>(value: T): T => structuredClone(value);

export class MemoryRunStore implements RunStore {
  /** Counts writes. */
  changes = 0;
  readonly runs = new Map<string, Run>();
  readonly rows = new Map<string, Map<string, HistoryRow>>();
  readonly plans = new Map<string, Plan>();
  readonly pools = new Map<string, { holders: Record<string, number>; epoch: number }>();
  readonly keys = new Map<string, string>();

  async load(runId: string): Promise<Run | undefined> {
    return copy(this.runs.get(runId));
  }

  async create(run: Run): ReturnType<RunStore['create']> {
    const there = this.runs.get(run.id);
    if (there !== undefined) return { outcome: 'exists', run: copy(there) };
    this.changes += 1;
    this.runs.set(run.id, runOfItem(copy(runItem(run))));
    return { outcome: 'created' };
  }

  async save(run: Run, version: number, by: string): Promise<Run | 'conflict'> {
    if (this.runs.get(run.id)?.version !== version) return 'conflict';
    const next = { ...copy(run), version: version + 1, by };
    this.changes += 1;
    this.runs.set(run.id, next);
    return copy(next);
  }

  async record(run: Run, by: string): Promise<Run | 'conflict'> {
    const there = this.runs.get(run.id);
    if (there === undefined || there.phase !== 'CLAIMED' || there.token !== run.token) return 'conflict';
    const next: Run = {
      ...there,
      phase: 'SUBMITTED',
      version: there.version + 1,
      by,
      ...picked(run),
    };
    if (run.last === undefined) delete (next as { last?: unknown }).last;
    this.changes += 1;
    this.runs.set(run.id, next);
    return copy(next);
  }

  async putHistory(runId: string, row: HistoryRow): Promise<void> {
    const rows = this.rows.get(runId) ?? new Map<string, HistoryRow>();
    rows.set(`${row.index}#${row.generation}#${row.attempt}`, copy(row));
    this.rows.set(runId, rows);
  }

  async history(runId: string): Promise<HistoryRow[]> {
    return [...(this.rows.get(runId)?.values() ?? [])].sort(
      (a, b) => a.startedAt.localeCompare(b.startedAt) || a.index - b.index,
    );
  }

  async putPlan(plan: Plan): Promise<void> {
    this.plans.set(plan.hash, plan);
  }

  async loadPlan(hash: string): Promise<Plan | undefined> {
    return this.plans.get(hash);
  }

  async findDue(now: number, limit: number): Promise<string[]> {
    const due = [...this.runs.values()].filter((run) => run.next !== undefined && run.next <= now);
    return due
      .sort((a, b) => (a.next ?? 0) - (b.next ?? 0))
      .slice(0, limit)
      .map((run) => run.id);
  }

  async findQueueHeads(): Promise<{ pipeline: string; runId: string }[]> {
    const pipelines = new Set(
      [...this.runs.values()].filter((run) => run.state === 'QUEUED').map((run) => run.pipeline),
    );
    const heads = await Promise.all(
      [...pipelines].map(async (pipeline) => ({ pipeline, runId: await this.queueHead(pipeline) })),
    );
    return heads.filter((head): head is { pipeline: string; runId: string } => head.runId !== undefined);
  }

  async queueHead(pipeline: string): Promise<string | undefined> {
    const queued = [...this.runs.values()].filter(
      (run) => run.pipeline === pipeline && run.state === 'QUEUED',
    );
    return queued.sort((a, b) => queueOrder(a).localeCompare(queueOrder(b)))[0]?.id;
  }

  async listRuns(pipeline: string, limit: number): Promise<Run[]> {
    const runs = [...this.runs.values()].filter((run) => run.pipeline === pipeline);
    return copy(runs.sort((a, b) => b.createdAt.localeCompare(a.createdAt)).slice(0, limit));
  }

  async loadPool(pipeline: string): Promise<Pool> {
    return copy(this.pools.get(pipeline) ?? { holders: {}, epoch: 0 });
  }

  async takeSlot(pipeline: string, runId: string, pool: Pool, limit: number): Promise<number | 'conflict'> {
    const there = this.pools.get(pipeline) ?? { holders: {}, epoch: 0 };
    if (
      there.epoch !== pool.epoch ||
      Object.keys(there.holders).length >= limit ||
      there.holders[runId] !== undefined
    )
      return 'conflict';
    there.epoch += 1;
    there.holders[runId] = there.epoch;
    this.pools.set(pipeline, there);
    this.changes += 1;
    return there.epoch;
  }

  async releaseSlot(pipeline: string, runId: string, epoch: number): Promise<void> {
    this.changes += 1;
    const there = this.pools.get(pipeline);
    if (there?.holders[runId] === epoch) delete there.holders[runId];
  }

  async admitKey(pipeline: string, bucket: string, key: string, sequencer: string): Promise<boolean> {
    const name = JSON.stringify([pipeline, bucket, key]);
    const padded = sequencer.toLowerCase().padStart(64, '0');
    if ((this.keys.get(name) ?? '') > padded) return false;
    this.keys.set(name, padded);
    return true;
  }
}

function picked(run: Run): { statementId?: string; submittedAt?: string } {
  return {
    ...(run.statementId === undefined ? {} : { statementId: run.statementId }),
    ...(run.submittedAt === undefined ? {} : { submittedAt: run.submittedAt }),
  };
}
