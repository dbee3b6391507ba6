/**
 * Whole lives of runs over the real store, and of each kind of moment in them the first one: everything that can be in the
 * table when a later version of Baton is deployed.
 */
import { admit } from '../../shared/engine/admit.ts';
import { drive } from '../../shared/engine/drive.ts';
import { operate } from '../../shared/engine/operate.ts';
import { PlanCache } from '../../shared/engine/plan-cache.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { Engine, Ports } from '../../shared/engine/ports.ts';
import type { OperateRequest } from '../../shared/events/requests.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import type { Run } from '../../shared/run/run.ts';
import type { Member } from '../../shared/store/run-store.ts';
import { storedRun } from '../../shared/store/stored-run.ts';
import { fileOf, lineageOf, planOf, World } from '../fakes/world.ts';
import type { Golden } from './golden.ts';
import type { Table, Tables } from './table.ts';

const nothing = lineageOf({});
const stage = { name: '10_stage.sql', lineage: { ...nothing, createsTemp: ['stage'] } };
const load = {
  name: '20_load.sql',
  usesFile: true,
  usesManifest: true,
  lineage: { ...nothing, writesTemp: ['stage'] },
};
const check = { name: '30_check.sql', kind: 'check' as const, lineage: { ...nothing, readsTemp: ['stage'] } };
const commit = {
  name: '40_commit.sql',
  kind: 'durable' as const,
  lineage: { ...nothing, readsTemp: ['stage'], writes: ['dim'] },
};
const audit = { ...commit, name: '50_audit.sql', lineage: { ...commit.lineage, writes: ['audit'] } };
const call = { name: '40_call.sql', kind: 'opaque' as const, lineage: { ...nothing, readsTemp: ['stage'] } };

const normal = planOf([stage, load, check, commit, audit]);
/** Its first three steps may be sent together. */
const grouped = planOf([stage, { ...load, fusible: true }, { ...check, fusible: true }, commit]);
const opaque = planOf([stage, call], { onFailure: 'continue' });
const batched = planOf([stage, load, check, commit], {
  triggers: [
    {
      kind: 's3',
      prefix: 'orders/',
      suffix: '.csv',
      batch: { files: 500, bytes: 1_000_000, waitSeconds: 0 },
    },
  ],
  isolateFiles: 10,
});

const LONG_KEY = `orders/${'k'.repeat(1_000)}.csv`;

export class Life {
  readonly world = new World();
  readonly plan: Plan;
  readonly #ports: Ports;
  readonly #plans: PlanCache;
  #drivers = 0;

