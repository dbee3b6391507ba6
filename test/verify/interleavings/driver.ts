/**
 * A driver is an asynchronous function and cannot be copied; but it is a deterministic one. So its state is what it was
 * told and every answer it has had: run again over these, it comes to the same call. (It is the real engine that runs.)
 */
import process from 'node:process';

import '../../fakes/lazy-modules.ts';
import { drive } from '../../../shared/engine/drive.ts';
import { operate } from '../../../shared/engine/operate.ts';
import { PlanCache } from '../../../shared/engine/plan-cache.ts';
import type { Ports } from '../../../shared/engine/ports.ts';
import type { Plan } from '../../../shared/pipeline/plan.ts';
import { parseRun } from '../../../shared/store/parse-run.ts';
import type { RunStore } from '../../../shared/store/run-store.ts';
import type { Warehouse } from '../../../shared/warehouse/warehouse.ts';
import type { DriverState, Entry } from './snapshot.ts';
import { NOW, RUN_ANSWERS, UNUSED } from './snapshot.ts';

/** A call that the driver has made and that is not answered yet. */
export interface Call {
  readonly number: number;
  /** `store.load`, `warehouse.submit`, … */
  readonly name: string;
  readonly parameters: readonly unknown[];
}

export interface Position {
  /** Empty: the driver has ended. */
  readonly calls: readonly Call[];
  /** The driver ended with an error. */
  readonly error?: string;
  /** Is the token, that it drew last, in one of these calls? */
  readonly usesToken: boolean;
}

/** So many positions are remembered. */
const MOST_REMEMBERED = 100_000;

const WHO = 'driver';

export class Drivers {
  readonly #plan: Plan;
  readonly #runId: string;
  readonly #plans: PlanCache;
  readonly #remembered = new Map<string, Position>();

  constructor(plan: Plan, runId: string) {
    this.#plan = plan;
    this.#runId = runId;
    this.#plans = new PlanCache({ loadPlan: async () => plan, putPlan: async () => undefined }, () => [plan]);
  }

  /** Where a driver is that was told this and had these answers. */
  async positionOf(driver: DriverState): Promise<Position> {
    const { news, entries } = driver;
    const key = JSON.stringify([news, entries]);
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
    const position = await this.#replay(driver);
    this.#remembered.set(key, position);
    return position;
  }

  async #replay(driver: DriverState): Promise<Position> {
    await this.#plans.put(this.#plan);
    const replay = new Replay(driver.entries);
    let ended = false;
    let error: string | undefined;
    this.#start(driver, replay.ports)
      .catch((problem: unknown) => {
        error = problem instanceof Error ? (problem.stack ?? problem.message) : String(problem);
      })
      .finally(() => {
        ended = true;
      });
    // Answers are there at once, so that whatever can go on has gone on; but for modules that load.
    do await new Promise<void>((done) => setImmediate(done));
    while (!ended && replay.calls.length === 0);
    const last = driver.entries.at(-1)?.token ?? UNUSED;
    const said = JSON.stringify(replay.calls);
    if (said.includes(UNUSED)) throw new Error(`a driver uses a token that was taken for unused: ${said}`);
    return {
      calls: replay.calls,
      usesToken: said.includes(last),
      ...(error === undefined ? {} : { error }),
    };
  }

  #start({ news }: DriverState, ports: Ports): Promise<unknown> {
    const driver = { id: WHO, remainingMs: () => 60_000 };
    const engine = { ...ports, plans: this.#plans, driver };
    if (news.kind === 'event')
      return drive(this.#runId, news.event, { ...engine, driver: { ...driver, waits: true } });
    const requestId = 'paused' in news ? 'resume of a paused run' : news.kind;
    const request = { verb: news.kind, requestId, runId: this.#runId, actor: 'somebody' };
    return operate(request, engine);
  }
}

/** The ports of one driver that is run again: known calls are answered at once, others stay without an answer. */
class Replay {
  readonly calls: Call[] = [];
  readonly ports: Ports;
  readonly #answers: ReadonlyMap<number, Entry>;
  /** In the order in which they were given. */
  readonly #entries: readonly Entry[];
  #given = 0;
  readonly #waiting = new Map<number, () => void>();
  #isSettling = false;
  #made = 0;
  #now = 0;
  #ahead = 0;
  #token = UNUSED;

  constructor(entries: readonly Entry[]) {
    this.#answers = new Map(entries.map((entry) => [entry.call, entry]));
    this.#entries = entries;
    this.ports = {
      store: this.#port('store') as RunStore,
      warehouse: this.#port('warehouse') as Warehouse,
      later: async () => undefined,
      files: {
        find: async () => undefined,
        readStart: async () => undefined,
        getArtifact: async () => undefined,
        read: async () => undefined,
        list: async () => ({ files: [], isLast: true }),
        putArtifact: async () => undefined,
      },
      // Wake-ups that are published come at any time anyway.
      publisher: { publish: async () => undefined },
      settings: {
        service: 'baton',
        stage: 'test',
        landingBucket: 'landing',
        artifactsBucket: 'artifacts',
        copyRole: 'default',
        historyDays: 400,
      },
      now: () => this.#now + this.#ahead,
      randomToken: () => this.#token,
      randomFraction: () => 0.5,
      // While one driver pauses, the others go on: only its own clock is ahead.
      pause: async (ms) => {
        this.#ahead += ms;
      },
      meter: () => undefined,
      log: () => undefined,
    };
  }

  #port(port: string): object {
    return new Proxy(
      {},
      {
        get:
          (_, member) =>
          (...parameters: unknown[]) =>
            this.#call(`${port}.${String(member)}`, parameters),
      },
    );
  }

  #call(name: string, parameters: readonly unknown[]): Promise<unknown> {
    const number = this.#made;
    this.#made += 1;
    const entry = this.#answers.get(number);
    if (entry === undefined) {
      this.calls.push({ number, name, parameters });
      return new Promise(() => undefined);
    }
    if (entry.name !== name) throw new Error(`call ${number} was ${entry.name}, and is ${name} now`);
    return new Promise((answer) => {
      this.#waiting.set(number, () => {
        this.#now = Math.max(this.#now, Date.parse(entry.now));
        if (entry.token !== UNUSED) this.#token = entry.token;
        answer(revived(name, entry.answer));
      });
      this.#giveNext();
    });
  }

  /** Calls side by side are answered one after the other, as they were: what follows a call depends on it. */
  #giveNext(): void {
    const next = this.#entries[this.#given];
    const answer = next && this.#waiting.get(next.call);
    if (next === undefined || answer === undefined || this.#isSettling) return;
    this.#given += 1;
    this.#waiting.delete(next.call);
    answer();
    if (this.#waiting.size === 0) return;
    this.#isSettling = true;
    process.nextTick(() => {
      this.#isSettling = false;
      this.#giveNext();
    });
  }
}

/** A run as it is stored, and instants that have been through JSON. */
function revived(name: string, answer: unknown): unknown {
  if (RUN_ANSWERS.has(name) && typeof answer === 'object' && answer !== null) return parseRun({ ...answer });
  if (name !== 'warehouse.describe' || typeof answer !== 'object' || answer === null) return answer;
  return 'updatedAt' in answer ? { ...answer, updatedAt: new Date(NOW) } : answer;
}
