/**
 * The RunStore port and the lists of the command in memory: the same conditions as the real ones, held to by the same contract suite. Runs are read-only
 * everywhere, so they are handed out as they are.
 */
import { isDeepStrictEqual } from 'node:util';

import { runEntry } from '../../cli/aws/dynamo-run-reader.ts';
import type {
  ByState,
  EveryRun,
  FileEntry,
  FileReader,
  IndexedState,
  RunReader,
} from '../../cli/runs/run-reader.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { Durations, Run } from '../../shared/run/run.ts';
import { defined } from '../../shared/run/defined.ts';
import { queueOrder, underwayOf } from '../../shared/run/run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { fileKey } from '../../shared/store/file-index.ts';
import type { KeyItem, KeyName, Upload } from '../../shared/store/key-item.ts';
import { certainlyBefore, paddedSequencer } from '../../shared/store/key-item.ts';
import type { HeldSlot, HistoryRow, Member, Paused, Pool, RunStore } from '../../shared/store/run-store.ts';
import { itemOf } from './item-of.ts';

const NO_POOL: Pool = { holders: {}, epoch: 0 };

export class MemoryRunStore implements RunStore, RunReader, EveryRun, ByState, FileReader {
  readonly runs = new Map<string, Run>();
  readonly rows = new Map<string, Map<string, HistoryRow>>();
  readonly plans = new Map<string, Plan>();
  readonly pools = new Map<string, Pool>();
  readonly keys = new Map<string, KeyItem>();
  /** The time at which a pool is made. */
  now: () => number = () => 0;
  readonly #since = new Map<string, string>();
  /** The last requests to pause and to unpause, by pipeline. */
  readonly #requests = { pause: new Map<string, string>(), unpause: new Map<string, string>() };
  /** Told of every write of a run, before it is stored. */
  stored: (next: Run, before: Run | undefined) => void = () => undefined;
  /** Told of every slot that is taken; `from`: by the run that had it. */
  slotTaken: (pipeline: string, pool: Pool, runId: string, from?: string) => void = () => undefined;

  async load(runId: string): Promise<Run | undefined> {
    return this.runs.get(runId);
  }

  async create(run: Run): ReturnType<RunStore['create']> {
    const there = this.runs.get(run.id);
    if (there !== undefined) return { outcome: 'exists', run: there };
    this.#set(run, undefined);
    return { outcome: 'created' };
  }

  async save(run: Run, version: number, by: string): Promise<Run | 'conflict'> {
    const there = this.runs.get(run.id);
    if (there?.incarnationId !== run.incarnationId) return 'conflict';
    const next = { ...run, version: version + 1, writerId: by };
    // As of a write whose reply was lost and that was sent again.
    if (isDeepStrictEqual(there, next)) return there;
    if (there.version !== version) return 'conflict';
    this.#set(next, there);
    return next;
  }

  async record(run: Run, by: string): Promise<Run | 'conflict'> {
    const there = this.runs.get(run.id);
    const claimed = there && underwayOf(there);
    const recorded = underwayOf(run);
    if (there === undefined || claimed?.phase !== 'CLAIMED' || recorded?.phase !== 'SUBMITTED')
      return 'conflict';
    if (claimed.token !== recorded.token || !('work' in there.life)) return 'conflict';
    const { statementId, submittedAt } = recorded;
    const work = { ...claimed, phase: 'SUBMITTED' as const, statementId, submittedAt };
    const { lastStep, ...rest } = there;
    const next: Run = {
      ...rest,
      ...(run.lastStep === undefined ? {} : defined({ lastStep })),
      life: { ...there.life, work },
      version: there.version + 1,
      writerId: by,
    };
    this.#set(next, there);
    return next;
  }

  async absorb(member: Member, into: string, at: string, by: string): Promise<'absorbed' | 'refused'> {
    const there = this.runs.get(member.run);
    if (there === undefined || there.incarnationId !== member.incarnation) return 'refused';
    const version = member.version + 1;
    const { life } = there;
    if (life.state === 'ABSORBED' && life.into === into && there.version === version) return 'absorbed';
    if (life.state !== 'QUEUED' || there.version !== member.version) return 'refused';
    const absorbed = { state: 'ABSORBED', into, absorbedAt: at, pendingActions: [] } as const;
    this.#set({ ...there, life: absorbed, version, writerId: by }, there);
    return 'absorbed';
  }

