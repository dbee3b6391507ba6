/** The real engine as a driver that can be copied: run again over the answers that it has had, it comes to the same call. */
import '../../../fakes/lazy-modules.ts';
import { createHash } from 'node:crypto';

import { drive } from '../../../../shared/engine/drive.ts';
import { operate } from '../../../../shared/engine/operate.ts';
import { PlanCache } from '../../../../shared/engine/plan-cache.ts';
import type { Engine, Ports } from '../../../../shared/engine/ports.ts';
import { tendPool } from '../../../../shared/engine/slots.ts';
import type { Plan } from '../../../../shared/pipeline/plan.ts';
import type { RunEvent } from '../../../../shared/run/run-event.ts';
import type { Run } from '../../../../shared/run/run.ts';
import { parseStatementName } from '../../../../shared/warehouse/statement-name.ts';
import { tokenOf } from '../snapshot.ts';
import type { Call, Entry, Job, State } from './state.ts';

const SETTINGS = {
  service: 'baton',
  stage: 'test',
  landingBucket: 'landing',
  artifactsBucket: 'artifacts',
  copyRole: 'default',
  historyDays: 400,
};

export class Drivers {
  readonly #plans: PlanCache;
  readonly #plan: Plan;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#plans = new PlanCache({ loadPlan: async () => plan, putPlan: async () => undefined }, () => [plan]);
  }

  /** The calls without an answer of a driver that had these answers; none: it has ended. */
  async callsOf(
    number: number,
    job: Job,
    entries: readonly Entry[],
  ): Promise<{ readonly calls: readonly Call[]; readonly error?: string }> {
    await this.#plans.put(this.#plan);
    const replay = new Replay(entries);
    let ended = false;
    let error: string | undefined;
    this.#start(job, this.#engine(replay.ports, number))
      .catch((problem: unknown) => {
        error = problem instanceof Error ? (problem.stack ?? problem.message) : String(problem);
      })
      .finally(() => {
        ended = true;
      });
    do await new Promise<void>((done) => setImmediate(done));
    while (!ended && replay.calls.length === 0);
    return { calls: ended ? [] : replay.calls, ...(error === undefined ? {} : { error }) };
  }

  /** An engine over the state itself, for what happens at once. */
  over(state: State, number: number): Engine {
    return this.#engine(
      {
        ...QUIET,
        store: state.store,
        warehouse: state.warehouse,
        files: filesOf(state),
        now: () => state.time,
        randomToken: () => state.nextToken(),
      },
      number,
    );
  }

  #engine(ports: Ports, number: number): Engine {
    return { ...ports, plans: this.#plans, driver: { id: `driver-${number}`, remainingMs: () => 60_000 } };
  }

  #start(job: Job, engine: Engine): Promise<unknown> {
    switch (job.kind) {
      case 'woken':
        return drive(job.runId, { kind: 'Woken' }, engine);
      case 'event':
        return drive(job.runId, eventOf(job, engine.now()), engine);
      case 'tend':
        return tendPool(this.#plan.pipeline, engine);
      case 'cancel':
        return operate({ verb: 'cancel', requestId: job.kind, actor: 'somebody', runId: job.runId }, engine);
      case 'resume':
      case 'without': {
        const without = job.kind === 'resume' ? {} : { without: ['orders/b.csv'] };
        return operate(
          { verb: 'resume', requestId: job.kind, actor: 'somebody', runId: job.runId, ...without },
          engine,
        );
      }
      default:
        return job satisfies never;
    }
  }
}

const QUIET = {
  // Wake-ups come at any time anyway.
  publisher: { publish: async () => undefined },
  later: async () => undefined,
  settings: SETTINGS,
  randomFraction: () => 0.5,
  pause: async () => undefined,
  meter: () => undefined,
  log: () => undefined,
};

function eventOf(job: Job & { readonly kind: 'event' }, now: number): RunEvent {
  const [statementId = '', name = ''] = job.statementId.split(' ');
  return {
    kind: 'StatementEnded',
    tokenStart: parseStatementName(name)?.tokenStart ?? '',
    statementId,
    status: job.status as 'FINISHED',
    at: new Date(now).toISOString(),
    rows: 1,
    trusted: true,
  };
}

function filesOf({ objects, artifacts }: State): Ports['files'] {
  return {
    find: async (bucket, key) => objects.get(`${bucket}/${key}`),
    readStart: async () => undefined,
    getArtifact: async (key) => artifacts.get(key),
    list: async () => ({ files: [], isLast: true }),
    read: async () => undefined,
    putArtifact: async (key, body) => {
      artifacts.set(key, body);
    },
  };
}

/** The call has its effect in the state. The answer. */
export async function perform(state: State, { name, parameters }: Call): Promise<unknown> {
  const [port = '', method = ''] = name.split('.');
  const target = { store: state.store, warehouse: state.warehouse, files: filesOf(state) }[port];
  const made: unknown = Reflect.get(target ?? {}, method);
  if (typeof made !== 'function') throw new Error(`there is no ${name}`);
  // Of a batch its number is random, each time that its driver is run again.
  const given = name === 'store.create' ? parameters.map((run) => born(run as Run)) : parameters;
  return (await made.apply(target, given)) as unknown;
}

function born(run: Run): Run {
  return { ...run, incarnationId: createHash('sha256').update(run.id).digest('hex').slice(0, 32) };
}

/** Known calls are answered at once, others stay without an answer. */
class Replay {
  readonly calls: Call[] = [];
  readonly ports: Ports;
  readonly #answers: ReadonlyMap<number, Entry>;
  #made = 0;
  #now = 0;
  #token = tokenOf(0);

  constructor(entries: readonly Entry[]) {
    this.#answers = new Map(entries.map((entry) => [entry.call, entry]));
    const port = (name: string): never =>
      new Proxy(
        {},
        {
          get:
            (_, member) =>
            (...parameters: unknown[]) =>
              this.#call(`${name}.${String(member)}`, parameters),
        },
      ) as never;
    this.ports = {
      ...QUIET,
      store: port('store'),
      warehouse: port('warehouse'),
      files: port('files'),
      now: () => this.#now,
      randomToken: () => this.#token,
    };
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
    this.#now = Math.max(this.#now, entry.now);
    this.#token = entry.token;
    // The engine may change a list that it got.
    return Promise.resolve(Array.isArray(entry.answer) ? [...(entry.answer as unknown[])] : entry.answer);
  }
}
