/** The small configurations that are explored completely. */
import type { Plan } from '../../../shared/pipeline/plan.ts';
import { lineageOf, planOf } from '../../fakes/world.ts';

/** What may happen so many times in all; everything else may happen at any time, as often as it likes. */
export interface Budgets {
  /** A statement fails in a way that may be tried again. */
  readonly transient: number;
  /** A statement fails for good: the run stops, and a person resumes it. */
  readonly permanent: number;
  /** A statement is reported failed, and took effect. */
  readonly lies: number;
  /** A session ends, with what runs in it. */
  readonly deaths: number;
  /** The Data API's answer to a submission is lost; the submission had its effect. */
  readonly timeouts: number;
  /** Nothing runs for half an hour, while no driver is at work: no token is relied on after that. */
  readonly pauses: number;
}

export interface Configuration {
  readonly name: string;
  readonly plan: Plan;
  readonly drivers: 1 | 2;
  readonly budgets: Budgets;
  /** A person may give the run up at any time. */
  readonly cancel: boolean;
  /** A person may pause the pipeline and end the pause at any time, as often as they like. */
  readonly pause: boolean;
  /** A commit may take effect after its session is closed. */
  readonly late: boolean;
  /** A driver may stand still for 100 s and go on then. */
  readonly frozen: boolean;
  /** The run is not put into the queue: its driver takes a slot at once. */
  readonly beside: boolean;
  /** The first statement of a session may take longer than its call waits. */
  readonly slow: boolean;
  /** Completion events of statements that no one waits for any more are delivered too. */
  readonly oldEvents: boolean;
  /** Drivers wait for the end of every statement that they submit, and the completion event may come meanwhile. */
  readonly waits: boolean;
  /** Index of the step after which the run is to pause; a person resumes it then, at any time. */
  readonly until?: number;
  /** Its session step and its check are sent together; where a statement may fail for good, the check may. */
  readonly groups: boolean;
}

const nothing = lineageOf({});

const session = { name: '10_stage.sql', lineage: { ...nothing, createsTemp: ['stage'] } };
const check = { name: '20_check.sql', kind: 'check' as const, lineage: { ...nothing, readsTemp: ['stage'] } };
const commit = (name: string, table: string) => ({
  name,
  kind: 'durable' as const,
  lineage: { ...nothing, readsTemp: ['stage'], writes: [table] },
});

/** Its rows are compared when it is run again behind something durable. */
const counted = {
  name: '20_stage.sql',
  repeatable: true,
  lineage: { ...nothing, createsTemp: ['stage'], reads: ['source'] },
};

/** No step and no run has its time limit in here: times are told apart only as young, old and older than a token's use. */
const unlimited = { timeoutSeconds: 1_000_000_000 };

const pipelines = {
  D: planOf([commit('30_commit.sql', 'dim')].map(untimed), unlimited),
  'S D': planOf([session, commit('30_commit.sql', 'dim')].map(untimed), unlimited),
  'S C D': planOf([session, check, commit('30_commit.sql', 'dim')].map(untimed), unlimited),
  'D S D': planOf(
    [
      { ...commit('10_commit.sql', 'log'), lineage: { ...nothing, writes: ['log'] } },
      counted,
      commit('30_commit.sql', 'dim'),
    ].map(untimed),
    unlimited,
  ),
  'S D D': planOf(
    [session, commit('30_commit.sql', 'dim'), commit('40_audit.sql', 'audit')].map(untimed),
    unlimited,
  ),
};

function untimed<T>(step: T): T & { timeoutSeconds: number } {
  return { ...step, ...unlimited };
}

const noFaults: Budgets = { transient: 0, permanent: 0, lies: 0, deaths: 0, timeouts: 0, pauses: 0 };

function configuration(
  pipeline: keyof typeof pipelines,
  drivers: 1 | 2,
  budgets: Partial<Budgets>,
  more: Partial<Configuration> = {},
): Configuration {
  const faults = [
    ...Object.entries(budgets).map(([kind, count]) => `${count} ${kind}`),
    ...(more.late === true ? ['late commits'] : []),
    ...(more.cancel === true ? ['cancel'] : []),
    ...(more.pause === true ? ['pause'] : []),
    ...(more.frozen === true ? ['frozen drivers'] : []),
    ...(more.beside === true ? ['begins at once'] : []),
    ...(more.slow === true ? ['slow openers'] : []),
    ...(more.oldEvents === true ? ['old events'] : []),
    ...(more.waits === true ? ['waits'] : []),
    ...(more.groups === true ? ['a group'] : []),
    ...(more.until === undefined ? [] : [`pauses after step ${more.until + 1}`]),
  ];
  return {
    name: [pipeline, `${drivers} driver${drivers === 1 ? '' : 's'}`, ...faults].join(', '),
    plan: withGroup(more.waits === true ? withWaits(pipelines[pipeline]) : pipelines[pipeline], more.groups),
    drivers,
    budgets: { ...noFaults, ...budgets },
    cancel: false,
    pause: false,
    late: false,
    frozen: false,
    beside: false,
    slow: false,
    oldEvents: false,
    waits: false,
    groups: false,
    ...more,
  };
}

