/**
 * Whole runs of five steps in which the driver is killed at given calls. A run meets a transient failure and loses its
 * session before the commit; or its steps are reported failed though they took effect, or will; or a person cancels it; or its
 * pipeline is paused when its file arrives, and unpaused then; or a person starts it to pause after its load, lets it go on to its commit,
 * and then to its end; or its first steps are sent as one transaction, which fails once,
 * and of which then a check fails, so that a person resumes it.
 * Whatever the points: the run comes to its right end by the sweep alone, every durable step took effect once, and nothing
 * stays to be done.
 */
import { admit } from '../../shared/engine/admit.ts';
import { drive } from '../../shared/engine/drive.ts';
import { operate } from '../../shared/engine/operate.ts';
import { PlanCache } from '../../shared/engine/plan-cache.ts';
import type { Engine } from '../../shared/engine/ports.ts';
import { pauseOrUnpause } from '../../shared/engine/pause.ts';
import { startAll } from '../../shared/engine/start-all.ts';
import { driveTaken } from '../../shared/engine/taken.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import type { CrashMoment, CrashPoint } from '../fakes/crash.ts';
import type { FakeStatement } from '../fakes/fake-warehouse.ts';
import { crashMoments, CrashingPorts, Killed } from '../fakes/crash.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';
import { simulatedPlan } from '../sim/simulate.ts';
import { CHECK } from '../sim/warehouse-data.ts';
import type { BatchStory } from './crash-points-of-batches.ts';
import { batchStories, BatchTelling } from './crash-points-of-batches.ts';
import type { SlotStory } from './crash-points-of-slots.ts';
import { SlotTelling } from './crash-points-of-slots.ts';

export interface Scenario {
  readonly name: string;
  readonly story: (typeof stories)[number] | BatchStory | SlotStory;
  readonly eventsAreLost: boolean;
  /** The driver is killed twice at these moments (test/verify/pairs.ts); a batch makes many calls, so it gets fewer. */
  readonly pairsOf: readonly CrashMoment[];
}

/**
 * `waits`: as retry and rebuild, but each statement ends while its driver waits for it; its event comes afterwards. The first one is
 * submitted by a driver that may not wait.
 */
const stories = ['retry and rebuild', 'waits', 'lying reports', 'cancel', 'pause', 'group', 'until'] as const;

const slots: SlotStory = 'three files, one after the other';

export const scenarios: readonly Scenario[] = [...stories, slots, ...batchStories].flatMap((story) => [
  {
    name: `${story}, events delivered`,
    story,
    eventsAreLost: false,
    pairsOf: isOfBatch(story) ? ['before'] : crashMoments,
  },
  {
    name: `${story}, all events lost`,
    story,
    eventsAreLost: true,
    pairsOf: isOfBatch(story) ? [] : crashMoments,
  },
]);

const plan = planOf(simulatedPlan.steps);

/** Its first three steps may be sent together. */
const groupPlan = planOf(
  simulatedPlan.steps.map((step, i) =>
    i === 1 || i === 2 ? Object.assign({}, step, { fusible: true as const }) : step,
  ),
  { hash: 'plan with a group' },
);

const waitingPlan = planOf(simulatedPlan.steps.map((step) => Object.assign({}, step, { handoff: 'wait' })));

/** Minutes after which a run must have come to its end. */
const LONGEST = 60;

