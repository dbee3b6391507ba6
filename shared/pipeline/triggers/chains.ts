/** Checks the triggers between pipelines (`on: pipeline`): a missing pipeline, a loop. */
import { didYouMean } from '../nearest.ts';

/** The position of a `- pipeline:` trigger. */
export interface Upstream {
  readonly pipeline: string;
  readonly line: number;
  readonly column: number;
}

/** Problems: an upstream pipeline that does not exist, and pipelines that start each other in a loop. */
export function chainProblems(
  upstreams: ReadonlyMap<string, readonly Upstream[]>,
): { readonly pipeline: string; readonly at: Upstream; readonly message: string }[] {
  const problems = [];
  for (const [pipeline, list] of upstreams) {
    for (const at of list) {
      const circle = wayBack(at.pipeline, pipeline, upstreams);
      if (!upstreams.has(at.pipeline)) {
        const message = `pipeline ${at.pipeline} does not exist${didYouMean(at.pipeline, upstreams.keys())}`;
        problems.push({ pipeline, at, message });
      } else if (circle !== undefined && at.pipeline !== pipeline) {
        const message = `these pipelines start each other in an endless loop: ${[pipeline, ...circle].join(' after ')}`;
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
