/** The rules that must hold whatever happens, written once. Each is looked at when the write or the statement happens. */
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { Run } from '../../shared/run/run.ts';
import { isActive, isAtEnd, isAtRest, isQueued } from '../../shared/run/run.ts';
import { itemOf } from '../fakes/item-of.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import type { HistoryRow, Pool } from '../../shared/store/run-store.ts';
import type { FakeStatement } from '../fakes/fake-warehouse.ts';
import type { World } from '../fakes/world.ts';
import type { Broken } from './broken.ts';
import type { Applied, WarehouseData } from './warehouse-data.ts';
import { spokenBy, stepsIn } from './warehouse-data.ts';
import { MOST_SKEW_MS } from './swarm.ts';

/** What people did by hand, after which some rules cannot hold any more. */
export interface ByHand {
  poolDeleted: boolean;
  historyDeleted: boolean;
  /** Runs whose item was deleted at some time: what comes again under their id begins from the start. */
  /** The key of each one's file. */
  readonly runsDeleted: Map<string, string | undefined>;
}

/** So often in a row a session is rebuilt without a person. */
const MOST_REBUILDS = 10;

interface Identity {
  readonly run: string;
  readonly generation: number;
  readonly step: number;
  readonly attempt: number;
}

function identityOf(name: string): Identity {
  const [, , run = '', generation, step, attempt] = name.split(':');
  return { run, generation: Number(generation), step: Number(step), attempt: Number(attempt) };
}

export class Watch {
  readonly #world: World;
  readonly #data: WarehouseData;
  readonly #broken: Broken;
  readonly #byHand: ByHand;
  /** Does a run of this plan need a person, though it lost its session only once? */
  readonly #mayNeedPerson: boolean;
  /** Did anything happen for which a run may fail? */
  readonly #mayFail: () => boolean;
  readonly #names = new Set<string>();
  readonly #attempts = new Set<string>();
  readonly #durable = new Map<string, number>();
  /** The run whose commit had the rows of a file, by the run of the file. */
  readonly #loadedBy = new Map<string, string>();
  #looked = 0;

  constructor(
    world: World,
    data: WarehouseData,
    broken: Broken,
    byHand: ByHand,
    { mayNeedPerson, mayFail }: { mayNeedPerson: boolean; mayFail: () => boolean },
  ) {
    this.#mayFail = mayFail;
    this.#world = world;
    this.#data = data;
    this.#broken = broken;
    this.#byHand = byHand;
    this.#mayNeedPerson = mayNeedPerson;
  }

  /** A statement of a step begins. */
  started(statement: FakeStatement): void {
    const { name } = statement;
    if (name === undefined) return;
    // I3: a name, and so a token, belongs to one execution.
    this.#broken.demand(!this.#names.has(name), () => `I3: ${name} is executed twice`);
    this.#names.add(name);
    const { run: runId, generation, step, attempt } = identityOf(name);
    const run = this.#world.store.runs.get(runId);
    if (this.#byHand.runsDeleted.has(runId)) return;
    // I4: an attempt is executed once, under whatever tokens it was claimed.
    const key = `${runId}:${generation}:${step}:${attempt}`;
    this.#broken.demand(!this.#attempts.has(key), () => `I4: attempt ${key} is executed twice`);
    this.#attempts.add(key);
    // I9: nothing of a run begins behind its end.
    this.#broken.demand(
      run !== undefined && !isAtEnd(run),
      () => `I9: ${name} begins, and its run is ${run?.life.state ?? 'unknown'}`,
    );
    if (run?.until !== undefined) this.#isAskedFor(run, statement);
  }