function withWaits(plan: Plan): Plan {
  return { ...plan, steps: plan.steps.map((step) => ({ ...step, handoff: 'wait' })) };
}

function withGroup(plan: Plan, groups = false): Plan {
  const steps = plan.steps.map((step) =>
    step.kind === 'check' ? Object.assign({}, step, { fusible: true }) : step,
  );
  return groups ? { ...plan, steps } : plan;
}

/** The smallest with a lost session: explored by `npm test`. */
export const smallest = configuration('S D', 1, { deaths: 1 }, { late: true });

/** The smallest in which two drivers meet. */
export const smallestOfTwo = configuration('S D', 2, {});

/** One step and two drivers: explored by `npm test`. */
export const oneStep = configuration('D', 2, {});

/** One step of a pipeline that is paused and unpaused: explored by `npm test`. */
export const paused = configuration('D', 1, {}, { pause: true });

/** The warehouse is starting: explored by `npm test`. */
export const slowOpeners = configuration('D', 1, {}, { slow: true, cancel: true });
/** Two drivers, of which the one waits while the event comes to the other: explored by `npm test`. */
export const waited = configuration('D', 2, {}, { waits: true });

/** A group of two steps, of which a statement or the check fails: explored by `npm test`. */
export const grouped = configuration('S C D', 1, { permanent: 1 }, { groups: true });

/** A run that pauses after its first step, with its session: explored by `npm test`. */
export const pausing = configuration('S D', 1, { deaths: 1 }, { until: 0 });

/** A file that comes alone: explored by `npm test`. */
export const atOnce = configuration('D', 1, {}, { beside: true, pause: true, cancel: true });

export const configurations: readonly Configuration[] = [
  smallest,
  configuration('S D', 1, { transient: 1, deaths: 1 }, { late: true }),
  configuration('S D', 1, { permanent: 1, deaths: 1 }, { late: true }),
  configuration('S D', 1, { deaths: 1, timeouts: 1 }, { late: true }),
  configuration('S D', 1, { deaths: 1, pauses: 1 }, { late: true }),
  configuration('S D', 1, { deaths: 1 }, { cancel: true, late: true }),
  configuration('S C D', 1, { transient: 1, deaths: 1 }, { late: true }),
  configuration('S D D', 1, { transient: 1, deaths: 1 }, { late: true }),
  configuration('S D', 1, { transient: 1, deaths: 1 }, { late: true, oldEvents: true }),
  smallestOfTwo,
  configuration('S C D', 2, {}),
  configuration('S D', 2, { transient: 1 }),
  configuration('S D', 2, { deaths: 1 }),
  configuration('S D', 2, {}, { frozen: true, oldEvents: true }),
  configuration('S C D', 2, { transient: 1 }),
  configuration('S C D', 2, { deaths: 1 }),
  configuration('S D', 2, { transient: 1, deaths: 1 }),
  configuration('S C D', 2, { transient: 1, deaths: 1 }),
  configuration('S D D', 2, { transient: 1, deaths: 1 }),
  configuration('D S D', 1, { deaths: 1 }, { late: true }),
  configuration('S D', 1, { lies: 1, deaths: 1 }, { late: true }),
  configuration('S D', 1, { lies: 1 }, { cancel: true }),
  configuration('S D D', 1, { lies: 2 }),
  configuration('S D', 2, { lies: 1 }),
  configuration('D S D', 2, { deaths: 1 }),
  paused,
  configuration('D', 2, {}, { pause: true }),
  configuration('S D', 1, { permanent: 1, deaths: 1 }, { pause: true, late: true }),
  slowOpeners,
  atOnce,
  configuration('D', 2, {}, { beside: true, pause: true }),
  configuration('D', 2, { deaths: 1 }, { slow: true, cancel: true }),
  waited,
  configuration('S D', 1, { transient: 1, deaths: 1 }, { waits: true, late: true }),
  configuration('S C D', 1, { deaths: 1, timeouts: 1 }, { waits: true, late: true }),
  configuration('S D', 1, { lies: 1 }, { waits: true, cancel: true }),
  configuration('S D', 2, { deaths: 1 }, { waits: true }),
  configuration('S D', 2, {}, { waits: true, frozen: true, oldEvents: true }),
  configuration('S C D', 2, {}, { waits: true }),
  grouped,
  configuration('S C D', 1, { permanent: 1, deaths: 1 }, { groups: true, late: true }),
  configuration('S C D', 1, { transient: 1, deaths: 1, timeouts: 1 }, { groups: true }),
  configuration('S C D', 1, { lies: 1 }, { groups: true, cancel: true }),
  configuration('S C D', 2, { permanent: 1 }, { groups: true }),
  configuration('S C D', 2, { deaths: 1 }, { groups: true }),
  configuration('S C D', 2, {}, { groups: true, waits: true }),
  pausing,
  configuration('S D D', 1, { transient: 1, deaths: 1 }, { until: 1, late: true, cancel: true }),
  configuration('S C D', 1, { permanent: 1, deaths: 1 }, { until: 0, groups: true }),
  configuration('S C D', 2, {}, { until: 1, groups: true, waits: true }),
  configuration('S D', 2, { deaths: 1 }, { until: 0 }),
];
