/** Pipelines of five and six steps, in the small language that the simulated warehouse understands (warehouse-data.ts). */
import type { Lineage, Plan, Step, StatementTemplate } from '../../shared/pipeline/plan.ts';
import { planOf } from '../fakes/world.ts';

const nothing: Lineage = {
  createsTemp: [],
  readsTemp: [],
  writesTemp: [],
  reads: [],
  writes: [],
  setsSession: false,
  deterministic: true,
};

function sql(...parts: StatementTemplate['parts']): readonly StatementTemplate[] {
  return [{ parts }];
}

const stage: Partial<Step> = {
  name: '10_stage.sql',
  statements: sql('CREATE stage'),
  lineage: { ...nothing, createsTemp: ['stage'] },
};
const load: Partial<Step> = {
  name: '20_load.sql',
  usesFile: true,
  usesManifest: true,
  statements: sql('COPY stage FROM ', { param: 'manifest' }),
  lineage: { ...nothing, writesTemp: ['stage'] },
};
const check = (name: string, table: string): Partial<Step> => ({
  name,
  kind: 'check',
  statements: sql(`CHECK ${table}`),
  lineage: { ...nothing, readsTemp: [table] },
});
const derive = (reads: readonly string[]): Partial<Step> => ({
  name: '30_changes.sql',
  statements: sql('DERIVE changes FROM stage'),
  lineage: { ...nothing, createsTemp: ['changes'], readsTemp: ['stage'], reads },
});
const commit = (name: string, table: string, from: string): Partial<Step> => ({
  name,
  kind: 'durable',
  statements: sql(`COMMIT ${table} FROM ${from}`),
  lineage: { ...nothing, readsTemp: [from], writes: [table] },
});
const call = (more: Partial<Step>): Partial<Step> => ({
  name: '50_refresh.sql',
  kind: 'opaque',
  statements: sql('CALL refresh ', { param: 'run_id' }),
  lineage: { ...nothing, writes: ['report'] },
  ...more,
});

const twoCommits = [
  stage,
  load,
  check('30_check.sql', 'stage'),
  commit('40_commit.sql', 'dim', 'stage'),
  commit('50_audit.sql', 'audit', 'stage'),
];

const shapes = {
  'two commits': twoCommits,
  'one commit': [
    stage,
    load,
    derive([]),
    check('40_check.sql', 'changes'),
    commit('50_commit.sql', 'dim', 'changes'),
  ],
  /** The changes are derived from the dimension: behind the commit they cannot be derived again. */
  'no rebuild': [
    stage,
    load,
    derive(['dim']),
    commit('40_commit.sql', 'dim', 'changes'),
    commit('50_audit.sql', 'audit', 'changes'),
  ],
  /** What is derived behind a commit must be derived again with as many rows. */
  'derived behind a commit': [
    stage,
    load,
    commit('30_commit.sql', 'dim', 'stage'),
    { ...derive([]), name: '40_changes.sql' },
    commit('50_audit.sql', 'audit', 'changes'),
  ],
  opaque: [
    stage,
    load,
    check('30_check.sql', 'stage'),
    commit('40_commit.sql', 'dim', 'stage'),
    call({}),
    commit('60_audit.sql', 'audit', 'stage'),
  ],
  idempotent: [
    stage,
    load,
    check('30_check.sql', 'stage'),
    commit('40_commit.sql', 'dim', 'stage'),
    call({ idempotent: true }),
  ],
  verified: [
    stage,
    load,
    check('30_check.sql', 'stage'),
    commit('40_commit.sql', 'dim', 'stage'),
    call({ verify: { parts: ['VERIFY refresh ', { param: 'run_id' }] } }),
  ],
} satisfies Record<string, readonly Partial<Step>[]>;

export type Shape = keyof typeof shapes;

export const SHAPES = Object.keys(shapes) as readonly Shape[];

/** Shapes of which a run may need a person though only one session was lost. */
export const MAY_NEED_A_PERSON: ReadonlySet<Shape> = new Set(['no rebuild', 'opaque', 'verified']);

export interface Shaped {
  readonly shape: Shape;
  readonly concurrency: number;
  readonly onFailure: Plan['onFailure'];
  readonly onReplay: Plan['onReplay'];
}

/** 1: as it was when the files came. After a deploy, 2: another last step; 3: one more step; 4: another first step. */
export type PlanVersion = 1 | 2 | 3 | 4;

const made = new Map<string, Plan>();

export function simulatedPlanOf(
  { shape, concurrency, onFailure, onReplay }: Shaped,
  version: PlanVersion,
): Plan {
  const hash = `plan ${shape} ${concurrency} ${onFailure} ${onReplay} ${version}`;
  const known = made.get(hash);
  if (known !== undefined) return known;
  const plan = planOf(stepsOf(shape, version), { concurrency, onFailure, onReplay, hash });
  made.set(hash, plan);
  return plan;
}

function stepsOf(shape: Shape, version: PlanVersion): readonly Partial<Step>[] {
  const steps: readonly Partial<Step>[] = shapes[shape];
  if (version === 3)
    return [
      ...steps,
      commit('70_more.sql', 'more', shape === 'one commit' || shape === 'no rebuild' ? 'changes' : 'stage'),
    ];
  const changed = version === 2 ? steps.length - 1 : version === 4 ? 0 : -1;
  const step = steps[changed];
  if (step === undefined) return steps;
  return steps.with(changed, { ...step, hash: `hash-${step.name ?? ''}-2` });
}

/** The five steps of the crash points. */
export const simulatedPlan = planOf(twoCommits);
