/**
 * Three files of a pipeline that runs one at a time: the end of a run hands its slot to the next, which the same driver begins. The
 * driver is killed at given calls. Whatever the points: each file is loaded once, one after the other, and no slot is left.
 */
import { admit } from '../../shared/engine/admit.ts';
import { drive } from '../../shared/engine/drive.ts';
import { PlanCache } from '../../shared/engine/plan-cache.ts';
import type { Engine } from '../../shared/engine/ports.ts';
import { startAll } from '../../shared/engine/start-all.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import { driveTaken } from '../../shared/engine/taken.ts';
import { isActive, isAtEnd } from '../../shared/run/run.ts';
import type { CrashPoint } from '../fakes/crash.ts';
import { CrashingPorts, Killed } from '../fakes/crash.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

export type SlotStory = 'three files, one after the other';

const FILES = ['orders/1.csv', 'orders/2.csv', 'orders/3.csv'];

const plan = planOf([
  { name: '10_stage.sql', usesFile: true },
  { name: '20_commit.sql', kind: 'durable' },
]);

/** Minutes after which all runs must have ended. */
const LONGEST = 60;

export class SlotTelling {
  readonly #eventsAreLost: boolean;
  readonly #world = new World();
  readonly #crashing: CrashingPorts;
  readonly #plans: PlanCache;
  #mostAtOnce = 0;

  constructor(eventsAreLost: boolean, points: readonly CrashPoint[]) {
    this.#eventsAreLost = eventsAreLost;
    this.#crashing = new CrashingPorts(this.#world, points);
    this.#plans = new PlanCache(this.#crashing.ports.store, () => [plan]);
    this.#world.store.slotTaken = (_, { holders }) => {
      this.#mostAtOnce = Math.max(this.#mostAtOnce, Object.keys(holders).length);
    };
    this.#world.store.stored = () => {
      const active = [...this.#world.store.runs.values()].filter(isActive);
      this.#mostAtOnce = Math.max(this.#mostAtOnce, active.length);
    };
  }

  get calls(): readonly string[] {
    return this.#crashing.calls;
  }

  async run(): Promise<void> {
    for (const key of FILES) await this.#arrive(key);
    for (let minute = 0; minute < LONGEST && !this.#isOver(); minute += 1) {
      this.#world.time += 10_000;
      const ended = this.#world.warehouse.running() === undefined ? undefined : this.#world.end();
      if (ended !== undefined && !this.#eventsAreLost)
        await this.#survive((engine) => drive(ended.runId, ended.event, engine));
      if (this.#eventsAreLost || this.#world.warehouse.running() === undefined) {
        this.#world.time += 100_000;
        await this.#survive(sweep);
      }
    }
  }

  /** The queue delivers the event until it was taken without an error. */
  async #arrive(key: string): Promise<void> {
    const file = fileOf(key);
    this.#world.put(file);
    const arrival = { file, time: new Date(this.#world.time).toISOString() };
    let isTaken = false;
    for (let delivery = 0; delivery < 4 && !isTaken; delivery += 1) {
      await this.#survive(async (engine) => {
        const [outcome] = await startAll([(into) => admit(arrival, into)], engine);
        if (outcome?.status === 'rejected') throw outcome.reason;
        isTaken = true;
      });
    }
  }

  async #survive(work: (engine: Engine) => Promise<unknown>): Promise<void> {
    const engine = { ...this.#crashing.ports, plans: this.#plans, driver: this.#world.driver(), taken: [] };
    try {
      await work(engine);
      await driveTaken(engine);
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }

  #isOver(): boolean {
    const runs = [...this.#world.store.runs.values()];
    return (
      runs.length === FILES.length &&
      runs.every((run) => isAtEnd(run) && run.life.pendingActions.length === 0)
    );
  }

  check(): void {
    const { store, warehouse } = this.#world;
    const states = [...store.runs.values()].map(({ life }) => life.state);
    demand(states.join() === 'SUCCEEDED,SUCCEEDED,SUCCEEDED', `the runs are ${states.join()}`);
    demand(this.#isOver(), 'something is still to be done');
    const holders = Object.keys(store.pools.get('orders')?.holders ?? {});
    demand(holders.length === 0, `${holders.join()} still hold slots`);
    demand(this.#mostAtOnce === 1, `${this.#mostAtOnce} runs were active at once`);
    const commits = warehouse.statements.filter(
      ({ sqls, committed }) => sqls.length > 1 && committed === true,
    );
    demand(commits.length === FILES.length, `${commits.length} commits took effect`);
    demand(
      new Set(commits.map(({ name }) => name?.split(':')[2])).size === FILES.length,
      'a run committed twice',
    );
  }
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
