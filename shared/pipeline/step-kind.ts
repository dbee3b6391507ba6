/** The kind of a step: inferred from its statements, or declared with `kind:` if the statements allow it. */
import { defined } from '../run/defined.ts';
import type { FileEffect, StatementEffect } from './lineage.ts';
import type { StepKind } from './plan.ts';
import type { StepSettings } from './settings.ts';
import type { StatementFacts, StatementProblem } from './statement-facts.ts';

export interface KindOfStep {
  readonly kind: StepKind;
  readonly problems: readonly StatementProblem[];
  /** About `kind:` itself: belongs to pipeline.yml. */
  readonly settingProblem?: string;
}

type Nature = StatementFacts['nature'];

/** A statement's nature, now that it is known which tables are temporary and what the step declares. */
function natureOf(statement: StatementEffect, settings: StepSettings): Nature {
  const { facts } = statement;
  const permanent = statement.reads.length + statement.writes.length > 0;
  if (facts.verb === 'ANALYZE' && !permanent && statement.readsTemp.length > 0) return 'setting';
  if (facts.truncates && statement.writes.length > 0) return 'opaque';
  if (facts.calls && settings.writes !== undefined && settings.kind !== 'opaque') return 'change';
  return facts.nature;
}

export function kindOfStep(step: FileEffect, settings: StepSettings): KindOfStep {
  const { statements } = step;
  const natures = statements.map((statement) => natureOf(statement, settings));
  const inferred = infer(step, natures);
  const problems: StatementProblem[] = [];
  let kind = inferred;
  let settingProblem: string | undefined;
  if (settings.kind !== undefined && settings.kind !== inferred) {
    settingProblem = whyNotKind(settings.kind, inferred, step, natures);
    if (settingProblem === undefined) kind = settings.kind;
  }
  if (kind === 'opaque' && statements.length > 1) problems.push(...opaqueAmongOthers(statements, natures));
  if (kind === 'check' && statements.length > 1) {
    problems.push({
      offset: statements[1]?.facts.offset ?? 0,
      severity: 'error',
      message: `a check is a single query, and this file has ${statements.length}: put each into its own file`,
    });
  }
  if (settings.kind === undefined)
    problems.push(...statements.flatMap(({ facts }) => facts.notUnderstood ?? []));
  problems.push(...truncateAmongOthers(statements));
  problems.push(...unseenRows(kind, statements, natures));
  return { kind, problems, ...defined({ settingProblem }) };
}

function infer(step: FileEffect, natures: readonly Nature[]): StepKind {
  if (natures.includes('opaque')) return 'opaque';
  if (natures.every((nature) => nature === 'query')) return 'check';
  const permanent =
    step.effect.writes.length > 0 || step.statements.some(({ facts }) => facts.changesPermanent);
  return permanent ? 'durable' : 'session';
}

/** Why the declared kind is wrong; undefined if it may be right. */
function whyNotKind(
  declared: StepKind,
  inferred: StepKind,
  step: FileEffect,
  natures: readonly Nature[],
): string | undefined {
  const [first] = step.statements;
  const isOne = step.statements.length === 1;
  const unseen = inferred === 'opaque' && isOne && first?.facts.declarable === true;
  switch (declared) {
    case 'opaque':
      return isOne ? undefined : 'kind: opaque allows a single statement; this file has several';
    case 'check':
      return 'kind: check allows only a single read-only query';
    case 'session':
      if (inferred === 'check' && natures.length > 0) return undefined;
      if (unseen && step.effect.writes.length === 0) return undefined;
      return `kind: session allows only changes of temporary tables and settings; this file ${doing(step, inferred)}`;
    case 'durable':
      if (unseen) return undefined;
      return `kind: durable requires changes of permanent tables in a transaction; this file ${doing(step, inferred)}`;
    default:
      return declared satisfies never;
  }
}

function doing(step: FileEffect, inferred: StepKind): string {
  switch (inferred) {
    case 'check':
      return 'only reads';
    case 'session':
      return 'changes only temporary tables or settings';
    case 'durable':
      return step.effect.writes.length > 0
        ? `writes ${step.effect.writes.join(', ')}`
        : 'changes permanent objects';
    case 'opaque': {
      const { facts } =
        step.statements.find((one) => one.facts.nature === 'opaque') ?? step.statements[0] ?? {};
      if (facts?.truncates === true) return 'truncates a permanent table, which commits at once';
      return `contains ${facts?.verb ?? 'a statement'}: ${facts?.opaqueBecause ?? 'it cannot be analyzed'}`;
    }
    default:
      return inferred satisfies never;
  }
}

function opaqueAmongOthers(
  statements: readonly StatementEffect[],
  natures: readonly Nature[],
): StatementProblem[] {
  return statements.flatMap(({ facts }, i) => {
    if (natures[i] !== 'opaque' || facts.truncates || isMistaken(facts)) return [];
    const because = facts.opaqueBecause ?? 'it cannot be analyzed';
    const message = `${facts.verb} must be alone in its file: ${because}`;
    return [{ offset: facts.offset, severity: 'error' as const, message }];
  });
}

/** Its problem is already reported, and fixing it may change its kind. */
function isMistaken({ notUnderstood, problems }: StatementFacts): boolean {
  return [notUnderstood, ...problems].some((problem) => problem?.severity === 'error');
}

function truncateAmongOthers(statements: readonly StatementEffect[]): StatementProblem[] {
  if (statements.length < 2) return [];
  return statements
    .filter(({ facts }) => facts.truncates)
    .map(({ facts }) => ({
      offset: facts.offset,
      severity: 'error',
      message:
        'TRUNCATE commits the preceding statements of the transaction; use DELETE FROM, or put it into its own file',
    }));
}

function unseenRows(
  kind: StepKind,
  statements: readonly StatementEffect[],
  natures: readonly Nature[],
): StatementProblem[] {
  if (kind !== 'session' && kind !== 'durable') return [];
  if (statements.length < 2) return [];
  return statements
    .filter((_, i) => natures[i] === 'query')
    .map(({ facts }) => ({
      offset: facts.offset,
      severity: 'warning',
      message: 'the result of this query is discarded; to make it a check, put it into its own file',
    }));
}