  async loadAll(runIds: readonly string[]): Promise<Run[]> {
    return runIds.flatMap((runId) => this.runs.get(runId) ?? []);
  }

  async loadKeys(
    pipeline: string,
    keys: readonly { readonly bucket: string; readonly key: string }[],
  ): Promise<(KeyItem | undefined)[]> {
    return keys.map(({ bucket, key }) => this.keys.get(nameOf({ pipeline, bucket, key })));
  }

  #set(next: Run, before: Run | undefined): void {
    this.stored(next, before);
    this.runs.set(next.id, next);
  }

  async putHistory(runId: string, ...rows: readonly HistoryRow[]): Promise<void> {
    const all = this.rows.get(runId) ?? new Map<string, HistoryRow>();
    for (const row of rows) all.set(`${row.index}#${row.generation}#${row.attempt}`, row);
    this.rows.set(runId, all);
  }

  async history(runId: string): Promise<HistoryRow[]> {
    return [...(this.rows.get(runId)?.values() ?? [])].sort(
      (a, b) => a.startedAt.localeCompare(b.startedAt) || a.index - b.index,
    );
  }

  async putPlan(plan: Plan): Promise<void> {
    if (!this.plans.has(plan.hash)) this.plans.set(plan.hash, plan);
  }

  async loadPlan(hash: string): Promise<Plan | undefined> {
    return this.plans.get(hash);
  }

  async findDue(now: number, limit: number): Promise<string[]> {
    const due = [...this.runs.values()].flatMap((run) => {
      const { nextCheckAt: next } = itemOf(run);
      return next !== undefined && next <= now ? [{ id: run.id, next }] : [];
    });
    return due
      .sort((a, b) => a.next - b.next)
      .slice(0, limit)
      .map(({ id }) => id);
  }

  async findWaitingPipelines(): Promise<string[]> {
    const waiting = [...this.runs.values()].filter(waits);
    return [...new Set(waiting.map(({ pipeline }) => pipeline))];
  }

  async countQueued(pipeline: string): Promise<number> {
    return [...this.runs.values()].filter((run) => run.pipeline === pipeline && waits(run)).length;
  }

  async findQueued(pipeline: string, limit: number): Promise<string[]> {
    const queued = [...this.runs.values()].filter((run) => run.pipeline === pipeline && waits(run));
    return queued
      .sort((a, b) => (queueOrder(a) < queueOrder(b) ? -1 : 1))
      .slice(0, limit)
      .map(({ id }) => id);
  }

  async listRuns(pipeline: string, limit: number): Promise<Run[]> {
    const runs = [...this.runs.values()].filter((run) => run.pipeline === pipeline);
    return runs.sort((a, b) => b.createdAt.localeCompare(a.createdAt)).slice(0, limit);
  }

  async *newestRuns(pipeline: string, atFirst: number): AsyncGenerator<readonly Run[]> {
    const runs = await this.listRuns(pipeline, Infinity);
    yield runs.slice(0, atFirst);
    yield runs.slice(atFirst);
  }

  async *runsIn(pipeline: string, state: IndexedState, atFirst: number): AsyncGenerator<readonly Run[]> {
    const runs = (await this.listRuns(pipeline, Infinity)).filter(({ life }) => life.state === state);
    if (state === 'QUEUED') runs.sort((a, b) => (queueOrder(a) < queueOrder(b) ? 1 : -1));
    yield runs.slice(0, atFirst);
    yield runs.slice(atFirst);
  }

  async *activeRuns(): AsyncGenerator<readonly Run[]> {
    yield [...this.runs.values()].filter((run) => itemOf(run).nextCheckAt !== undefined);
  }

  async *everyRun(pipeline: string): AsyncGenerator<readonly Run[]> {
    yield (await this.listRuns(pipeline, Infinity)).toReversed();
  }

  async *files(pipeline: string, prefix: string): AsyncGenerator<readonly FileEntry[]> {
    const entries = [...this.runs.values()]
      .filter((run) => run.pipeline === pipeline && fileOf(run.trigger)?.key.startsWith(prefix) === true)
      .map(runEntry);
    const order = new Map(
      entries.map((entry) => [entry, Buffer.from(fileKey(entry.file.key, entry.arrivedAt))]),
    );
    const none = Buffer.alloc(0);
    yield entries.sort((a, b) => Buffer.compare(order.get(b) ?? none, order.get(a) ?? none));
  }

  async loadPool(pipeline: string): Promise<Pool> {
    return this.pools.get(pipeline) ?? NO_POOL;
  }

  async firstRunAt(pipeline: string): Promise<string | undefined> {
    const { epoch = 0 } = this.pools.get(pipeline) ?? {};
    return epoch === 0 ? undefined : (this.#since.get(pipeline) ?? '');
  }

  async takeSlot(
    pipeline: string,
    runId: string,
    limit: number,
    seen?: number,
  ): ReturnType<RunStore['takeSlot']> {
    const there = this.pools.get(pipeline) ?? NO_POOL;
    if (
      (seen !== undefined && there.epoch !== seen) ||
      Object.keys(there.holders).length >= limit ||
      there.holders[runId] !== undefined ||
      there.paused !== undefined
    )
      return { taken: false, pool: there };
    const epoch = there.epoch + 1;
    if (!this.pools.has(pipeline)) this.#since.set(pipeline, new Date(this.now()).toISOString());
    const next: Pool = { ...there, holders: { ...there.holders, [runId]: epoch }, epoch };
    this.pools.set(pipeline, next);
    this.slotTaken(pipeline, next, runId);
    return { taken: true, pool: next };
  }

  async releaseSlot(
    pipeline: string,
    runId: string,
    epoch: number,
    took?: Durations,
  ): Promise<Pool | undefined> {
    const there = this.pools.get(pipeline);
    if (there?.holders[runId] !== epoch) return undefined;
    const { [runId]: _, ...holders } = there.holders;
    const next = { ...there, holders, ...defined({ took }) };
    this.pools.set(pipeline, next);
    return next;
  }

  async handSlot(pipeline: string, from: HeldSlot, to: string, limit: number): Promise<Pool> {
    const there = this.pools.get(pipeline) ?? NO_POOL;
    if (
      there.holders[from.run] !== from.epoch ||
      Object.keys(there.holders).length > limit ||
      there.holders[to] !== undefined ||
      there.paused !== undefined
    )
      return there;
    const { [from.run]: _, ...holders } = there.holders;
    const epoch = there.epoch + 1;
    const { took } = from;
    const next: Pool = { ...there, holders: { ...holders, [to]: epoch }, epoch, ...defined({ took }) };
    this.pools.set(pipeline, next);
    this.slotTaken(pipeline, next, to, from.run);
    return next;
  }

  async pausePool(pipeline: string, paused: Paused, requestId: string): Promise<Paused | undefined> {
    const there = this.pools.get(pipeline) ?? NO_POOL;
    if (there.paused !== undefined || this.#requests.pause.get(pipeline) === requestId) return there.paused;
    this.#requests.pause.set(pipeline, requestId);
    this.pools.set(pipeline, { ...there, paused });
    return paused;
  }

  async unpausePool(pipeline: string, requestId: string): Promise<Paused | undefined> {
    const { paused, ...rest } = this.pools.get(pipeline) ?? NO_POOL;
    if (paused === undefined || this.#requests.unpause.get(pipeline) === requestId) return undefined;
    this.#requests.unpause.set(pipeline, requestId);
    this.pools.set(pipeline, rest);
    return paused;
  }

  async admitKey(name: KeyName, sequencer: string, upload: Upload): Promise<KeyItem | undefined> {
    const there = this.keys.get(nameOf(name));
    const highest = paddedSequencer(sequencer);
    if ((there?.highest ?? '') > highest || (there?.listed?.at ?? '') >= certainlyBefore(upload.at))
      return there;
    this.keys.set(nameOf(name), { ...there, highest, upload });
    return undefined;
  }

  async loadKey(name: KeyName): Promise<KeyItem | undefined> {
    return this.keys.get(nameOf(name));
  }

  async changeKey(name: KeyName, next: KeyItem, read: KeyItem | undefined): Promise<boolean> {
    const there = this.keys.get(nameOf(name));
    if (identityOf(there) !== identityOf(read)) return false;
    this.keys.set(nameOf(name), next);
    return true;
  }
}

/** Is in the index of waiting runs. */
function waits({ life }: Run): boolean {
  return life.state === 'QUEUED' && life.nextCheckAt === undefined;
}

function nameOf({ pipeline, bucket, key }: KeyName): string {
  return JSON.stringify([pipeline, bucket, key]);
}

/** What the real one compares. */
function identityOf(item: KeyItem | undefined): string {
  return JSON.stringify(
    item && [item.highest ?? '', item.upload?.run ?? '', item.listed?.at ?? '', item.listed?.run ?? ''],
  );
}