  /** I18: of a run that is to pause after a step nothing later begins, neither alone nor with others. */
  #isAskedFor(run: Run, statement: FakeStatement): void {
    const names = this.#world.store.plans.get(run.planHash)?.steps.map((step) => step.name) ?? [];
    const later = stepsIn(statement).find(({ step }) => names.indexOf(step) > names.indexOf(run.until ?? ''));
    this.#broken.demand(
      later === undefined && run.life.state !== 'PAUSED',
      () => `I18: ${run.id} is to pause after ${run.until ?? ''}, and ${later?.step ?? 'a step'} begins`,
    );
  }

  /** I18: it pauses before the next step, with its slot. */
  #paused({ id, cursor, planHash, slot, until = '' }: Run): void {
    const names = this.#world.store.plans.get(planHash)?.steps.map(({ name }) => name);
    this.#broken.demand(
      names === undefined || cursor === names.indexOf(until) + 1,
      () => `I18: ${id} pauses before step ${cursor}, and was to pause after ${until}`,
    );
    this.#broken.demand(slot?.held === true, () => `I18: ${id} pauses without its slot`);
  }

  /** A run is about to be stored. */
  stored(next: Run, before: Run | undefined): void {
    const { demand } = this.#bound;
    const { state, error, pendingActions, nextCheckAt: looked } = itemOf(next);
    const stateBefore = before?.life.state;
    if (before !== undefined) {
      // I9: an end is final.
      demand(
        !isAtEnd(before) || state === stateBefore,
        () => `I9: ${next.id} was ${before.life.state}, and is ${state}`,
      );
      demand(
        next.version === before.version + 1,
        () => `${next.id} skips from version ${before.version} to ${next.version}`,
      );
      demand(
        next.incarnationId === before.incarnationId,
        () => `${next.id} has another birth than the item it replaces`,
      );
      this.#nothingOldRuns(next, before);
    }
    // I6: whoever goes on, or owes something, is looked at.
    if ((!isAtRest(next) && state !== 'QUEUED') || pendingActions !== undefined)
      demand(looked !== undefined, () => `I6: ${next.id} is ${state} and nobody looks at it`);
    // I10: whoever stopped has a true reason.
    if (state === 'FAILED' || state === 'NEEDS_DECISION' || state === 'CANCELLED')
      demand((error?.message ?? '') !== '', () => `I10: ${next.id} is ${state} without a reason`);
    // I10: and fails for nothing that is ours to survive.
    if (state === 'FAILED' && stateBefore !== 'FAILED')
      demand(this.#mayFail(), () => `I10: ${next.id} fails: ${error?.message ?? ''}`);
    if (before?.life.state === 'ABSORBED' && state !== 'ABSORBED') this.#leaves(next, before.life.into);
    if (state === 'NEEDS_DECISION' && stateBefore !== 'NEEDS_DECISION') this.#needsPerson(next);
    if (state === 'SUCCEEDED' && stateBefore !== 'SUCCEEDED') this.#succeeded(next);
    if (state === 'CANCELLED' && stateBefore !== 'CANCELLED') this.#cancelled(next);
    if (state === 'PAUSED' && stateBefore !== 'PAUSED') this.#paused(next);
    demand(next.cursor <= next.steps, () => `${next.id} is beyond its steps`);
  }

  readonly #bound = {
    demand: (holds: boolean, rule: () => string): void => {
      this.#broken.demand(holds, rule);
    },
  };

  /** I4: another attempt, or another generation, only when nothing of the one before runs or may still commit. */
  #nothingOldRuns(next: Run, before: Run): void {
    if (next.generation === before.generation && next.attempt <= before.attempt) return;
    if (next.generation === before.generation && next.cursor !== before.cursor) return;
    if (this.#byHand.runsDeleted.has(next.id)) return;
    const { warehouse } = this.#world;
    const under = warehouse.underWay().find((statement) => isOf(next.id, statement));
    this.#broken.demand(
      under === undefined,
      () =>
        `I4: ${next.id} begins generation ${next.generation} attempt ${next.attempt} of ${next.step}, and ${under?.name ?? ''} still runs`,
    );
    this.#broken.demand(
      !warehouse.isLanding((statement) => isOf(next.id, statement)),
      () => `I4: ${next.id} begins anew, and a commit of it is still under way`,
    );
  }

  /** A person is asked only where nothing proves what was done. */
  #needsPerson(run: Run): void {
    const excused =
      this.#mayNeedPerson ||
      this.#byHand.historyDeleted ||
      this.#byHand.runsDeleted.has(run.id) ||
      run.rebuilds >= MOST_REBUILDS;
    this.#broken.demand(excused, () => `${run.id} needs a decision: ${errorOf(run)}`);
  }

  /** I2: all steps were done, the durable ones once, with exactly the bytes of the run's file. */
  #succeeded(run: Run): void {
    const plan = this.#world.store.plans.get(run.planHash);
    if (plan === undefined) return;
    for (const step of plan.steps) {
      this.#broken.demand(
        this.#data.finished.has(`${run.id}/${step.name}`),
        () => `I2: ${run.id} succeeded without ${step.name}`,
      );
      if (step.kind !== 'durable') continue;
      const effects = this.#data.effectsOf(run.id, step.name, run.incarnationId);
      const etags = effects.flatMap((effect) => effect.etags);
      // I8: the bytes of the event, and no others.
      this.#broken.demand(
        effects.length === 1 && etags.toSorted().join() === this.#etagsOf(run).toSorted().join(),
        () =>
          `I8: ${run.id} committed ${etags.join(' and ') || 'nothing'} with ${step.name}, ${effects.length} times`,
      );
    }
  }

  /** Of the file that the run is to load; of a batch, of the files of its list. */
  #etagsOf(run: Run): readonly string[] {
    const file = fileOf(run.trigger);
    return file === undefined ? this.#listOf(run).map(({ etag }) => etag) : [file.etag];
  }

  #listOf(run: Run): readonly { readonly run: string; readonly etag: string }[] {
    const { list } = { list: '', ...run.batch };
    const body = this.#world.artifacts.get(`manifests/${run.id}/list-${list}.json`) ?? '{"files":[]}';
    const { files } = JSON.parse(body) as { files: { run: string; etag: string }[] };
    return files;
  }

  /** I15: a file learns that it left its batch when the list without it is stored. */
  #leaves(run: Run, into: string): void {
    const batch = this.#world.store.runs.get(into);
    this.#broken.demand(
      batch === undefined || !this.#listOf(batch).some((file) => file.run === run.id) || isAtEnd(batch),
      () => `I15: ${run.id} leaves ${into}, whose list still has it`,
    );
  }

  /** I15: the rows of a file take effect by one run only: its own, or the batch that it belongs to. */
  #loadedByOne(effect: Applied): void {
    for (const member of effect.members) {
      if (this.#byHand.runsDeleted.has(member)) continue;
      const life = this.#world.store.runs.get(member)?.life;
      const into = life?.state === 'ABSORBED' ? life.into : undefined;
      this.#broken.demand(
        into === effect.run,
        () =>
          `I15: ${effect.run} commits the file of ${member}, which is ${life?.state ?? 'gone'} ${into ?? ''}`,
      );
    }
    for (const member of effect.members.length === 0 ? [effect.run] : effect.members) {
      const by = this.#loadedBy.get(member) ?? effect.run;
      this.#loadedBy.set(member, by);
      this.#broken.demand(
        by === effect.run || this.#byHand.runsDeleted.has(member),
        () => `I15: the file of ${member} is loaded by ${by} and by ${effect.run}`,
      );
    }
  }

  /** What a cancelled run says of its step is true. */
  #cancelled(run: Run): void {
    const [, step = '', said] = /; step (\S+) was (applied|not applied)$/.exec(errorOf(run)) ?? [];
    if (said === undefined || !this.#isLasting(run, step)) return;
    const done = this.#data.effectsOf(run.id, step, run.incarnationId).length > 0;
    this.#broken.demand(
      done === (said === 'applied'),
      () => `${run.id} says that ${step} was ${said}; it was ${done ? 'applied' : 'not applied'}`,
    );
  }

  #isLasting(run: Run, name: string): boolean {
    const plan = this.#world.store.plans.get(run.planHash);
    const step = plan?.steps.find((candidate) => candidate.name === name);
    // What is said is said of the last attempt: an idempotent step may have been applied by one before.
    return step?.kind === 'durable' || (step?.kind === 'opaque' && !step.idempotent);
  }

  /** I5: slots are never more than allowed. I14: none is taken while the pipeline is paused. */
  slotTaken(pool: Pool, plan: Plan): void {
    this.#broken.demand(pool.paused === undefined, () => 'I14: a run takes a slot of a paused pipeline');
    if (this.#byHand.poolDeleted) return;
    this.#broken.demand(
      Object.keys(pool.holders).length <= plan.concurrency,
      () => `I5: ${Object.keys(pool.holders).join(', ')} hold slots; ${plan.concurrency} may`,
    );
  }

  /** After every turn: what took effect since, and who goes on at once. @throws Error naming the first broken rule. */
  look(plan: Plan): void {
    const { applied } = this.#data;
    for (; this.#looked < applied.length; this.#looked += 1) {
      const effect = applied[this.#looked];
      if (effect === undefined) continue;
      this.#loadedByOne(effect);
      // I1: at most once for each birth of the run; without a marker, for each run that a person did not let begin again.
      if (effect.birth === undefined) {
        const step = plan.steps.find(({ name }) => name === effect.step);
        if (step?.idempotent === true || this.#byHand.runsDeleted.has(effect.run)) continue;
      }
      const key = `${effect.run}/${effect.birth ?? ''}/${effect.step}`;
      const times = (this.#durable.get(key) ?? 0) + 1;
      this.#durable.set(key, times);
      this.#broken.demand(times === 1, () => `I1: ${effect.run} applied ${effect.step} ${times} times`);
    }
    if (!this.#byHand.poolDeleted) {
      let active = 0;
      // One that was deleted by hand and created again has its predecessor's slot, whose driver may give it back.
      for (const run of this.#world.store.runs.values())
        if (isActive(run) && !this.#byHand.runsDeleted.has(run.id)) active += 1;
      this.#broken.demand(active <= plan.concurrency, () => `I5: ${active} runs go on at once`);
    }
    this.#broken.check();
  }

  /** I13: no place stays free while a run waits for one: asked when nothing is on its way that could fill it. */
  placesAreUsed(plan: Plan): void {
    const { store } = this.#world;
    if ([...store.pools.values()].some(({ paused }) => paused !== undefined)) return;
    const runs = [...store.runs.values()];
    if (isBatchExpected(plan, runs, this.#world.time)) return;
    // A pool that was deleted by hand knows nothing of the runs that go on.
    if (this.#byHand.poolDeleted && runs.some(isActive)) return;
    const waiting = runs.find((run) => run.life.state === 'QUEUED' && !this.#isLookedAtLater(run));
    const holders = Object.keys([...store.pools.values()][0]?.holders ?? {});
    // A run that has a place and does not know it yet is driven next.
    const isFull =
      holders.length >= plan.concurrency || (waiting !== undefined && holders.includes(waiting.id));
    this.#broken.demand(
      waiting === undefined || isFull,
      () =>
        `I13: ${waiting?.id ?? ''} waits, and only ${holders.length} of ${plan.concurrency} places are taken`,
    );
    this.#broken.check();
  }

  /** Its driver died, and no sweep can know that before its check is due, by a clock that may be two minutes behind. */
  #isLookedAtLater(run: Run): boolean {
    if (!isQueued(run) || run.life.nextCheckAt === undefined) return false;
    return run.life.nextCheckAt * 1000 > this.#world.time - MOST_SKEW_MS;
  }

  /** Everything came to its end. `expected`: the ids of the runs that the events ask for. */
  atTheEnd(expected: ReadonlySet<string>, published: ReadonlySet<string>): void {
    const { store, warehouse } = this.#world;
    const { demand } = this.#bound;
    for (const id of expected)
      demand(store.runs.has(id), () => `an event asked for run ${id}, and there is none`);
    for (const { id, trigger } of store.runs.values())
      demand(trigger.kind === 'batch' || expected.has(id), () => `nobody asked for run ${id}`);
    const under = warehouse
      .underWay()
      .find((statement) => !this.#byHand.runsDeleted.has(spokenBy(statement)?.run ?? ''));
    demand(under === undefined, () => `${under?.name ?? ''} runs on`);
    for (const run of store.runs.values()) {
      const { state, nextCheckAt: next, pendingActions } = itemOf(run);
      if (run.life.state === 'ABSORBED') this.#endsWithItsBatch(run, run.life.into);
      else demand(isAtEnd(run), () => `${run.id} is ${state}`);
      demand(next === undefined && pendingActions === undefined, () => `${run.id} is still looked at`);
      if (state !== 'SUPERSEDED' && state !== 'ABSORBED' && !this.#byHand.runsDeleted.has(run.id))
        demand(published.has(`${run.id} ${state}`), () => `nobody was told that ${run.id} ${state}`);
      if (state === 'SUPERSEDED')
        demand(
          this.#byHand.runsDeleted.has(run.id) || !this.#data.applied.some((effect) => effect.run === run.id),
          () => `${run.id} is SUPERSEDED and had an effect`,
        );
      if (state === 'SUCCEEDED') this.#historyIsThere(run);
      this.#historyIsTrue(run);
    }
    // Who was cancelled while taking the slot, or deleted, may still be in the pool: the next one to ask takes it out.
    for (const pool of store.pools.values())
      for (const holder of Object.keys(pool.holders))
        demand(
          MAY_STAY_IN_POOL.has(store.runs.get(holder)?.life.state) ||
            this.#byHand.runsDeleted.has(holder) ||
            // Added again by a driver that was late: under an epoch that the run does not know.
            this.#byHand.poolDeleted,
          () => `${holder} still holds a slot`,
        );
    this.#broken.check();
  }

  /** I15: its batch has ended, and names it. */
  #endsWithItsBatch(run: Run, into: string): void {
    const batch = this.#world.store.runs.get(into);
    this.#broken.demand(
      batch !== undefined && isAtEnd(batch),
      () => `I15: ${run.id} belongs to ${into}, which is ${batch?.life.state ?? 'gone'}`,
    );
    this.#broken.demand(
      batch !== undefined && this.#listOf(batch).some((file) => file.run === run.id),
      () => `I15: ${run.id} belongs to ${into}, which does not name it`,
    );
  }

  /** I11: a row for every step that the run did. */
  #historyIsThere(run: Run): void {
    if (this.#byHand.historyDeleted || this.#byHand.runsDeleted.has(run.id)) return;
    const rows = [...(this.#world.store.rows.get(run.id)?.values() ?? [])];
    for (const step of this.#world.store.plans.get(run.planHash)?.steps ?? [])
      this.#broken.demand(
        rows.some((row) => row.name === step.name && row.status === 'FINISHED'),
        () => `I11: the history of ${run.id} lacks ${step.name}`,
      );
  }

  /** I11: a row says FINISHED of a lasting step only where it took effect. */
  #historyIsTrue(run: Run): void {
    if (this.#byHand.runsDeleted.has(run.id)) return;
    for (const row of this.#world.store.rows.get(run.id)?.values() ?? []) {
      if (row.status === 'FINISHED') this.#rowIsTrue(run, row);
      if (row.status !== 'FINISHED' || (row.kind !== 'durable' && row.kind !== 'opaque')) continue;
      this.#broken.demand(
        this.#data.effectsOf(run.id, row.name).length > 0,
        () => `I11: the history of ${run.id} says that ${row.name} finished, and it had no effect`,
      );
    }
  }

  /** I17: what is said to have finished is of a statement that took effect; of a group each step has its own rows. */
  #rowIsTrue(run: Run, { name, statementId = '', rows }: HistoryRow): void {
    const statement = this.#world.warehouse.statementOf(statementId);
    if (statement === undefined) return;
    this.#broken.demand(
      statement.committed === true,
      () => `I17: the history of ${run.id} says that ${name} finished, and its statement was rolled back`,
    );
    const steps = stepsIn(statement);
    const its = statement.rows[steps.findIndex(({ step }) => step === name)];
    this.#broken.demand(
      steps.length === 1 || rows === undefined || rows === its,
      () => `I17: the history of ${run.id} says ${name} has ${rows} rows; it has ${its}`,
    );
  }
}

const MAY_STAY_IN_POOL: ReadonlySet<string | undefined> = new Set(['CANCELLED', 'ABSORBED', 'SUPERSEDED']);

/** By the next sweep its files start without it, whatever the clocks say. */
const STOPPED_FOR_MS = 300_000;

/** Files wait for company, for the batch that is being made of them, or for the sweep after it stopped. */
function isBatchExpected({ triggers }: Plan, runs: readonly Run[], now: number): boolean {
  const waits = triggers.some((trigger) => trigger.kind === 's3' && (trigger.batch?.waitSeconds ?? 0) > 0);
  return (
    waits ||
    runs.some(
      (run) =>
        run.batch !== undefined &&
        run.batch.phase !== 'SEALED' &&
        (!isAtRest(run) ||
          ('endedAt' in run.life && now - Date.parse(run.life.endedAt) < STOPPED_FOR_MS && !isAtEnd(run))),
    )
  );
}

function errorOf({ life }: Run): string {
  return 'error' in life ? life.error.message : '';
}

function isOf(runId: string, statement: FakeStatement): boolean {
  return spokenBy(statement)?.run === runId;
}
