import process from 'node:process';

import { DEFAULT_PORT } from '../aws/connection.ts';
import { EXIT, usageError } from '../exit.ts';
import { sayFailed, superviseSql } from '../local/reload.ts';
import { startStack } from '../local/stack.ts';
import { problemLines } from '../pipelines.ts';
import { localHome, sqlFolder } from '../project.ts';
import { duration } from '../runs/units.ts';
import type { Context, Verb } from '../verb.ts';
import { stageOf } from './deployment-options.ts';
import { sqlOption } from './shared-options.ts';

function portOf({ args, env }: Context): number {
  const given = args.integer('port', { min: 0, max: 65_535 });
  if (given !== undefined) return given;
  const named = env['BATON_PORT'];
  if (named === undefined || named === '') return DEFAULT_PORT;
  const port = Number(named);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw usageError(`BATON_PORT ${named}: must be a port number`);
  }
  return port;
}

/** Settled when the person ends it, or the local AWS ended by itself. */
function untilOver(signal: AbortSignal, ended: Promise<void>): Promise<void> {
  const asked = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
  return Promise.race([asked, ended]);
}

export const up: Verb = {
  name: 'up',
  summary: 'run the local AWS with all functions (npm start)',
  description: `
Runs a local AWS: builds the functions, compiles serverless.yml, and
serves tables, buckets, rules, queues, schedules, functions and the warehouse
(PostgreSQL instead of Redshift) on one endpoint. Applies sql/setup/, and
watches the SQL folder: a valid change is reloaded at once; for an invalid one it
prints the error and the previous version stays active. A file of sql/setup/ that
fails is reported, and the others are still applied. Ctrl-C stops it; its data
stays in the home folder. Any AWS SDK or the AWS CLI can use the endpoint. Its
last line reports that it is ready, with --json as one object on one line.
With --stage it runs the template of that stage, with parameters from baton.yml
and the environment, as a deployment would, and a warehouse that behaves as the
parameter "observed" says: other verbs then need --stage and AWS_ENDPOINT_URL,
and any credentials.`,
  positionals: [],
  options: {
    home: { value: 'FOLDER', help: 'where state is stored (default: .baton, or BATON_HOME)' },
    port: {
      value: 'N',
      help: `port of the endpoint; 0 picks a free one (default: ${DEFAULT_PORT}, or BATON_PORT)`,
    },
    ...sqlOption,
  },
  examples: [
    'npm start',
    'baton up --port 4600 --home /tmp/baton',
    'baton up --json',
    'baton up --stage dev --home /tmp/baton-dev',
  ],
  run: async (context) => {
    const { args, out, json, env, stage, signal } = context;
    const named = args.text('home') ?? env['BATON_HOME'] ?? '';
    if (stage !== 'local' && named === '') {
      throw usageError(
        `stage ${stage} needs its own home folder`,
        'pass it with --home FOLDER or BATON_HOME',
      );
    }
    // The warehouse's process reads it: what `doctor --probe` found on the account of the stage.
    const observed = context.parameters?.['observed'];
    if (observed !== undefined) process.env['BATON_OBSERVED'] = observed;
    const startedAt = Date.now();
    const folder = sqlFolder(args.text('sql'));
    out.say(out.style.quiet('building and starting the local AWS'));
    const stack = await startStack({
      stage: stageOf(context),
      home: localHome(env, args.text('home')),
      port: portOf(context),
      sql: folder,
      log: out.say,
    });
    for (const line of problemLines(stack.problems, folder)) out.say(line);
    sayFailed(stack.setup, out);
    const watcher = await superviseSql(stack, folder, out);
    try {
      out.say(out.style.quiet(`started in ${duration(Date.now() - startedAt)}; press Ctrl-C to stop`));
      if (json) out.data(JSON.stringify(stack.ready));
      else {
        for (const bucket of stack.ready.buckets) out.say(`bucket ${bucket.name}  ${bucket.folder}`);
        out.data(`ready ${stack.ready.endpoint}`);
      }
      await untilOver(signal, stack.stopped);
    } finally {
      await watcher.close();
      await stack.stop();
    }
    out.say('stopped');
    return EXIT.done;
  },
};
