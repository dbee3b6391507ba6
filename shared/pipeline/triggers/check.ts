/** What is wrong with the triggers of a pipeline; and what the runs that they start would lack. */
import type { Parameter, Trigger } from '../plan.ts';
import type { TriggerSettings } from '../settings.ts';
import type { SettingProblem } from './kind.ts';
import { kindOf, settingOf, triggerKinds, triggerOf } from './table.ts';

export function triggersOf(on: readonly TriggerSettings[]): Trigger[] {
  return on.map(triggerOf);
}

export function triggerProblems(on: readonly TriggerSettings[], pipeline: string): SettingProblem[] {
  const triggers = triggersOf(on);
  return on.flatMap((one, i) => {
    const trigger = triggerOf(one);
    const [name, setting] = settingOf(one);
    const kind = kindOf(trigger);
    const problems = kind
      .problems(trigger, setting, pipeline)
      .map(({ path, ...problem }): SettingProblem =>
        Object.assign(problem, { path: ['on', i, name, ...path] }),
      );
    const same = triggers.findIndex((other) => JSON.stringify(other) === JSON.stringify(trigger));
    if (same === i || kind.starter === undefined) return problems;
    return [{ path: ['on', i], message: `on[${i}] is the same as on[${same}]: remove one` }, ...problems];
  });
}

/** Why no value can be counted on for a placeholder, in one sentence; undefined where it has one in every run. */
export function missingValue(placeholder: string, triggers: readonly Trigger[]): string | undefined {
  const supplier = triggerKinds.find(({ supplies }) => supplies?.names.includes(placeholder));
  if (supplier?.supplies === undefined) return undefined;
  const { supplies } = supplier;
  if (supplies.missing !== undefined && !triggers.some((trigger) => kindOf(trigger) === supplier))
    return supplies.missing;
  const [starter] = starters(triggers);
  if (starter !== undefined) return supplies.missingWith?.(placeholder, starter);
  for (const trigger of triggers) {
    const message = kindOf(trigger) === supplier ? supplies.missingIn?.(placeholder, trigger) : undefined;
    if (message !== undefined) return message;
  }
  return undefined;
}

/** A parameter without a default is given by a person, who starts the run. */
export function parameterProblems(
  parameters: readonly Parameter[],
  triggers: readonly Trigger[],
): SettingProblem[] {
  const [starter] = starters(triggers);
  if (starter === undefined) return [];
  return parameters
    .filter((parameter) => parameter.default === undefined)
    .map(({ name }) => ({
      path: ['parameters', name],
      message: `${starter} starts runs of this pipeline without parameters: ${name} needs a default`,
    }));
}

/** What starts runs without a file, in words. */
function starters(triggers: readonly Trigger[]): string[] {
  return triggers.flatMap((trigger) => kindOf(trigger).starter?.(trigger) ?? []);
}

/** The trigger's words where a file of the UNLOAD to `target` (`s3://bucket/prefix`) would start a run. */
export function startedBy(target: string, triggers: readonly Trigger[]): string | undefined {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]*)\/?(.*)$/s.exec(target) ?? [];
  for (const trigger of triggers) {
    const words = kindOf(trigger).startedByFilesOf?.(trigger, bucket, path);
    if (words !== undefined) return words;
  }
  return undefined;
}
