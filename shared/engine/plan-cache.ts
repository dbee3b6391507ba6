/** Plans by hash: immutable, so one read per plan and process. */
import type { Plan } from '../pipeline/plan.ts';
import type { RunStore } from '../store/run-store.ts';

export class PlanCache {
  readonly #store: Pick<RunStore, 'loadPlan' | 'putPlan'>;
  readonly #plans = new Map<string, Plan>();

  constructor(store: Pick<RunStore, 'loadPlan' | 'putPlan'>) {
    this.#store = store;
  }

  /** @throws Error where the plan is not stored: somebody deleted it. */
  async get(hash: string): Promise<Plan> {
    const known = this.#plans.get(hash);
    if (known !== undefined) return known;
    const plan = await this.#store.loadPlan(hash);
    if (plan === undefined)
      throw new Error(`plan ${hash} is not in the table: was it deleted? The run cannot go on without it`);
    this.#plans.set(hash, plan);
    return plan;
  }

  /** Stores the plan before a run that needs it; once per process. */
  async put(plan: Plan): Promise<void> {
    if (this.#plans.has(plan.hash)) return;
    await this.#store.putPlan(plan);
    this.#plans.set(plan.hash, plan);
  }
}
