/** Pipelines of five or six steps: some made by hand, the others drawn. */
import type { Plan, Step } from '../../shared/pipeline/plan.ts';
import { rebuildAt } from '../../shared/pipeline/rebuild.ts';
import { planOf } from '../fakes/world.ts';
import { drawnSteps } from './drawn-shapes.ts';
import type { Random } from './random.ts';
import { call, check, commit, derive, load, stage } from './sample-steps.ts';

const changes = (reads: readonly string[]): Partial<Step> =>
  derive('30_changes.sql', 'changes', 'stage', reads);

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
    changes([]),
    check('40_check.sql', 'changes'),
    commit('50_commit.sql', 'dim', 'changes'),
  ],
  /** The changes are derived from the dimension: behind the commit they cannot be derived again. */
  'no rebuild': [
    stage,
    load,
    changes(['dim']),
    commit('40_commit.sql', 'dim', 'changes'),
    commit('50_audit.sql', 'audit', 'changes'),
  ],
  /** What is derived behind a commit must be derived again with as many rows. */
  'derived behind a commit': [
    stage,
    load,
    commit('30_commit.sql', 'dim', 'stage'),
    derive('40_changes.sql', 'changes', 'stage', []),
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

type MadeByHand = keyof typeof shapes;

/** A pipeline by its name, or by the number that it is drawn from. */
export type Shape = MadeByHand | number;

const NAMES = Object.keys(shapes) as readonly MadeByHand[];

/** So many are drawn: plans are kept. */
const MOST_DRAWN = 200;

export function drawShape(random: Random): Shape {
  const name = random.chance(0.75) ? random.pick(NAMES) : undefined;
  return name ?? random.below(MOST_DRAWN);
}

/** May a run need a person though only one session was lost? Where the tables cannot be made again, or a step is opaque. */
export function mayNeedPerson(shape: Shape): boolean {
  const known = needing.get(shape);
  if (known !== undefined) return known;
  const needs = isPersonNeeded(shape);
  needing.set(shape, needs);
  return needs;
}

const needing = new Map<Shape, boolean>();

function isPersonNeeded(shape: Shape): boolean {
  const { steps } = planOf(stepsOf(shape, 3));
  return (
    steps.some((step) => step.kind === 'opaque' && !step.idempotent) ||
    steps.some((_, index) => rebuildAt(steps, index).verdict === 'refused')
  );
}

export interface Shaped {
  readonly shape: Shape;
  readonly concurrency: number;
  readonly onFailure: Plan['onFailure'];
  readonly onReplay: Plan['onReplay'];
  readonly handoff: 'auto' | 'event' | 'wait';
  /** Steps may be sent together. */
  readonly fuses: boolean;
  readonly batch?: { readonly files: number; readonly waitSeconds: number; readonly isolates: boolean };
}

/** 1: as it was when the files came. After a deploy, 2: another last step; 3: one more step; 4: another first step. */
export type PlanVersion = 1 | 2 | 3 | 4;

const made = new Map<string, Plan>();

export function simulatedPlanOf(
  { shape, concurrency, onFailure, onReplay, handoff, fuses, batch }: Shaped,
  version: PlanVersion,
): Plan {
  const hash = `plan ${shape} ${concurrency} ${onFailure} ${onReplay} ${handoff} ${fuses} ${JSON.stringify(batch)} ${version}`;
  const known = made.get(hash);
  if (known !== undefined) return known;
  const steps = fuses ? withGroups(stepsOf(shape, version)) : stepsOf(shape, version);
  const plan = planOf(
    handoff === 'auto' ? steps : steps.map((step) => Object.assign({}, step, { handoff })),
    {
      concurrency,
      onFailure,
      onReplay,
      hash,
      ...(batch === undefined ? {} : batchSettings(batch)),
    },
  );
  made.set(hash, plan);
  return plan;
}

/** As the compiler marks them (shared/pipeline/fusible.ts). */
function withGroups(steps: readonly Partial<Step>[]): readonly Partial<Step>[] {
  let first = 'durable';
  return steps.map((step, i) => {
    const { kind = 'session' } = step;
    const { kind: before = 'session' } = steps[i - 1] ?? { kind: 'durable' };
    const isFusible =
      first === 'session' &&
      (kind === 'check' || kind === 'session') &&
      (before === 'session' || kind === 'check');
    if (!isFusible) first = kind;
    return isFusible && before !== 'durable' && before !== 'opaque' ? { ...step, fusible: true } : step;
  });
}

function batchSettings({ files, waitSeconds, isolates }: NonNullable<Shaped['batch']>): Partial<Plan> {
  const trigger = { kind: 's3' as const, prefix: 'orders/', suffix: '.csv' };
  const limits = { files, bytes: 1_000_000, waitSeconds };
  return { triggers: [{ ...trigger, batch: limits }], ...(isolates ? { isolateFiles: 10 } : {}) };
}

function stepsOf(shape: Shape, version: PlanVersion): readonly Partial<Step>[] {
  const steps: readonly Partial<Step>[] = typeof shape === 'number' ? drawnSteps(shape) : shapes[shape];
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
