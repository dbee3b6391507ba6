/** Plans by hash: immutable, so each is read once per process. Also the plans that were deployed with this process. */
import type { Plan } from '../pipeline/plan.ts';
import type { RunStore } from '../store/run-store.ts';

export class PlanCache {
  readonly #store: Pick<RunStore, 'loadPlan' | 'putPlan'>;
  readonly #plans = new Map<string, Plan>();

  readonly #deployed: () => readonly Plan[];

  /** Pipelines whose slots were all in use when this process last wanted one: a guess at what the next run finds. */
  readonly crowded = new Set<string>();

  /** `deployed`: called when first needed. */
  constructor(store: Pick<RunStore, 'loadPlan' | 'putPlan'>, deployed: () => readonly Plan[] = () => []) {
    this.#store = store;
    this.#deployed = deployed;
  }

  /** Today's plans, one for each pipeline. */
  all(): readonly Plan[] {
    return this.#deployed();
  }

  /** The pipeline's plan of today; undefined if the pipeline no longer exists. */
  today(pipeline: string): Plan | undefined {
    return this.#deployed().find((plan) => plan.pipeline === pipeline);
  }

  /** @throws Error if the plan is not stored: it was deleted. */
  async get(hash: string): Promise<Plan> {
    const plan = await this.find(hash);
    if (plan === undefined)
      throw new Error(`plan ${hash} is not in the table: was it deleted? The run cannot continue without it`);
    return plan;
  }

  /** Undefined if the plan is not stored. */
  async find(hash: string): Promise<Plan | undefined> {
    const known = this.#plans.get(hash);
    if (known !== undefined) return known;
    const plan =
      this.#deployed().find((candidate) => candidate.hash === hash) ?? (await this.#store.loadPlan(hash));
    if (plan !== undefined) this.#plans.set(hash, plan);
    return plan;
  }

  /** Stores the plan before a run that needs it; once per process. */
  async put(plan: Plan): Promise<void> {
    if (this.#plans.has(plan.hash)) return;
    await this.#store.putPlan(plan);
    this.#plans.set(plan.hash, plan);
  }
}
