/**
 * Which steps may be sent together with the step before them, in one transaction: session steps one after the other, and checks
 * behind them. Whether that pays is decided in each run.
 */
import type { FileEffect } from './lineage.ts';
import type { Parameter, Step } from './plan.ts';
import { mostBytesOf } from './rendered-size.ts';
import type { StepSettings } from './settings.ts';
import { kindOfStep } from './step-kind.ts';

/** Limits of one BatchExecuteStatement; the bytes are those of a single statement, since no page says more (Redshift management guide: Using the Data API). */
const MOST_STATEMENTS = 40;
const MOST_BYTES = 200_000;

export interface MadeStep {
  readonly step: Step;
  readonly effect: FileEffect;
  readonly settings: StepSettings;
}

/** Steps one after the other that may all be sent together. */
interface Chain {
  readonly first?: Step;
  readonly statements: number;
  readonly bytes: number;
}

/** By step, in order. A group may begin at any of its steps, so the limits hold for the longest chain. */
export function fusibleSteps(steps: readonly MadeStep[], parameters: readonly Parameter[]): boolean[] {
  let chain: Chain = { statements: 0, bytes: 0 };
  return steps.map((made, i) => {
    const own = chainOf(made.step, parameters);
    const together = {
      ...chain,
      statements: chain.statements + own.statements,
      bytes: chain.bytes + own.bytes,
    };
    const before = steps[i - 1];
    const isFusible =
      before !== undefined &&
      chain.first?.kind === 'session' &&
      [before, made].every(mayBeMember) &&
      follows(before.step, made.step) &&
      together.statements <= MOST_STATEMENTS &&
      together.bytes <= MOST_BYTES;
    chain = isFusible ? together : own;
    return isFusible;
  });
}

function chainOf(first: Step, parameters: readonly Parameter[]): Chain {
  const { statements } = first;
  return {
    first,
    statements: statements.length,
    bytes: statements.reduce((sum, statement) => sum + mostBytesOf(statement, parameters), 0),
  };
}

/** Nothing that outlives a rollback, commits, or may do either unseen. */
function mayBeMember({ step, effect, settings }: MadeStep): boolean {
  if (step.kind !== 'session' && step.kind !== 'check') return false;
  const { kind: _, ...undeclared } = settings;
  return (
    step.verify === undefined &&
    !step.lineage.setsSession &&
    kindOfStep(effect, undeclared).kind === step.kind &&
    effect.statements.every(({ facts }) => !facts.truncates && !facts.calls)
  );
}

/** One attempt of the group is one of each member, with the same limits. */
function follows(before: Step, step: Step): boolean {
  return (
    (before.kind === 'session' || step.kind === 'check') &&
    before.timeoutSeconds === step.timeoutSeconds &&
    before.retry.attempts === step.retry.attempts &&
    before.retry.baseSeconds === step.retry.baseSeconds &&
    before.retry.maxSeconds === step.retry.maxSeconds
  );
}
