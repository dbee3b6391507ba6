/** One step of the plan: lineage, options with their defaults, and how it is sent. */
import { defined } from '../run/defined.ts';
import { analyzeStatement } from './analyze-statement.ts';
import { parseDuration } from './duration.ts';
import { stepIdentity } from './identity.ts';
import { splitStatements, tokenize, UnclosedTokenError } from './lexer.ts';
import type { FileEffect } from './lineage.ts';
import { didYouMean } from './nearest.ts';
import type { Lineage, RetryPolicy, StatementTemplate, Step, StepKind } from './plan.ts';
import { DEFAULTS } from './schema.ts';
import type { PipelineSettings, RetrySettings, StepSettings } from './settings.ts';
import { makeTemplate } from './template.ts';

export interface StepParts {
  readonly effect: FileEffect;
  readonly settings: StepSettings;
  readonly pipeline: PipelineSettings;
  readonly kind: StepKind;
  readonly conflictRetry: boolean;
  /** Placeholders that exist. */
  readonly known: ReadonlySet<string>;
}

/** About a key of the step in pipeline.yml. */
export interface OptionProblem {
  readonly key: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

export function makeStep(parts: StepParts): { step: Step; problems: readonly OptionProblem[] } {
  const { effect, settings, pipeline, kind, conflictRetry } = parts;
  const { statements, name } = effect.file;
  const problems = optionProblems(parts);
  const verify =
    settings.verify === undefined ? undefined : verifyTemplate(settings.verify, parts.known, problems);
  const idempotent = isIdempotent(effect, settings);
  const message = verify && whyNeverVerified(kind, idempotent);
  if (message !== undefined) problems.push({ key: 'verify', severity: 'warning', message });
  const uses = new Set(statements.flatMap((statement) => statement.uses).map((use) => use.name));
  const isSingle = statements.length === 1 && kind !== 'durable';
  const expect = kind === 'check' ? (settings.expect ?? 'no_rows') : undefined;
  const templates = statements.map(({ template }) => template);
  const step: Step = {
    name,
    kind,
    statements: templates,
    send: isSingle ? 'single' : 'transaction',
    ...defined({ expect }),
    timeoutSeconds: stepTimeout(settings, pipeline),
    retry: retryPolicy(pipeline.retry, settings.retry),
    idempotent,
    repeatable: settings.repeatable ?? false,
    ...defined({ handoff: handoffOf(settings, pipeline) }),
    ...defined({ verify }),
    lineage: lineageOf(effect, settings),
    usesFile: uses.has('manifest') || uses.has('file_uri'),
    usesManifest: uses.has('manifest'),
    conflictRetry,
    hash: stepIdentity(templates, settings),
  };
  return { step, problems };
}

function isIdempotent({ statements }: FileEffect, { idempotent }: StepSettings): boolean {
  return idempotent ?? statements.every(({ facts }) => facts.idempotentByNature);
}

/** Undefined: auto. */
function handoffOf(settings: StepSettings, pipeline: PipelineSettings): Step['handoff'] {
  const handoff = settings.handoff ?? pipeline.handoff ?? DEFAULTS.handoff;
  return handoff === 'auto' ? undefined : handoff;
}

/** No step may take longer than its run. Seconds. */
function stepTimeout(settings: StepSettings, pipeline: PipelineSettings): number {
  return Math.min(settings.timeout ?? parseDuration(DEFAULTS.stepTimeout) ?? 0, runTimeout(pipeline));
}

export function runTimeout(pipeline: PipelineSettings): number {
  return pipeline.timeout ?? parseDuration(DEFAULTS.timeout) ?? 0;
}

/** The step's own settings take precedence over the pipeline's, and these over the defaults. */
export function retryPolicy(general: RetrySettings = {}, own: RetrySettings = {}): RetryPolicy {
  const { attempts, base, max } = { ...general, ...own };
  const baseSeconds = base ?? parseDuration(DEFAULTS.base) ?? 0;
  return {
    attempts: attempts ?? DEFAULTS.attempts,
    baseSeconds,
    maxSeconds: Math.max(max ?? parseDuration(DEFAULTS.max) ?? 0, max === undefined ? baseSeconds : 0),
  };
}

/** Unknown functions may be declared repeatable; functions of time or randomness may not. */
function lineageOf({ effect, statements }: FileEffect, { repeatable, reads }: StepSettings): Lineage {
  const all = statements.map(({ facts }) => facts);
  const varies = [
    ...new Set([
      ...all.flatMap((facts) => facts.nondeterministic),
      // Even `repeatable` does not help: the run itself may have changed its inputs.
      ...all
        .filter((facts) => facts.readsUnknown && reads === undefined)
        .map((facts) => `${facts.verb} may read anything (declare its tables with reads:)`),
      ...(repeatable === true
        ? []
        : all.flatMap((facts) => facts.unknownFunctions.map((name) => `${name}()`))),
    ]),
  ].sort();
  const unpinned = [...new Set(all.flatMap((facts) => facts.unpinned))].sort();
  return {
    createsTemp: effect.createsTemp,
    readsTemp: effect.readsTemp,
    writesTemp: effect.writesTemp,
    reads: effect.reads,
    writes: effect.writesUnknown ? 'everything' : effect.writes,
    setsSession: all.some((facts) => facts.setsSession),
    ...(effect.shapes.length === 0 ? {} : { shapes: effect.shapes }),
    ...(effect.redefines.length === 0 ? {} : { redefines: effect.redefines }),
    ...(unpinned.length === 0 ? {} : { unpinned }),
    deterministic: varies.length === 0,
    ...(varies.length === 0 ? {} : { varies }),
  };
}

function optionProblems({ settings, pipeline, kind }: StepParts): OptionProblem[] {
  const problems: OptionProblem[] = [];
  const say = (key: string, message: string, severity: 'error' | 'warning' = 'error'): void => {
    problems.push({ key, message, severity });
  };
  if (settings.expect !== undefined && kind !== 'check')
    say('expect', `expect applies only to checks; this step is ${kind}: a check is a single read-only query`);
  if (settings.verify !== undefined && kind !== 'durable' && kind !== 'opaque')
    say('verify', `verify applies only to steps with permanent effects; this step is ${kind}`);
  if (settings.repeatable === true && kind !== 'session')
    say('repeatable', `repeatable applies only to session steps; this step is ${kind}`, 'warning');
  if (settings.timeout !== undefined && settings.timeout > runTimeout(pipeline))
    say('timeout', "the step's timeout is longer than the pipeline's timeout", 'warning');
  const { baseSeconds, maxSeconds } = retryPolicy(pipeline.retry, settings.retry);
  if (settings.retry !== undefined && baseSeconds > maxSeconds)
    say('retry', 'the first delay (base) is longer than the maximum (max)');
  return problems;
}

/** Why no run ever sends the step's `verify:` query; undefined where one may. */
function whyNeverVerified(kind: StepKind, idempotent: boolean): string | undefined {
  if (kind === 'durable')
    return 'this query never runs: the marker of a durable step tells whether it was applied; remove verify';
  return kind === 'opaque' && idempotent
    ? 'this query never runs: an idempotent step is repeated after an unknown outcome; remove verify, or set idempotent: false'
    : undefined;
}

function verifyTemplate(
  text: string,
  known: ReadonlySet<string>,
  problems: OptionProblem[],
): StatementTemplate | undefined {
  const refuse = (message: string): undefined => {
    problems.push({ key: 'verify', severity: 'error', message });
    return undefined;
  };
  try {
    const [statement, ...more] = splitStatements(tokenize(text));
    const facts = statement === undefined ? undefined : analyzeStatement(statement);
    const mistake = facts?.problems.find((problem) => problem.severity === 'error');
    if (mistake !== undefined) return refuse(`verify: ${mistake.message}`);
    if (statement === undefined || more.length > 0 || facts?.nature !== 'query')
      return refuse('verify must be a single read-only query that returns one boolean');
    const made = makeTemplate(statement, known);
    const wrong = made.problems.find((problem) => problem.severity === 'error');
    if (wrong !== undefined) return refuse(wrong.message);
    const unknown = made.uses.find((use) => !known.has(use.name));
    if (unknown !== undefined)
      return refuse(`unknown placeholder :${unknown.name}${didYouMean(unknown.name, known)}`);
    return made.template;
  } catch (error) {
    if (!(error instanceof UnclosedTokenError)) throw error;
    return refuse(`verify: an ${error.message}`);
  }
}
