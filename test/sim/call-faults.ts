/** What can go wrong with a call: refused before its effect, or its reply lost behind it, or sent again. */
import type { Run } from '../../shared/run/run.ts';
import { MemoryRunStore } from '../fakes/memory-run-store.ts';
import { SENT_AGAIN } from './fault-kinds.ts';
import type { Method, Through } from './gates.ts';
import type { Stage } from './stage.ts';

/** An error of a call that a schedule asked for. */
export class Injected extends Error {
  readonly StatementId?: string;

  constructor(name: string, message = 'simulated', statementId?: string) {
    super(message.startsWith('simulated') ? message : `simulated: ${message}`);
    this.name = name;
    if (statementId !== undefined) this.StatementId = statementId;
  }
}

/** The calls of the Data API whose refusals the engine gets as answers. */
const ANSWERED: ReadonlySet<string> = new Set(['open', 'submit', 'ask', 'runSmall']);

const AGAIN: ReadonlySet<string> = new Set(SENT_AGAIN);

const INDEXED: ReadonlySet<string> = new Set([
  'findDue',
  'findWaitingPipelines',
  'findQueued',
  'countQueued',
]);

const LAGGING: ReadonlySet<string> = new Set(['findByName', 'describe']);

/** So far the Data API's own lists may be behind. */
const LAG_MS = 10_000;

/** Calls that come so seldom that their faults would too. */
const SELDOM: ReadonlySet<string> = new Set([
  'await',
  'cancel',
  'ask',
  'session',
  'history',
  'countQueued',
  'submit',
  'find',
  'list',
  'firstRunAt',
  'loadKey',
  'changeKey',
  'loadPlan',
  'pausePool',
  'unpausePool',
  'result',
  'takeSlot',
  'releaseSlot',
  'handSlot',
  'pausePool',
  'unpausePool',
  'absorb',
  'loadAll',
  'loadKeys',
  'getArtifact',
]);

/** Calls that few schedules make, or seldom. */
const ONCE: ReadonlySet<string> = new Set(['cancel', 'unpausePool', 'handSlot']);

/** So many writes back an index may be. */
const MOST_BEHIND = 8;

type Fault = 'throttled' | 'lost reply' | 'sent again' | 'names its statement' | 'uses the token up';

export class CallFaults {
  readonly #stage: Stage;
  /** Copies of all runs, after each of the latest writes. */
  readonly #past: ReadonlyMap<string, Run>[] = [];
  readonly #pastStore = new MemoryRunStore();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** The runs are about to change. */
  remember(runs: ReadonlyMap<string, Run>): void {
    if (this.#stage.swarm.rates.stale === 0) return;
    this.#past.push(new Map(runs));
    if (this.#past.length > MOST_BEHIND) this.#past.shift();
  }

  through: Through = async (driver, port, method, target, parameters) => {
    const { gates, world } = this.#stage;
    const waitSeconds = method === 'describe' ? Number(parameters[1] ?? 0) : 0;
    // I16: only who may waits, and its wait ends long before it does.
    if (waitSeconds > 0)
      this.#stage.broken.demand(
        driver.waits && waitSeconds <= 5 && driver.bornAt + this.#stage.swarm.lifeMs - world.time >= 20_000,
        () => `I16: ${driver.name} waits ${waitSeconds} s for ${String(parameters[0])}`,
      );
    await gates.stop(driver, waitSeconds > 0 ? 'await' : method, world.time);
    if (port === 'warehouse' && world.time < this.#stage.pausedUntil) {
      this.#stage.fired('call refused in a pause');
      if (waitSeconds > 0) return this.#notWaited(parameters);
      return this.#refused(method, target, parameters, PAUSED);
    }
    const fault = this.#faultOf(waitSeconds > 0 ? 'await' : method);
    if (fault !== undefined && waitSeconds > 0) return this.#notWaited(parameters);
    switch (fault) {
      case undefined:
        if (INDEXED.has(method)) return this.#fromIndex(method, target, parameters);
        return LAGGING.has(method)
          ? this.#lagging(method, target, parameters)
          : call(target, method, parameters);
      case 'throttled':
        this.#stage.fired(port === 'warehouse' ? 'throttled: warehouse' : 'throttled: store');
        return this.#refused(method, target, parameters, THROTTLED);
      case 'lost reply':
        this.#stage.fired(`lost reply: ${port}.${method}`);
        return this.#lost(method, target, parameters);
      case 'sent again':
        await call(target, method, parameters);
        await gates.stop(driver, method, world.time);
        this.#stage.fired(`sent again: ${method}`);
        return call(target, method, parameters);
      case 'names its statement':
        return this.#namesItsStatement(target, parameters);
      case 'uses the token up':
        return this.#usesTheTokenUp(target, parameters);
      default:
        return fault satisfies never;
    }
  };

  #faultOf(method: string): Fault | undefined {
    const { random, swarm, quiet } = this.#stage;
    if (quiet || !random.chance(swarm.rates.call * (ONCE.has(method) ? 7 : SELDOM.has(method) ? 4 : 1)))
      return undefined;
    const kinds: { fault: Fault; weight: number }[] = [
      { fault: 'throttled', weight: 2 },
      { fault: 'lost reply', weight: 3 },
    ];
    if (AGAIN.has(method)) kinds.push({ fault: 'sent again', weight: 3 });
    if (method === 'submit') {
      if (swarm.kinds.has('error that names its statement'))
        kinds.push({ fault: 'names its statement', weight: 2 });
      if (swarm.kinds.has('refusal that used the token up'))
        kinds.push({ fault: 'uses the token up', weight: 6 });
    }
    return random.weighted(kinds)?.fault;
  }

