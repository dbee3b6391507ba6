/** The local AWS with this project in it: built, started, its warehouse set up. Used by `up` and by the demo. */
import { join } from 'node:path';
import v8 from 'node:v8';

import type { ReadyInfo } from '../../local/supervisor/local-stack.ts';
import { openConnection, type Connection } from '../aws/connection.ts';
import { usageError } from '../exit.ts';
import type { Problem } from '../../shared/pipeline/problem.ts';
import { packageRoot } from '../../build/project.ts';
import type { Stage } from '../../build/template.ts';
import { applySetup, type SetupFile } from '../query/apply-setup.ts';

export interface StackOptions {
  /** `local` where not given. Others take their parameters from baton.yml and the environment, as a deployment does. */
  readonly stage?: Stage;
  /** BATON_HOME of this one. */
  readonly home: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The folder with the pipelines. */
  readonly sql: string;
  /** False: no schedule of a pipeline starts a run. */
  readonly schedules?: boolean;
  /** Pauses within an invocation take no time. */
  readonly quickPauses?: boolean;
  readonly log: (line: string) => void;
}

interface Taken {
  readonly problems: readonly Problem[];
  readonly plansChanged: boolean;
}

export interface Stack {
  readonly ready: ReadyInfo;
  /** The way to it; the environment's own AWS settings play no part. */
  readonly connection: Connection;
  /** Of pipelines that are not in it, because they have errors. */
  readonly problems: readonly Problem[];
  /** Compiles the pipelines again and takes the good ones. */
  reload(): Promise<Taken>;
  /** What became of the files of sql/setup/ at the start. */
  readonly setup: readonly SetupFile[];
  /** Applies sql/setup/ again. */
  applySetup(): Promise<readonly SetupFile[]>;
  stop(): Promise<void>;
  /** Settles when the stack has ended, for whatever reason. */
  readonly stopped: Promise<void>;
}

/** A parameter that is missing or wrong is no fault of ours. */
function wrongParameter(error: unknown): never {
  if (error instanceof Error && error.name === 'TemplateError') throw usageError(error.message);
  throw error;
}

/**
 * Builds what is stale, starts, applies the setup.
 * @throws CommandError (exit 1) when Baton's own tables cannot be made; it is stopped then
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { stage = { stage: 'local' }, home, port, sql, log, schedules = true, quickPauses = false } = options;
  // As its child processes: memory before speed; not in a test.
  if (!quickPauses) v8.setFlagsFromString('--optimize-for-size');
  const { prepareLocal, recompilePlans } = await import('../../build/prepare-local.ts');
  const prepared = await prepareLocal({ stage, sqlFolder: sql, home, schedules }).catch(wrongParameter);
  const { startLocal } = await import('../../local/supervisor/start-local.ts');
  const { functionsFolder, problems } = prepared;
  const local = await startLocal({
    home,
    port,
    stage: stage.stage,
    template: prepared.templatePath,
    functionsFolder,
    quickPauses,
    log,
  });
  const connection = openConnection(stage.stage, {}, local.ready.endpoint, true);
  const setUp = async (): Promise<SetupFile[]> =>
    applySetup(await connection.sql(), sql, join(packageRoot, 'sql'));
  let setup: readonly SetupFile[];
  try {
    setup = await setUp();
  } catch (error) {
    await local.stop();
    throw error;
  }
  // The plans are written before they are loaded: what could not be loaded is tried again with the next change.
  let stale = false;
  return {
    ready: local.ready,
    connection,
    problems,
    setup,
    reload: async () => {
      const {
        problems: found,
        plansChanged,
        templatePath,
      } = await recompilePlans({
        stage,
        sqlFolder: sql,
        functionsFolder,
        schedules,
      });
      stale ||= plansChanged;
      if (!stale) return { problems: found, plansChanged: false };
      await local.reload(templatePath);
      stale = false;
      return { problems: found, plansChanged: true };
    },
    applySetup: setUp,
    stop: () => local.stop(),
    stopped: local.stopped,
  };
}
