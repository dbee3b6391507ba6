/** A run by its id, or by enough of it to be the only one. */
import type { Run } from '../../shared/run/run.ts';
import { usageError } from '../exit.ts';
import type { RunReader } from './run-reader.ts';

/** How many runs of each pipeline an abbreviation is looked for in. */
const LOOKED_AT = 50;
const SHORTEST = 4;

/**
 * `text`: a whole id, its start, or the start of what follows the pipeline's name.
 * @throws CommandError (exit 2) when no run, or more than one, is meant
 */
export async function findRun(reader: RunReader, text: string, pipelines: readonly string[]): Promise<Run> {
  const exact = await reader.load(text);
  if (exact !== undefined) return exact;
  const candidates: Run[] = [];
  if (text.length >= SHORTEST) {
    for (const pipeline of pipelines) {
      const runs = await reader.listRuns(pipeline, LOOKED_AT);
      candidates.push(...runs.filter((run) => run.id.startsWith(text) || tail(run).startsWith(text)));
    }
  }
  const [only, ...more] = candidates;
  if (only === undefined) throw usageError(`run ${text} not found`, 'list runs with: baton runs');
  if (more.length > 0) {
    const shown = candidates.slice(0, 5).map((run) => run.id);
    throw usageError(`${text} matches ${candidates.length} runs`, shown.join('\n       '));
  }
  return only;
}

function tail(run: Run): string {
  return run.id.slice(run.pipeline.length).replace(/^[^A-Za-z0-9]/, '');
}