  /** As the real one answers if its wait is throttled, refused or not answered. */
  #notWaited([statementId]: readonly unknown[]): Promise<unknown> {
    this.#stage.fired('wait refused');
    return Promise.resolve({ statementId, status: 'RUNNING', rows: [] });
  }

  /** The call has no effect. */
  #refused(
    method: string,
    target: Target,
    parameters: readonly unknown[],
    error: Injected,
  ): Promise<unknown> {
    if (!ANSWERED.has(method)) {
      // As in the real one: CancelStatement's refusals are left to the next look.
      return method === 'cancel' && error === PAUSED ? Promise.resolve() : Promise.reject(error);
    }
    const { warehouse } = this.#stage.world;
    warehouse.before = () => {
      throw error;
    };
    const answer = call(target, method, parameters);
    warehouse.before = nothing;
    return answer;
  }

  /** The call has its effect, and nobody hears of it. */
  async #lost(method: string, target: Target, parameters: readonly unknown[]): Promise<unknown> {
    if (!ANSWERED.has(method)) {
      await call(target, method, parameters);
      throw TIMED_OUT;
    }
    const { warehouse } = this.#stage.world;
    warehouse.after = () => {
      throw TIMED_OUT;
    };
    const answer = call(target, method, parameters);
    warehouse.after = nothing;
    return answer;
  }

  /** ExecuteStatementException: the statement exists; sometimes it never gets further. */
  #namesItsStatement(target: Target, parameters: readonly unknown[]): Promise<unknown> {
    const { warehouse } = this.#stage.world;
    const before = warehouse.statements.length;
    warehouse.after = () => {
      const made = warehouse.statements.at(-1);
      if (made === undefined || warehouse.statements.length === before) throw TIMED_OUT;
      this.#stage.fired('error that names its statement');
      if (this.#stage.random.chance(0.5))
        warehouse.end(made.id, 'FAILED', { error: 'ERROR: too many connections' });
      throw new Injected('ExecuteStatementException', 'it could not be started', made.id);
    };
    const answer = call(target, 'submit', parameters);
    warehouse.after = nothing;
    return answer;
  }

  #usesTheTokenUp(target: Target, parameters: readonly unknown[]): Promise<unknown> {
    const { warehouse } = this.#stage.world;
    const [submission] = parameters as [{ token: string }];
    if (!warehouse.tokens.has(submission.token)) {
      warehouse.usedUp.add(submission.token);
      this.#stage.fired('refusal that used the token up');
    }
    return call(target, 'submit', parameters);
  }

  /** What has just begun is not listed yet, what has just ended is described as running. */
  async #lagging(method: string, target: Target, parameters: readonly unknown[]): Promise<unknown> {
    const { random, swarm, quiet, world } = this.#stage;
    const answer = await call(target, method, parameters);
    // Seldom is a name looked for so soon that the answer can be behind.
    const rate = swarm.rates.stale * (method === 'findByName' ? 3 : 1);
    if (quiet || !random.chance(rate)) return answer;
    const found = world.warehouse.statementOf(String(method === 'findByName' ? answer : parameters[0]));
    if (found === undefined || answer === 'NOT_FOUND') return answer;
    if (method === 'findByName') {
      if (world.time - found.startedAt > LAG_MS) return answer;
      this.#stage.fired('look-up by name too early');
      return undefined;
    }
    if (found.status === 'RUNNING' || world.time - (found.endedAt ?? 0) > LAG_MS) return answer;
    this.#stage.fired('description out of date');
    return { statementId: found.id, status: 'RUNNING', rows: [] };
  }

  /** An index may answer from the past. */
  async #fromIndex(method: string, target: Target, parameters: readonly unknown[]): Promise<unknown> {
    const answer = await call(target, method, parameters);
    const { random, swarm, quiet } = this.#stage;
    if (quiet || this.#past.length === 0 || !random.chance(swarm.rates.stale)) return answer;
    const { runs } = this.#pastStore;
    runs.clear();
    for (const [id, run] of random.pick(this.#past) ?? []) runs.set(id, run);
    const stale = await call(this.#pastStore as unknown as Target, method, parameters);
    if (JSON.stringify(stale) !== JSON.stringify(answer)) this.#stage.fired('index read out of date');
    return stale;
  }
}

type Target = Readonly<Record<string, Method>>;

function call(target: Target, method: string, parameters: readonly unknown[]): Promise<unknown> {
  const answer = target[method]?.(...parameters);
  if (answer === undefined) throw new Error(`the port has no ${method}`);
  return answer;
}

const nothing = (): undefined => undefined;

const THROTTLED = new Injected('ThrottlingException', 'Rate exceeded');
const TIMED_OUT = new Injected('TimeoutError', 'the reply was lost');
const PAUSED = new Injected('ValidationException', 'The cluster is paused');
