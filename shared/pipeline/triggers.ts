/** What starts a pipeline's runs, as its settings say it; and what the SQL can then not have. */
import { didYouMean } from './nearest.ts';
import { FILE_PLACEHOLDERS } from './parameters.ts';
import type { Parameter, S3Trigger, Trigger } from './plan.ts';
import { expressionProblem, timezoneProblem } from './schedule/check.ts';
import { DEFAULTS } from './schema.ts';
import type { TriggerSettings } from './settings.ts';

/** About a key of pipeline.yml. */
export interface SettingProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly severity?: 'warning';
}

export function triggersOf(on: readonly TriggerSettings[]): Trigger[] {
  return on.map((one): Trigger => {
    if ('schedule' in one) {
      const { expression, timezone = DEFAULTS.timezone } = one.schedule;
      return { kind: 'schedule', expression: oneBlank(expression), timezone };
    }
    if ('pipeline' in one) return { kind: 'pipeline', pipeline: one.pipeline };
    const { bucket, prefix, suffix = DEFAULTS.suffix } = one.s3;
    return { kind: 's3', ...(bucket === undefined ? {} : { bucket }), prefix, suffix };
  });
}

/** The same schedule is one text, however it was spaced. */
function oneBlank(expression: string): string {
  return expression.replaceAll(/\s+/g, ' ');
}

export function triggerProblems(on: readonly TriggerSettings[], pipeline: string): SettingProblem[] {
  const problems: SettingProblem[] = [];
  const triggers = triggersOf(on);
  for (const [i, trigger] of triggers.entries()) {
    const path = ['on', i];
    if (trigger.kind === 's3') {
      const wrong = prefixProblem(trigger) ?? literalProblem('prefix', trigger.prefix);
      if (wrong !== undefined) problems.push({ path: [...path, 's3', 'prefix'], ...wrong });
      const end = literalProblem('suffix', trigger.suffix);
      if (end !== undefined) problems.push({ path: [...path, 's3', 'suffix'], ...end });
      continue;
    }
    const same = triggers.findIndex((other) => JSON.stringify(other) === JSON.stringify(trigger));
    if (same < i) problems.push({ path, message: `on[${i}] says the same as on[${same}]: remove one` });
    if (trigger.kind === 'schedule') problems.push(...scheduleProblems(on[i], [...path, 'schedule']));
    else if (trigger.pipeline === pipeline) {
      const message = `${pipeline} cannot start behind itself: it would never end`;
      problems.push({ path: [...path, 'pipeline'], message });
    }
  }
  return problems;
}

/** A prefix that no key will ever have, or hardly any. */
function prefixProblem({ bucket, prefix }: S3Trigger): Omit<SettingProblem, 'path'> | undefined {
  const [, scheme, its = '', rest = ''] =
    /^(arn:aws[a-z-]*:s3:::|[a-z0-9]+:\/\/|s3:\/)([^/]*)\/?(.*)$/is.exec(prefix) ?? [];
  if (scheme !== undefined)
    return {
      message: `a prefix is the beginning of a key, and no key begins with ${scheme}: name the bucket beside it, { bucket: ${its === '' ? 'NAME' : its}, prefix: ${rest === '' ? 'FOLDER/' : rest} }, or leave it out for the landing bucket`,
    };
  if (prefix.startsWith('/'))
    return {
      message: 'keys in S3 seldom begin with "/": this matches only keys that do',
      severity: 'warning',
    };
  const named = bucket ?? /^baton-[^/]+-landing(?=\/)/.exec(prefix)?.[0];
  if (named !== undefined && prefix.startsWith(`${named}/`))
    return {
      message: `keys do not begin with the name of their bucket: this matches only keys below ${named}/ in ${bucket ?? 'the landing bucket'}`,
      severity: 'warning',
    };
  return undefined;
}