/** The calls that the run made, all drivers together. @throws Error naming what does not hold. */
export async function crashRun(
  scenario: Scenario,
  points: readonly CrashPoint[],
): Promise<readonly string[]> {
  const { story, eventsAreLost } = scenario;
  const telling = isOfBatch(story)
    ? new BatchTelling(story, eventsAreLost, points)
    : story === slots
      ? new SlotTelling(eventsAreLost, points)
      : new Telling(scenario, points);
  try {
    await telling.run();
    telling.check();
    return telling.calls;
  } catch (error) {
    const where = points.map(({ at, moment }) => `${moment} call ${at} (${telling.calls[at - 1] ?? '?'})`);
    throw new Error(
      `${scenario.name}, killed ${where.join(' and ') || 'nowhere'}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

function isOfBatch(story: Scenario['story']): story is BatchStory {
  return (batchStories as readonly string[]).includes(story);
}

class Telling {
  readonly #scenario: Scenario;
  readonly #world = new World();
  readonly #crashing: CrashingPorts;
  readonly #dies: boolean;
  readonly #plans: PlanCache;
  #runId = '';
  #failedOnce = false;
  #sessionLost = false;
  #cancelAnswered = false;
  /** How often a person let the paused run go on. */
  #resumes = 0;
  /** Of statements that ended while a driver waited for them. */
  readonly #lateEvents: RunEvent[] = [];

  constructor(scenario: Scenario, points: readonly CrashPoint[]) {
    this.#scenario = scenario;
    this.#crashing = new CrashingPorts(this.#world, points);
    this.#dies = points.length > 0;
    const isWaiting = scenario.story === 'waits';
    const isGrouped = scenario.story === 'group' || scenario.story === 'until';
    const today = isGrouped ? groupPlan : isWaiting ? waitingPlan : plan;
    this.#plans = new PlanCache(this.#crashing.ports.store, () => [today]);
    this.#world.warehouse.waits = () => {
      const event = this.#endStatement();
      if (event !== undefined) this.#lateEvents.push(event);
    };
    if (!isGrouped) return;
    const took = Object.fromEntries(groupPlan.steps.map(({ name }) => [name, 100]));
    this.#world.store.pools.set('orders', { holders: {}, epoch: 0, took });
    this.#world.warehouse.queries = CHECK;
  }

  #engine(): Engine {
    return { ...this.#crashing.ports, plans: this.#plans, driver: this.#world.driver(), taken: [] };
  }

  #waitingEngine(): Engine {
    const engine = this.#engine();
    return { ...engine, driver: { ...engine.driver, waits: true } };
  }

  get calls(): readonly string[] {
    return this.#crashing.calls;
  }

  async run(): Promise<void> {
    if (this.#scenario.story === 'pause') await this.#ask('pause');
    if (this.#scenario.story === 'until') await this.#start();
    else await this.#arrive();
    // Not if its file's driver has begun it, unless that passed it on.
    if (this.#world.run(this.#runId)?.state === 'QUEUED') await this.#wake({ kind: 'Woken' });
    const statementId = this.#passedOn();
    if (statementId !== undefined && !this.#scenario.eventsAreLost)
      await this.#wake({ kind: 'PassedOn', statementId });
    if (this.#scenario.story === 'pause') await this.#unpause();
    for (let minute = 0; minute < LONGEST && !this.#isOver(); minute += 1) {
      if (this.#cancelIsDue()) await this.#cancel();
      if (this.#resumeIsDue()) await this.#resume();
      if (this.#pauseIsOver()) await this.#goOn();
      const event = this.#endStatement();
      const events = [...this.#lateEvents.splice(0), ...(event === undefined ? [] : [event])];
      if (!this.#scenario.eventsAreLost) for (const each of events) await this.#wake(each);
      if (this.#scenario.eventsAreLost || this.#world.warehouse.running() === undefined) {
        this.#world.time += 100_000;
        await this.#survive(() => sweep(this.#engine()));
      }
    }
  }

  /** A person asks until there is an answer: the run is to pause after its load. */
  async #start(): Promise<void> {
    const file = fileOf('orders/1.csv');
    this.#world.put(file);
    const request = { verb: 'start', requestId: 'start', pipeline: 'orders', actor: 'somebody' } as const;
    for (let i = 0; i < 4 && this.#runId === ''; i += 1) {
      await this.#survive(async () => {
        const more = { file: 's3://landing/orders/1.csv', until: '20_load.sql' };
        const answer = await operate({ ...request, ...more }, this.#engine());
        if (answer.ok) this.#runId = answer.runId;
      });
    }
  }

  #pauseIsOver(): boolean {
    const run = this.#world.run(this.#runId);
    return run?.state === 'PAUSED' && run.pendingActions === undefined;
  }

  /** After its load it goes on to its commit, then to its end. */
  async #goOn(): Promise<void> {
    const run = this.#world.run(this.#runId);
    const next = ['30_check.sql', '50_audit.sql'][this.#resumes];
    demand(
      run?.step === next && run?.slot === true,
      `it pauses before ${run?.step ?? '?'}, not before ${next ?? '?'}`,
    );
    demand(this.#world.warehouse.running() === undefined, 'a statement of a paused run runs');
    demand(this.#world.types().length === 0, `${this.#world.types().join()} is published of a paused run`);
    const more = this.#resumes === 0 ? { until: '40_commit.sql' } : {};
    const requestId = `resume ${this.#resumes}`;
    let isAnswered = false;
    for (let i = 0; i < 4 && !isAnswered; i += 1) {
      await this.#survive(async () => {
        await operate(
          { verb: 'resume', requestId, runId: this.#runId, actor: 'somebody', ...more },
          this.#engine(),
        );
        isAnswered = true;
      });
    }
    this.#resumes += 1;
    await this.#wake({ kind: 'Woken' });
  }

  /** The queue delivers the event until it was taken without an error. */
  async #arrive(): Promise<void> {
    const file = fileOf('orders/1.csv');
    this.#world.put(file);
    const arrival = { file, time: new Date(this.#world.time).toISOString() };
    for (let delivery = 0; delivery < 4 && this.#runId === ''; delivery += 1) {
      await this.#survive(async () => {
        // As `start-run`, which may not wait. Where its wake-up is lost, and all events, nobody would.
        const engine = this.#scenario.eventsAreLost ? this.#waitingEngine() : this.#engine();
        const [outcome] = await startAll([(into) => admit(arrival, into)], engine);
        if (outcome?.status === 'rejected') throw outcome.reason;
        this.#runId = outcome?.value[0]?.run.id ?? '';
        await driveTaken(engine);
      });
    }
  }

  /** What runs in the warehouse comes to its end; the load fails the first time, and the session goes behind the check. */
  #endStatement(): RunEvent | undefined {
    const running = this.#world.warehouse.running();
    if (running?.name === undefined) return undefined;
    if (this.#scenario.story === 'cancel') return this.#world.end().event;
    const step = stepOf(running);
    if (this.#scenario.story === 'group') return this.#endGroup(step);
    if (this.#scenario.story === 'lying reports') return this.#reportFalsely(step);
    if (step === '20_load.sql' && !this.#failedOnce) {
      this.#failedOnce = true;
      return this.#world.end('FAILED', { error: 'ERROR: the cluster is resizing' }).event;
    }
    const { event } = this.#world.end();
    if (step === '30_check.sql' && !this.#sessionLost) {
      this.#sessionLost = true;
      for (const session of this.#world.warehouse.sessions.values()) session.status = 'CLOSED';
    }
    return event;
  }

  /** The load fails once, and was done; both commits fail, and the one took effect, the other will. */
  #reportFalsely(step: string | undefined): RunEvent {
    if (step === '20_load.sql' && !this.#failedOnce) {
      this.#failedOnce = true;
      const error = 'ERROR: the cluster is resizing, please try again';
      return this.#world.end('FAILED', { error, applied: true }).event;
    }
    if (step === '40_commit.sql') {
      const error = 'An I/O error occurred while sending to the backend.';
      return this.#world.end('FAILED', { error, applied: true }).event;
    }
    return step === '50_audit.sql'
      ? this.#world.end('ABORTED', { lateMs: 30_000 }).event
      : this.#world.end().event;
  }

  /** The first time its load meets a conflict; the second time its check finds a row. */
  #endGroup(step: string | undefined): RunEvent {
    if (step === '10_stage.sql' && !this.#failedOnce) {
      this.#failedOnce = true;
      const error = 'ERROR: 1023 Detail: Serializable isolation violation on table - 1';
      return this.#world.end('FAILED', { error, failed: 1 }).event;
    }
    if (step === '10_stage.sql')
      this.#world.warehouse.results.push({ match: 'CHECK stage', columns: ['id'], rows: [['1']] });
    return this.#world.end().event;
  }

  #resumeIsDue(): boolean {
    const run = this.#world.run(this.#runId);
    return this.#scenario.story === 'group' && run?.state === 'FAILED' && run.pendingActions === undefined;
  }

  /** A person asks until there is an answer. */
  async #resume(): Promise<void> {
    this.#world.warehouse.results.length = 0;
    let isAnswered = false;
    for (let i = 0; i < 4 && !isAnswered; i += 1) {
      await this.#survive(async () => {
        await operate(
          { verb: 'resume', requestId: 'resume', runId: this.#runId, actor: 'somebody' },
          this.#engine(),
        );
        isAnswered = true;
      });
    }
    await this.#wake({ kind: 'Woken' });
  }

  #cancelIsDue(): boolean {
    if (this.#scenario.story !== 'cancel' || this.#cancelAnswered) return false;
    return stepOf(this.#world.warehouse.running()) === '40_commit.sql';
  }

  /** A person asks until there is an answer. */
  async #cancel(): Promise<void> {
    for (let i = 0; i < 4 && !this.#cancelAnswered; i += 1) {
      await this.#survive(async () => {
        await operate(
          { verb: 'cancel', requestId: 'cancel', runId: this.#runId, actor: 'somebody' },
          this.#engine(),
        );
        this.#cancelAnswered = true;
      });
    }
  }

  /** Also the sweep starts nothing until then. */
  async #unpause(): Promise<void> {
    this.#world.time += 100_000;
    await this.#survive(() => sweep(this.#engine()));
    const { life } = this.#world.store.runs.get(this.#runId) ?? {};
    demand(life?.state === 'QUEUED', `${life?.state ?? 'nothing'} while its pipeline is paused`);
    demand(
      this.#world.store.pools.get('orders')?.epoch === 0,
      'a slot was taken while the pipeline was paused',
    );
    await this.#ask('unpause');
    await this.#wake({ kind: 'Woken' });
  }

  /** A person asks until there is an answer. */
  async #ask(verb: 'pause' | 'unpause'): Promise<void> {
    let isAnswered = false;
    for (let i = 0; i < 4 && !isAnswered; i += 1) {
      await this.#survive(async () => {
        await pauseOrUnpause(
          { verb, requestId: verb, pipeline: 'orders', actor: 'somebody' },
          this.#engine(),
        );
        isAnswered = true;
      });
    }
  }

  #wake(event: RunEvent): Promise<void> {
    return this.#survive(() => drive(this.#runId, event, this.#waitingEngine()));
  }

  async #survive(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }

  #isOver(): boolean {
    const run = this.#world.run(this.#runId);
    return (run?.state === 'SUCCEEDED' || run?.state === 'CANCELLED') && run.pendingActions === undefined;
  }

  check(): void {
    const { store } = this.#world;
    const run = this.#world.run(this.#runId);
    if (run === undefined) throw new Error('there is no run');
    demand(
      run.pendingActions === undefined && run.nextCheckAt === undefined,
      `${run.state}, and something is still to be done`,
    );
    demand(Object.keys(store.pools.get('orders')?.holders ?? {}).length === 0, 'the slot was not given back');
    demand(this.#world.warehouse.running() === undefined, 'a statement runs on');
    for (const step of ['40_commit.sql', '50_audit.sql']) {
      const times = this.#applied(step);
      const isRight = run.state === 'SUCCEEDED' ? times === 1 : times <= 1;
      demand(isRight, `${run.state}, and ${step} took effect ${times} times`);
    }
    if (this.#scenario.story === 'cancel') this.#checkCancelled(run);
    else this.#checkSucceeded(run);
    const mustPassOn = this.#scenario.story === 'waits' && !this.#scenario.eventsAreLost && !this.#dies;
    demand(!mustPassOn || this.#passedOn() !== undefined, 'no driver was woken to wait');
    const waits = this.#world.warehouse.calls.includes('await');
    const isWaiting = this.#scenario.story === 'waits';
    // Who dies early enough has not come to it.
    demand(waits === isWaiting || (isWaiting && this.#dies), `a driver ${waits ? 'waits' : 'does not wait'}`);
  }

  /** Of which statement a driver was told that may wait. */
  #passedOn(): string | undefined {
    const ids = this.#world.published.map(({ detail }) => detail['statementId']);
    return ids.find((id) => typeof id === 'string');
  }

  #applied(step: string): number {
    return this.#world.warehouse.statements.filter(
      (statement) => statement.committed === true && stepOf(statement) === step,
    ).length;
  }

  #checkSucceeded(run: StoredRun): void {
    demand(run.state === 'SUCCEEDED', `the run is ${run.state}: ${run.error?.message ?? ''}`);
    const { story } = this.#scenario;
    const { submitted, rows } =
      expected[
        story === 'lying reports' || story === 'group' || story === 'until' ? story : 'retry and rebuild'
      ];
    expectSame(this.#submitted(), submitted);
    expectSame(this.#rows(), rows);
    demand(this.#world.types().includes('Run Succeeded'), 'the success was not published');
  }

  #checkCancelled(run: StoredRun): void {
    demand(run.state === 'CANCELLED', `the run is ${run.state}: ${run.error?.message ?? ''}`);
    demand((run.error?.message ?? '') !== '', 'no reason is given');
    expectSame(this.#submitted(), ['10_stage.sql', '20_load.sql', '30_check.sql', '40_commit.sql']);
    const commit = this.#world.warehouse.statements.find(
      (statement) => stepOf(statement) === '40_commit.sql',
    );
    expectSame(this.#rows(), [
      '0#1#1 10_stage.sql FINISHED',
      '1#1#1 20_load.sql FINISHED',
      '2#1#1 30_check.sql FINISHED',
      `3#1#1 40_commit.sql ${commit?.status ?? '?'}`,
    ]);
    demand(
      run.error?.message.includes(commit?.committed === true ? 'was applied' : 'was not applied') === true,
      `the answer is not true: ${run.error?.message ?? ''}`,
    );
    demand(this.#world.types().includes('Run Cancelled'), 'the cancel was not published');
  }

  #submitted(): string[] {
    return this.#world.warehouse.statements
      .filter((statement) => statement.name !== undefined)
      .map((statement) => stepOf(statement) ?? '?');
  }

  #rows(): string[] {
    return [...(this.#world.store.rows.get(this.#runId) ?? [])]
      .map(([key, row]) => `${key} ${row.name} ${row.status}`)
      .sort();
  }
}

/** The steps that are submitted, and the rows of the history: index, generation, attempt. */
const expected = {
  'retry and rebuild': {
    // After the load that failed, and after the lost session.
    submitted: [
      '10_stage.sql',
      '20_load.sql',
      '10_stage.sql',
      '20_load.sql',
      '30_check.sql',
      '10_stage.sql',
      '20_load.sql',
      '30_check.sql',
      '40_commit.sql',
      '50_audit.sql',
    ],
    rows: [
      '0#1#1 10_stage.sql FINISHED',
      '0#2#1 10_stage.sql FINISHED',
      '0#3#1 10_stage.sql FINISHED',
      '1#1#1 20_load.sql FAILED',
      '1#2#2 20_load.sql FINISHED',
      '1#3#1 20_load.sql FINISHED',
      '2#2#1 30_check.sql FINISHED',
      '2#3#1 30_check.sql FINISHED',
      '3#2#1 40_commit.sql FAILED',
      '3#3#1 40_commit.sql FINISHED',
      '4#3#1 50_audit.sql FINISHED',
    ],
  },
  'lying reports': {
    submitted: [
      '10_stage.sql',
      '20_load.sql',
      '10_stage.sql',
      '20_load.sql',
      '30_check.sql',
      '40_commit.sql',
      '50_audit.sql',
    ],
    rows: [
      '0#1#1 10_stage.sql FINISHED',
      '0#2#1 10_stage.sql FINISHED',
      '1#1#1 20_load.sql FAILED',
      '1#2#2 20_load.sql FINISHED',
      '2#2#1 30_check.sql FINISHED',
      '3#2#1 40_commit.sql FINISHED',
      '4#2#1 50_audit.sql FINISHED',
    ],
  },
  until: {
    // The first two together. The session is lost after the check; the load fails once while it is rebuilt.
    submitted: [
      '10_stage.sql',
      '30_check.sql',
      '10_stage.sql',
      '20_load.sql',
      '10_stage.sql',
      '20_load.sql',
      '30_check.sql',
      '40_commit.sql',
      '50_audit.sql',
    ],
    rows: [
      '0#1#1 10_stage.sql FINISHED',
      '0#2#1 10_stage.sql FINISHED',
      '0#3#1 10_stage.sql FINISHED',
      '1#1#1 20_load.sql FINISHED',
      '1#2#1 20_load.sql FAILED',
      '1#3#1 20_load.sql FINISHED',
      '2#1#1 30_check.sql FINISHED',
      '2#3#1 30_check.sql FINISHED',
      '3#1#1 40_commit.sql FAILED',
      '3#3#1 40_commit.sql FINISHED',
      '4#3#1 50_audit.sql FINISHED',
    ],
  },
  group: {
    // The second time it is committed: its check is asked again alone.
    submitted: ['10_stage.sql', '10_stage.sql', '30_check.sql', '40_commit.sql', '50_audit.sql'],
    rows: [
      '0#1#1 10_stage.sql ROLLED_BACK',
      '0#1#2 10_stage.sql FINISHED',
      '1#1#1 20_load.sql FAILED',
      '1#1#2 20_load.sql FINISHED',
      '2#1#2 30_check.sql FAILED',
      '2#1#3 30_check.sql FINISHED',
      '3#1#1 40_commit.sql FINISHED',
      '4#1#1 50_audit.sql FINISHED',
    ],
  },
} as const;

/** From the comment that a statement carries. */
function stepOf(statement: FakeStatement | undefined): string | undefined {
  return /step=(\S+)/.exec(statement?.sqls[0] ?? '')?.[1];
}

function demand(holds: boolean, rule: string): void {
  if (!holds) throw new Error(rule);
}

function expectSame(found: readonly string[], expected: readonly string[]): void {
  demand(found.join() === expected.join(), `found ${found.join(', ')}; expected ${expected.join(', ')}`);
}
