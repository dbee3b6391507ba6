/** Whether the rules of a stage deliver what starts its pipelines: files below a prefix, successes of other pipelines. */
import type { Plan } from '../../shared/pipeline/plan.ts';
import { kindOf, triggerKinds } from '../../shared/pipeline/triggers/table.ts';

export interface Coverage {
  /** What starts a pipeline here, and no rule delivers. */
  readonly missing: readonly string[];
  /** What rules deliver, and starts no pipeline here. */
  readonly leftOver: readonly string[];
}

/**
 * @param patterns event patterns of the enabled rules, parsed
 * @param landing the bucket of triggers that name none; undefined: unknown, so that any bucket will do
 */
export function coverageOf(
  patterns: readonly unknown[],
  plans: readonly Plan[],
  landing: string | undefined,
): Coverage {
  const triggers = plans.flatMap(({ pipeline, triggers: all }) =>
    all.map((trigger) => ({ pipeline, trigger })),
  );
  const coverages = triggerKinds.map((kind): Coverage => {
    const delivered = patterns.flatMap((pattern) => kind.deliveredBy?.(pattern) ?? []);
    const ofKind = triggers.filter(({ trigger }) => kindOf(trigger) === kind);
    return {
      missing: ofKind
        .filter(({ trigger }) => !delivered.some((one) => one.covers(trigger, landing)))
        .flatMap(({ pipeline, trigger }) => kind.needed?.(trigger, pipeline, landing) ?? []),
      leftOver: delivered
        .filter((one) => !ofKind.some(({ trigger }) => one.covers(trigger, landing)))
        .map(({ text }) => text),
    };
  });
  return {
    missing: coverages.flatMap(({ missing }) => missing),
    leftOver: coverages.flatMap(({ leftOver }) => leftOver),
  };
}
