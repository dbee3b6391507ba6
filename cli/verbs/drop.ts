import { statSync } from 'node:fs';
import { basename } from 'node:path';

import { loadPipelines } from '../../shared/pipeline/load.ts';
import { destinationOf } from '../drop/key-of.ts';
import { findNewRuns, runsBefore } from '../drop/find-new-runs.ts';
import { EXIT, usageError, type ExitCode } from '../exit.ts';
import { printable } from '../output.ts';
import { sqlFolder } from '../project.ts';
import { readRunJson } from '../runs/run-json.ts';
import { count } from '../runs/units.ts';
import { exitCodeOf, watchRun } from '../runs/watch-run.ts';
import type { Verb } from '../verb.ts';
import { noWaitOption, sqlOption } from './shared-options.ts';

function sizeOf(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw usageError(`no such file: ${path}`);
  if (!found.isFile()) throw usageError(`not a file: ${path}`);
  return found.size;
}

export const drop: Verb = {
  name: 'drop',
  summary: 'upload a file to the landing bucket, and watch its run',
  description: `
Uploads a file to the landing bucket of the stage, as <prefix><file name>, finds
the run that S3's event starts (one for each pipeline that matches), and
shows each step as it finishes. At the end it prints the run's id and state.
Without --to it uses the only prefix that would start a run.`,
  positionals: [{ name: 'FILE', help: 'the local file' }],
  options: {
    to: { value: 'PREFIX', help: 'the prefix in the landing bucket, for example products/' },
    ...noWaitOption,
    ...sqlOption,
  },
  examples: ['baton drop products.csv --to products/', 'baton drop stores.csv --no-wait'],
  run: async ({ args, out, json, connect, signal }) => {
    const path = args.required('FILE');
    const bytes = sizeOf(path);
    const connection = await connect();
    const { plans } = loadPipelines(sqlFolder(args.text('sql')));
    const landing = await connection.landing();
    const { key, pipelines, marker } = destinationOf(basename(path), args.text('to'), plans, landing.bucket);
    const reader = await connection.runs();
    const before = await runsBefore(reader, pipelines);
    const { etag } = await landing.upload(path, bytes, key);
    out.say(`uploaded s3://${landing.bucket}/${printable(key)}  ${count(bytes)} bytes`);
    const upload = { bucket: landing.bucket, key, etag };
    if (marker !== undefined)
      out.say(`no run yet: ${marker} starts it, when all files of the folder are there`);
    const ids = await findNewRuns(reader, pipelines, upload, before, {
      signal,
      onSlow: (pipeline) => out.say(`  ...  waiting for the run of ${pipeline} to start (event sent)`),
    });
    if (args.flag('no-wait')) {
      if (json) out.json(ids.map((id) => ({ id })));
      else out.data(ids.join('\n'));
      return EXIT.done;
    }
    let code: ExitCode = EXIT.done;
    const ended = [];
    for (const id of ids) {
      out.say(`run ${id}`);
      const run = await watchRun(reader, id, out, { signal });
      code = exitCodeOf(run) === EXIT.done ? code : EXIT.failed;
      if (json) ended.push(await readRunJson(reader, run));
      else out.data(`${run.id}  ${run.life.state}`);
    }
    if (json) out.json(ended);
    return code;
  },
};
