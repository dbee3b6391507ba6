/** Why a pipeline does not survive a fault, from what the compiler knows of its steps. Pure. */
import type { Plan, Step } from '../../../shared/pipeline/plan.ts';
import { rebuildAt } from '../../../shared/pipeline/rebuild.ts';
import type { FaultKind } from './kinds.ts';

/** What happened to a run that left other tables, or that asks. */
export interface Trouble {
  readonly kind: FaultKind | 'undisturbed';
  /** Names of the steps that ran more than once. */
  readonly repeated: readonly string[];
}

/** The likely reasons, the likeliest first; one at least. */
export function whyDifferent({ steps }: Plan, { kind, repeated }: Trouble): string[] {
  const again = steps.filter(({ name }) => repeated.includes(name));
  const considered = again.length === 0 ? steps : again;
  const reasons = [
    ...steps.flatMap((step) => (kind === 'file-beside' || again.includes(step) ? whyUnpinned(step) : [])),
    ...considered.flatMap(whyNotRepeatable),
    ...considered.flatMap((step) => whyChangedSince(step, steps)),
    ...(kind === 'undisturbed' ? steps.flatMap(whyNotRepeatable) : []),
  ];
  if (reasons.length > 0) return [...new Set(reasons)];
  if (again.length === 0)
    return ['no step ran twice: look at what the steps read beside the file of the run'];
  return [
    `${again.map(({ name }) => name).join(', ')} ran more than once, and left other rows than once: look for what changes from one execution to the next`,
  ];
}

const TIMES = /date|time|now/i;

function whyUnpinned({ name, lineage: { unpinned = [] } }: Step): string[] {
  return unpinned.length === 0
    ? []
    : [`${name} reads ${unpinned.join(', ')}, which is not exactly the run's own file: load FROM :manifest`];
}

function whyNotRepeatable({ name, kind, idempotent, lineage, statements }: Step): string[] {
  const { deterministic, varies = [] } = lineage;
  const reasons: string[] = [];
  if (kind === 'opaque' && idempotent) {
    const [first = ''] = statements[0]?.parts ?? [];
    const calls = typeof first === 'string' && /^\s*CALL\b/i.test(first);
    reasons.push(
      `${name} is declared idempotent: true, but it does more when it is repeated${calls ? ': a procedure that commits inside keeps what it did before it was broken off' : ''}`,
    );
  }
  if (!deterministic && (kind === 'session' || kind === 'durable')) {
    const what = varies.join(', ');
    const hint = TIMES.test(what) ? ' (use :run_started_at for the time)' : '';
    reasons.push(`${name} may give different rows when it is re-run${what === '' ? '' : `: ${what}`}${hint}`);
  }
  return reasons;
}

/** A step that is declared repeatable, and reads what a later one has changed. */
function whyChangedSince(step: Step, steps: readonly Step[]): string[] {
  if (!step.repeatable) return [];
  const plain = steps.map((each) => (each === step ? { ...each, repeatable: false } : each));
  return steps
    .flatMap((_, index) => rebuildAt(plain, index).reasons)
    .filter((reason) => reason.startsWith(`${step.name} `))
    .map(
      (reason) => `${step.name} is declared repeatable: true, but ${reason.replace(`${step.name} `, 'it ')}`,
    );
}

/**
 * Whether the plan says that a run which stopped at this step may need a person, and why.
 * @returns undefined where it does not
 */
export function whyAsked({ steps }: Plan, stoppedAt: string): string[] | undefined {
  const index = steps.findIndex(({ name }) => name === stoppedAt);
  const step = steps[index];
  const reasons = [index, index + 1]
    .filter((at) => at >= 0 && at < steps.length)
    .flatMap((at) => rebuildAt(steps, at).reasons);
  if (step?.kind === 'opaque' && !step.idempotent)
    reasons.unshift(
      step.verify === undefined
        ? `${step.name} is not analyzed, and may have taken effect: give it a verify: query, or idempotent: true if it may be repeated`
        : `${step.name} is not analyzed: its verify: query tells whether all of it was applied, but not whether some of it was: idempotent: true if it may be repeated`,
    );
  return reasons.length === 0 ? undefined : [...new Set(reasons)];
}
