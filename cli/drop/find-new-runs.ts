/** The runs that an upload makes: their ids hang on what S3 says in its event, so they are found, not computed. */
import { setTimeout as sleep } from 'node:timers/promises';

import { defined } from '../../shared/run/defined.ts';
import type { Run } from '../../shared/run/run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { CommandError, EXIT } from '../exit.ts';
import type { RunReader } from '../runs/run-reader.ts';

/** Newest runs of a pipeline that are looked through; ten thousand files at once make it wider. */
const LOOKED_AT = 20;
const WIDE = 500;
const PAUSE_MS = 150;
const FIRST_WORD_MS = 5000;
const GIVE_UP_MS = 120_000;

export interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
}

function isOf(run: Run, upload: Upload): boolean {
  const file = fileOf(run.trigger);
  return (
    file?.bucket === upload.bucket && file.key === upload.key && file.etag.replaceAll('"', '') === upload.etag
  );
}

/** Ids of the newest runs before an upload, to distinguish its own run from them. */
export async function runsBefore(reader: RunReader, pipelines: readonly string[]): Promise<Set<string>> {
  const lists = await Promise.all(pipelines.map((name) => reader.listRuns(name, LOOKED_AT)));
  return new Set(lists.flat().map((run) => run.id));
}

async function findOne(
  reader: RunReader,
  pipeline: string,
  upload: Upload,
  before: ReadonlySet<string>,
): Promise<string | undefined> {
  const isNew = (run: Run): boolean => !before.has(run.id) && isOf(run, upload);
  const newest = await reader.listRuns(pipeline, LOOKED_AT);
  const found = newest.find(isNew);
  if (found !== undefined || newest.length < LOOKED_AT || newest.some((run) => before.has(run.id))) {
    return found?.id;
  }
  return (await reader.listRuns(pipeline, WIDE)).find(isNew)?.id;
}

/**
 * Waits until each pipeline has its run; answers one id for each, in their order.
 * @throws CommandError (exit 3) when one does not appear within two minutes
 */
export async function findNewRuns(
  reader: RunReader,
  pipelines: readonly string[],
  upload: Upload,
  before: ReadonlySet<string>,
  options: { signal?: AbortSignal; onSlow?: (pipeline: string) => void } = {},
): Promise<string[]> {
  const startedAt = Date.now();
  const ids: string[] = [];
  let told = false;
  for (const pipeline of pipelines) {
    for (;;) {
      const id = await findOne(reader, pipeline, upload, before);
      if (id !== undefined) {
        ids.push(id);
        break;
      }
      const waitedMs = Date.now() - startedAt;
      if (waitedMs > GIVE_UP_MS) {
        throw new CommandError(
          EXIT.unreachable,
          `${upload.key} was uploaded, but no run of ${pipeline} started`,
          {
            hint: 'check that the pipeline is deployed to this stage; baton runs shows whether the run started later',
          },
        );
      }
      if (waitedMs > FIRST_WORD_MS && !told) {
        told = true;
        options.onSlow?.(pipeline);
      }
      await sleep(PAUSE_MS, undefined, defined({ signal: options.signal }));
    }
  }
  return ids;
}
