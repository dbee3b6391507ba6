/** Connects to one stage: names, client settings, and one small port for each thing the command does there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { defined } from '../../shared/run/defined.ts';
import { usageError } from '../exit.ts';
import { localHome } from '../project.ts';
import type { ArtifactReader } from '../runs/batch-files.ts';
import type { ClientSettings } from './client-settings.ts';
import type { Environment } from './deployed-environment.ts';
import type { DynamoReader, OnUnreadable } from './dynamo-run-reader.ts';
import type { Inspector } from './inspector.ts';
import type { Landing } from './landing.ts';
import type { Operator } from './operator.ts';
import type { Replayer } from './replayer.ts';
import type { SqlClient } from './sql-client.ts';
import {
  namedTarget,
  signedInAs,
  warehouseTargetOf,
  type Access,
  type WarehouseTarget,
} from './warehouse-target.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface StageNames {
  readonly table: string;
  readonly operate: string;
  /** The archive of file events. */
  readonly archive: string;
  /** The rules that deliver files to their pipelines: this name, and this name with a number appended. */
  readonly arrivals: string;
}

export interface Connection {
  readonly stage: string;
  readonly names: StageNames;
  readonly settings: ClientSettings;
  runs(): Promise<DynamoReader>;
  operator(): Promise<Operator>;
  sql(access?: Access): Promise<SqlClient>;
  /** Where SQL goes. */
  target(access?: Access): Promise<WarehouseTarget>;
  landing(): Promise<Landing>;
  artifacts(): Promise<ArtifactReader>;
  replayer(): Promise<Replayer>;
  inspector(): Promise<Inspector>;
  /** The environment of the stage's functions. */
  deployed(): Promise<Environment>;
}

export const DEFAULT_PORT = 4566;
const LOCAL_REGION = 'us-east-1';

/** Names that a stage always has; the buckets' may be chosen at deployment. */
export function stageNames(stage: string): StageNames {
  const name = `baton-${stage}`;
  return { table: name, operate: `${name}-operate`, archive: `${name}-files`, arrivals: `${name}-arrivals` };
}

/** The endpoint that a running `baton up` wrote for other processes; undefined when there is none. */
function readLocalFile(home: string): { endpoint: string; pid?: number } | undefined {
  try {
    const found = JSON.parse(readFileSync(join(home, 'local.json'), 'utf8')) as {
      endpoint?: unknown;
      port?: unknown;
      pid?: unknown;
    };
    const pid = typeof found.pid === 'number' ? { pid: found.pid } : {};
    if (typeof found.endpoint === 'string') return { endpoint: found.endpoint, ...pid };
    if (typeof found.port === 'number') return { endpoint: `http://127.0.0.1:${found.port}`, ...pid };
  } catch {
    // Missing or half written: use the default.
  }
  return undefined;
}

/** `--endpoint`, AWS_ENDPOINT_URL; for the local stage also BATON_PORT, the running `baton up`, the usual port. */
function findEndpoint(stage: string, env: Env, given?: string): string | undefined {
  const named = given ?? env['AWS_ENDPOINT_URL'];
  if (named !== undefined && named !== '') {
    if (!URL.canParse(named) || !/^https?:/.test(named)) {
      throw usageError(`not an endpoint: ${named}`, 'an endpoint looks like http://127.0.0.1:4566');
    }
    return named.replace(/\/+$/, '');
  }
  if (stage !== 'local') return undefined;
  const port = env['BATON_PORT'];
  if (port !== undefined && port !== '') return `http://127.0.0.1:${port}`;
  return readLocalFile(localHome(env))?.endpoint ?? `http://127.0.0.1:${DEFAULT_PORT}`;
}

/** `ours`: the endpoint is known to be a local AWS. */
export function clientSettings(
  stage: string,
  env: Env,
  endpoint?: string,
  ours = stage === 'local',
): ClientSettings {
  const found = findEndpoint(stage, env, endpoint);
  return {
    ...defined({ endpoint: found }),
    ...(!ours &&
      defined({ profile: env['AWS_PROFILE'] || undefined, region: env['AWS_REGION'] || undefined })),
    // Any credentials work locally, and it must work on a machine without any.
    ...(ours && {
      region: LOCAL_REGION,
      credentials: { accessKeyId: 'baton-cli', secretAccessKey: 'local' },
    }),
    maxAttempts: ours ? 2 : 5,
    userAgentAppId: 'baton-cli',
  };
}

function required(environment: Environment): WarehouseTarget {
  const target = warehouseTargetOf(environment);
  if (target === undefined)
    throw usageError('no warehouse is configured', 'set BATON_WORKGROUP or BATON_CLUSTER');
  return target;
}

/** As build/serverless/stage.cjs has it. */
const STAGE = /^[a-z][a-z0-9-]{0,19}$/;

/** Makes no call and loads no SDK until a port is asked for. `onUnreadable`: told of runs that a list leaves out. */
export function openConnection(
  stage: string,
  env: Env,
  endpoint?: string,
  ours?: boolean,
  onUnreadable: OnUnreadable = () => undefined,
): Connection {
  if (!STAGE.test(stage)) {
    throw usageError(
      `not a stage name: ${stage}`,
      'a stage name is a lower-case letter, then up to 19 lower-case letters, digits and dashes',
    );
  }
  const settings = clientSettings(stage, env, endpoint, ours);
  const names = stageNames(stage);
  let environment: Promise<Environment> | undefined;
  const deployed = async (): Promise<Environment> => {
    const { deployedEnvironment } = await import('./deployed-environment.ts');
    return (environment ??= deployedEnvironment(settings, stage, names.operate));
  };
  const bucket = async (variable: string): Promise<string> => {
    const name = (await deployed())[variable];
    if (name === undefined) throw new Error(`the function ${names.operate} has no ${variable}`);
    return name;
  };
  const target = async (access: Access): Promise<WarehouseTarget> => {
    const own = warehouseTargetOf(env) ?? required(await deployed());
    const { warehouse } = access;
    return signedInAs(warehouse === undefined ? own : namedTarget(warehouse, own, await deployed()), access);
  };
  return {
    stage,
    names,
    settings,
    runs: async () =>
      (await import('./dynamo-run-reader.ts')).dynamoRunReader(settings, names.table, onUnreadable),
    operator: async () => (await import('./operator.ts')).lambdaOperator(settings, names.operate),
    sql: async (access = {}) => {
      const { dataApiClient } = await import('./sql-client.ts');
      return dataApiClient(settings, () => target(access));
    },
    target: (access = {}) => target(access),
    landing: async () => {
      const { s3Landing } = await import('./landing.ts');
      return s3Landing(settings, await bucket('BATON_LANDING_BUCKET'));
    },
    artifacts: async () => {
      const { s3Artifacts } = await import('./artifacts.ts');
      return s3Artifacts(settings, await bucket('BATON_ARTIFACTS_BUCKET'));
    },
    replayer: async () => {
      const { eventBridgeReplayer } = await import('./replayer.ts');
      return eventBridgeReplayer(settings, { archive: names.archive, rules: names.arrivals });
    },
    inspector: async () => (await import('./inspector.ts')).awsInspector(settings),
    deployed,
  };
}