  constructor(plan: Plan, table: Table, written: (run: Run, life: Life) => Promise<void>) {
    this.plan = plan;
    // Claims that are older than any session are stored too.
    this.world.warehouse.sessionsExpire = false;
    const absorbed = async (runId: string): Promise<void> => {
      const run = await table.store.load(runId);
      if (run !== undefined) await written(run, this);
    };
    const store = new Proxy(table.store, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property, target);
        if (typeof member !== 'function') return member;
        return async (...parameters: unknown[]) => {
          const answer = (await member.apply(target, parameters)) as unknown;
          if (property === 'create') await written(parameters[0] as Run, this);
          if (property === 'absorb') await absorbed((parameters[0] as Member).run);
          if ((property === 'save' || property === 'record') && answer !== 'conflict')
            await written(answer as Run, this);
          return answer;
        };
      },
    });
    const settings = { ...this.world.ports.settings, autoWaitMs: 1_000 };
    this.#ports = { ...this.world.ports, store, settings };
    this.#plans = new PlanCache(store, () => [plan]);
  }

  #engine(plans = this.#plans): Engine {
    this.#drivers += 1;
    const driver = { id: `invocation-${this.#drivers}`, remainingMs: () => 60_000 };
    return { ...this.#ports, plans, driver };
  }

  /** An earlier run of the pipeline found each step short. */
  async measured(): Promise<void> {
    const { store } = this.#ports;
    const { pool } = await store.takeSlot('orders', 'an-earlier-run', 1);
    const took = Object.fromEntries(this.plan.steps.map(({ name }) => [name, 200]));
    await store.releaseSlot('orders', 'an-earlier-run', pool.epoch, took);
  }

  /** Gives the run's id. */
  async arrive(sequencer = '0002', time = '2026-11-24T07:59:59.000Z', key = 'orders/1.csv'): Promise<string> {
    const file = fileOf(key, { sequencer, etag: `etag-${sequencer}` });
    this.world.put(file);
    const created = { file, time };
    const [started] = await admit(created, this.#engine());
    if (started === undefined) throw new Error('no run was started');
    return started.run.id;
  }

  /** Started by a person, to pause after a step. Gives the run's id. */
  async start(until: string): Promise<string> {
    const file = fileOf('orders/1.csv', { sequencer: '0002', etag: 'etag-0002' });
    this.world.put(file);
    const request = { verb: 'start' as const, requestId: 'start-1', pipeline: 'orders', actor: 'somebody' };
    const answer = await operate(
      { ...request, file: `s3://${file.bucket}/${file.key}`, until },
      this.#engine(),
    );
    if (!answer.ok) throw new Error(answer.message);
    return answer.runId;
  }

  /** Three files wait behind the run of a first one, which ends then: gives the batch run that they are absorbed into. */
  async batch(): Promise<string> {
    const first = await this.arrive('0001', '2026-11-24T07:59:58.000Z', 'orders/0.csv');
    await this.wake(first);
    for (const key of ['orders/1.csv', 'orders/2.csv', 'orders/3.csv'])
      await this.arrive('0002', '2026-11-24T07:59:59.000Z', key);
    for (let i = 0; i < batched.steps.length; i += 1) await this.finish();
    const woken = this.world.published.findLast(({ type }) => type === 'Run Woken');
    const runId = String(woken?.detail['runId']);
    await this.wake(runId);
    return runId;
  }

  async wake(runId: string, event: RunEvent = { kind: 'Woken' }): Promise<void> {
    await drive(runId, event, this.#engine());
  }

  async ask(request: OperateRequest): Promise<void> {
    const answer = await operate(request, this.#engine());
    if (!answer.ok) throw new Error(answer.message);
  }

  async finish(...parameters: Parameters<World['end']>): Promise<void> {
    // Files of a batch are compared with their times.
    if (this.plan !== batched) this.world.time += 430;
    const { runId, event } = this.world.end(...parameters);
    await this.wake(runId, event);
  }

  async sweeps(runId: string, count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      this.world.time += 100_000;
      await this.wake(runId);
    }
  }

  /** A sweep that finds the run, and no plan. */
  async sweepInTrouble(): Promise<void> {
    this.world.time += 100_000;
    const none = { loadPlan: async () => undefined, putPlan: async () => undefined };
    await sweep(this.#engine(new PlanCache(none)));
  }

  kill(how: { committed: boolean; forgotten: boolean }): void {
    const sessionId = this.world.warehouse.running()?.sessionId ?? 'session-1';
    this.world.warehouse.kill(sessionId, how);
  }
}

type Story = (life: Life) => Promise<void>;

const stories: readonly { readonly plan: Plan; readonly story: Story }[] = [
  // Everything goes well; an older upload of the same key comes late.
  {
    plan: normal,
    story: async (life) => {
      const runId = await life.arrive();
      await life.wake(runId);
      for (let i = 0; i < 5; i += 1) await life.finish();
      await life.arrive('0001', '2026-11-24T07:59:58.000Z');
    },
  },
  // Tried again; then the session is lost with the commit under way, and is rebuilt.
  {
    plan: normal,
    story: async (life) => {
      const runId = await life.arrive();
      await life.wake(runId);
      await life.finish('FAILED', { error: 'ERROR: the cluster is resizing' });
      await life.finish();
      await life.finish();
      await life.finish();
      await life.finish();
      life.kill({ committed: false, forgotten: true });
      await life.sweeps(runId, 4);
      for (let i = 0; i < 4; i += 1) await life.finish();
    },
  },
  // Fails for good, and is resumed.
  {
    plan: normal,
    story: async (life) => {
      const runId = await life.arrive();
      await life.wake(runId);
      await life.finish();
      await life.finish('FAILED', { error: 'ERROR: relation "x" does not exist' });
      await life.ask({ verb: 'resume', requestId: 'resume-1', runId, actor: 'somebody' });
      await life.wake(runId);
      await life.finish();
    },
  },
  // The warehouse does not answer for a while.
  {
    plan: normal,
    story: async (life) => {
      const runId = await life.arrive();
      life.world.warehouse.before = (name) => {
        if (name === 'open') throw named('ThrottlingException');
      };
      await life.wake(runId);
      life.world.warehouse.before = (name) => {
        if (name === 'submit') throw named('ThrottlingException');
      };
      await life.sweeps(runId, 1);
      life.world.warehouse.before = () => undefined;
      await life.sweeps(runId, 1);
    },
  },
  // Its key is so long that what started it is stored apart.
  {
    plan: normal,
    story: async (life) => {
      const runId = await life.arrive('0002', '2026-11-24T07:59:59.000Z', LONG_KEY);
      await life.wake(runId);
      await life.finish();
      await life.finish('FAILED', { error: 'ERROR: relation "x" does not exist' });
      await life.ask({ verb: 'resume', requestId: 'resume-1', runId, actor: 'somebody' });
      await life.wake(runId);
      for (let i = 0; i < 4; i += 1) await life.finish();
    },
  },
  // What became of a step without marker nobody knows: a person says it.
  {
    plan: opaque,
    story: async (life) => {
      const runId = await life.arrive();
      await life.wake(runId);
      await life.finish();
      life.kill({ committed: true, forgotten: true });
      await life.sweeps(runId, 2);
      await life.ask({
        verb: 'resolve',
        requestId: 'resolve-1',
        runId,
        actor: 'somebody',
        verdict: 'not-applied',
      });
    },
  },
  // Given up while a step is under way, and while one is only claimed.
  {
    plan: normal,
    story: async (life) => {
      const runId = await life.arrive();
      await life.wake(runId);
      await life.ask({
        verb: 'cancel',
        requestId: 'cancel-1',
        runId,
        actor: 'somebody',
        reason: 'wrong file',
      });
      await life.sweeps(runId, 1);
    },
  },
  {
    plan: normal,
    story: async (life) => {
      const runId = await life.arrive();
      life.world.warehouse.before = (name) => {
        if (name === 'submit') throw named('ThrottlingException');
      };
      await life.wake(runId);
      await life.ask({ verb: 'cancel', requestId: 'cancel-1', runId, actor: 'somebody' });
    },
  },
  // An idle session refuses a token for minutes; and a driver that cannot read the plan.
  {
    plan: normal,
    story: async (life) => {
      const runId = await life.arrive();
      life.world.warehouse.before = (name) => {
        if (name === 'submit') throw named('ValidationException', 'Session is not available');
      };
      await life.wake(runId);
      await life.sweeps(runId, 1);
      await life.sweepInTrouble();
    },
  },
  // Reported failed, though it took effect, or will: a load that is not repeated in its session, and a commit.
  {
    plan: normal,
    story: async (life) => {
      const runId = await life.arrive();
      await life.wake(runId);
      await life.finish();
      await life.finish('FAILED', { error: 'ERROR: something that nobody has seen', applied: true });
      await life.ask({ verb: 'resume', requestId: 'resume-1', runId, actor: 'somebody' });
      await life.wake(runId);
      for (let i = 0; i < 3; i += 1) await life.finish();
      await life.finish('FAILED', {
        error: 'An I/O error occurred while sending to the backend.',
        applied: true,
      });
    },
  },
  // A commit is reported failed, and nothing is to be seen of it yet.
  {
    plan: normal,
    story: async (life) => {
      const runId = await life.arrive();
      await life.wake(runId);
      for (let i = 0; i < 3; i += 1) await life.finish();
      await life.finish('FAILED', { error: 'An I/O error occurred while sending to the backend.' });
      await life.sweeps(runId, 1);
    },
  },
  // The database refuses a commit, which is resumed: its marker is read once more.
  {
    plan: normal,
    story: async (life) => {
      const runId = await life.arrive();
      await life.wake(runId);
      for (let i = 0; i < 3; i += 1) await life.finish();
      await life.finish('FAILED', { error: 'ERROR: relation "x" does not exist' });
      await life.ask({ verb: 'resume', requestId: 'resume-1', runId, actor: 'somebody' });
      await life.wake(runId);
    },
  },
  // A claim whose token is past use.
  {
    plan: normal,
    story: async (life) => {
      const runId = await life.arrive();
      life.world.warehouse.before = (name) => {
        if (name === 'submit') throw named('ThrottlingException');
      };
      await life.wake(runId);
      life.world.warehouse.before = () => undefined;
      life.world.time += 45 * 60_000;
      await life.wake(runId);
    },
  },
];

const bad = [['s3://landing/orders/2.csv', '3', 'id', 'int4', 'Invalid digit']];
const badFile = { error: "ERROR: Load into table 'stage' failed. Check stl_load_errors" };

/** Files that wait are loaded together. */
const storiesOfBatches: typeof stories = [
  // One of them is bad, and set aside.
  {
    plan: batched,
    story: async (life) => {
      await life.batch();
      life.world.warehouse.results.push({ match: 'sys_load_error_detail', columns: [], rows: bad });
      await life.finish();
      await life.finish('FAILED', badFile);
      for (let i = 0; i < 3; i += 1) await life.finish();
    },
  },
  // The load fails, and a person takes a file out.
  {
    plan: batched,
    story: async (life) => {
      const runId = await life.batch();
      await life.finish();
      await life.finish('FAILED', badFile);
      const without = ['orders/2.csv'];
      await life.ask({ verb: 'resume', requestId: 'resume-1', runId, actor: 'somebody', without });
    },
  },
  // Given up.
  {
    plan: batched,
    story: async (life) => {
      const runId = await life.batch();
      await life.ask({ verb: 'cancel', requestId: 'cancel-1', runId, actor: 'somebody' });
      await life.sweeps(runId, 1);
    },
  },
];

/** The first steps are sent as one transaction. */
const storiesOfGroups: typeof stories = [
  // It fails, and is resumed; then its check fails, and is resumed.
  {
    plan: grouped,
    story: async (life) => {
      await life.measured();
      const runId = await life.arrive();
      await life.wake(runId);
      await life.finish('FAILED', {
        error: 'ERROR: relation "x" does not exist',
        rows: [0, 1, 1],
        failed: 1,
      });
      await life.ask({ verb: 'resume', requestId: 'resume-1', runId, actor: 'somebody' });
      await life.wake(runId);
      life.world.warehouse.results.push({ match: 'step=30_check.sql', columns: ['id'], rows: [['1']] });
      await life.finish('FINISHED', { rows: [0, 12, 1] });
      life.world.warehouse.results.length = 0;
      await life.ask({ verb: 'resume', requestId: 'resume-2', runId, actor: 'somebody' });
      await life.wake(runId);
      await life.finish();
    },
  },
  // Everything goes well, or its session is lost.
  {
    plan: grouped,
    story: async (life) => {
      await life.measured();
      const runId = await life.arrive();
      await life.wake(runId);
      life.kill({ committed: false, forgotten: true });
      await life.sweeps(runId, 4);
      await life.finish('FINISHED', { rows: [0, 12, 0] });
      await life.finish();
    },
  },
];

/** A person starts a run that pauses after a step. */
const storiesOfPauses: typeof stories = [
  // After its load, which is sent with the step before it; then, resumed, after its commit, which fails once; then to its end.
  {
    plan: {
      ...grouped,
      hash: 'plan with a step behind',
      steps: [...grouped.steps, ...normal.steps.slice(4)],
    },
    story: async (life) => {
      await life.measured();
      const runId = await life.start('20_load.sql');
      await life.wake(runId);
      await life.finish('FINISHED', { rows: [0, 12] });
      const resume = { verb: 'resume' as const, runId, actor: 'somebody' };
      await life.ask({ ...resume, requestId: 'resume-1', until: '40_commit.sql' });
      await life.wake(runId);
      await life.finish();
      await life.finish('FAILED', { error: 'ERROR: relation "x" does not exist' });
      await life.ask({ ...resume, requestId: 'resume-2' });
      await life.wake(runId);
      await life.finish();
      await life.ask({ ...resume, requestId: 'resume-3' });
      await life.wake(runId);
      await life.finish();
    },
  },
];

function named(name: string, message = 'simulated'): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}

/** What kind of moment a run is in. */
function kindOf(run: Run, plan: Plan): string {
  const stored = storedRun(run);
  const { state, phase, nonce, cursor } = stored;
  const marks = (
    [
      'pendingActions',
      'rebuild',
      'lastStep',
      'outcomeUnknownSince',
      'verifySession',
      'rebuildFrom',
      'checkMarkerOf',
      'refusedSince',
      'failedDrives',
      'timedOut',
      'error',
      'sessionId',
      'until',
    ] as const
  ).filter((name) => stored[name] !== undefined);
  const kind = state === 'RUNNING' || state === 'WAITING' ? [plan.steps[cursor]?.kind ?? ''] : [];
  const { batch, trigger, startedAt, lastStep, triggerApart } = run;
  const ofGroup = [
    ...(stored.group === undefined ? [] : ['group']),
    ...(lastStep?.fused === undefined ? [] : [`fused ${lastStep.fused.status}`]),
    ...(stored.error?.group === undefined ? [] : ['group failed']),
  ];
  const ofBatch =
    batch !== undefined
      ? [batch.phase, ...('leaving' in batch && batch.leaving.length > 0 ? ['leaving'] : [])]
      : state === 'FAILED' && trigger.kind === 's3' && startedAt === undefined
        ? ['left its batch']
        : [];
  return [
    state,
    phase,
    ...kind,
    ...(nonce === undefined ? [] : ['nonce']),
    ...marks,
    ...ofBatch,
    ...ofGroup,
    ...(triggerApart === true ? ['apart'] : []),
  ].join('-');
}

export async function makeGoldens(tables: Tables): Promise<Golden[]> {
  const goldens = new Map<string, Golden>();
  for (const { plan, story } of [...stories, ...storiesOfBatches, ...storiesOfGroups, ...storiesOfPauses]) {
    const table = await tables.empty();
    const written = async (run: Run, life: Life): Promise<void> => {
      const name = kindOf(run, plan);
      if (goldens.has(name)) return;
      goldens.set(name, {
        name,
        runId: run.id,
        now: life.world.time,
        end: endOf(run),
        items: await table.items(),
        ...(plan === batched ? { artifacts: Object.fromEntries(life.world.artifacts) } : {}),
        warehouse: warehouseOf(life.world),
      });
    };
    await story(new Life(plan, table, written));
  }
  return [...goldens.values()];
}

function endOf({ life: { state } }: Run): Golden['end'] {
  if (state === 'CANCELLING' || state === 'CANCELLED') return 'CANCELLED';
  return state === 'SUPERSEDED' || state === 'ABSORBED' ? state : 'SUCCEEDED';
}

function warehouseOf({ warehouse }: World): Golden['warehouse'] {
  const tokens = new Map<string, string>();
  for (const [token, known] of warehouse.tokens)
    tokens.set(typeof known === 'string' ? known : known.statementId, token);
  return {
    sessions: [...warehouse.sessions.values()].map(({ id, status }) => ({ id, status })),
    statements: warehouse.statements.map(
      ({ id, name, sessionId, sqls, status, error, committed, forgotten }) => {
        const token = tokens.get(id);
        return {
          id,
          sessionId,
          sqls,
          status,
          ...(name === undefined ? {} : { name }),
          ...(token === undefined ? {} : { token }),
          ...(error === undefined ? {} : { error }),
          ...(committed === undefined ? {} : { committed }),
          ...(forgotten === true ? { forgotten } : {}),
        };
      },
    ),
  };
}
