/** Pipelines that start behind others: what is wrong between them. */
import { didYouMean } from '../nearest.ts';

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