/** Patterns, templates, encodings, paths of a disk and blanks at an end. */
const NOT_LITERAL = /[$#]?\{[^}]*\}|%[0-9a-f]{2}|%[a-z]|<[^<>]+>|[?|^\\]|^\.{1,2}\/|^\s+|\s+$/i;

/** What looks as if more were made of it than a comparison. */
function literalProblem(what: 'prefix' | 'suffix', value: string): Omit<SettingProblem, 'path'> | undefined {
  const [found] = NOT_LITERAL.exec(value) ?? [];
  if (found === undefined) return undefined;
  const why =
    found.trim() === ''
      ? 'it begins or ends with a blank'
      : `${found} is no pattern, and is neither filled in nor decoded`;
  return { message: `a ${what} is compared with keys as it stands: ${why}`, severity: 'warning' };
}

function scheduleProblems(one: TriggerSettings | undefined, path: SettingProblem['path']): SettingProblem[] {
  if (one === undefined || !('schedule' in one)) return [];
  const expression = oneBlank(one.schedule.expression);
  const { timezone } = one.schedule;
  const wrong = expressionProblem(expression);
  const problems: SettingProblem[] = [];
  if (wrong !== undefined)
    problems.push({ path: [...path, 'expression'], message: `${expression}: ${wrong}` });
  const wrongZone = timezone === undefined ? undefined : timezoneProblem(timezone, expression);
  if (wrongZone !== undefined) problems.push({ path: [...path, 'timezone'], message: wrongZone });
  return problems;
}

/** Why no value can be counted on for a placeholder, in one sentence; undefined where it has one in every run. */
export function missingValue(placeholder: string, triggers: readonly Trigger[]): string | undefined {
  if (FILE_PLACEHOLDERS.includes(placeholder)) {
    const fileless = triggers.find((trigger) => trigger.kind !== 's3');
    if (fileless === undefined) return undefined;
    return `:${placeholder} stands for the file that started the run, and ${fileless.kind === 'schedule' ? 'a schedule' : `the pipeline ${fileless.pipeline}`} starts runs of this pipeline without a file: name the file in the SQL, or load it in a pipeline that only files start`;
  }
  if (placeholder === 'upstream_run_id' && !triggers.some((trigger) => trigger.kind === 'pipeline'))
    return ':upstream_run_id names the run of another pipeline that started this one, and no other pipeline does: add `- pipeline: NAME` to on';
  return undefined;
}

/** Nobody gives a parameter to a run that a clock or another pipeline starts. */
export function parameterProblems(
  parameters: readonly Parameter[],
  triggers: readonly Trigger[],
): SettingProblem[] {
  const unasked = triggers.find((trigger) => trigger.kind !== 's3');
  if (unasked === undefined) return [];
  const who = unasked.kind === 'schedule' ? 'a schedule' : `the pipeline ${unasked.pipeline}`;
  return parameters
    .filter((parameter) => parameter.default === undefined)
    .map(({ name }) => ({
      path: ['parameters', name],
      message: `${who} starts runs of this pipeline, and gives them no parameters: ${name} needs a default`,
    }));
}

/** Where a pipeline says which others it starts behind. */
export interface Upstream {
  readonly pipeline: string;
  readonly line: number;
  readonly column: number;
}

/** What is wrong between pipelines: one that is not there, and those that start each other for ever. */
export function chainProblems(
  upstreams: ReadonlyMap<string, readonly Upstream[]>,
): { readonly pipeline: string; readonly at: Upstream; readonly message: string }[] {
  const problems = [];
  for (const [pipeline, list] of upstreams) {
    for (const at of list) {
      const circle = wayBack(at.pipeline, pipeline, upstreams);
      if (!upstreams.has(at.pipeline)) {
        const message = `there is no pipeline ${at.pipeline}${didYouMean(at.pipeline, upstreams.keys())}`;
        problems.push({ pipeline, at, message });
      } else if (circle !== undefined && at.pipeline !== pipeline) {
        const message = `these pipelines start each other for ever: ${[pipeline, ...circle].join(' behind ')}`;
        problems.push({ pipeline, at, message });
      }
    }
  }
  return problems;
}

/** From `from` upstream to `goal`, both named; undefined where it is not upstream. */
function wayBack(
  from: string,
  goal: string,
  upstreams: ReadonlyMap<string, readonly Upstream[]>,
): string[] | undefined {
  const seen = new Set<string>();
  const walk = (name: string): string[] | undefined => {
    if (name === goal) return [name];
    if (seen.has(name)) return undefined;
    seen.add(name);
    for (const next of upstreams.get(name) ?? []) {
      const rest = walk(next.pipeline);
      if (rest !== undefined) return [name, ...rest];
    }
    return undefined;
  };
  return walk(from);
}
