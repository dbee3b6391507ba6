/** The environment, read and checked once, at cold start. */
import type { Settings } from '../engine/ports.ts';
import { defined } from '../run/defined.ts';
import { HISTORY_DAYS } from '../store/run-item.ts';
import type { Connection } from '../warehouse/data-api.ts';

export interface Config extends Settings {
  readonly table: string;
  readonly roleName: string;
  readonly connection: Connection;
  /** The other warehouses that pipelines name, by name. */
  readonly warehouses: Readonly<Record<string, Connection>>;
  /** Whether metrics are emitted for each pipeline too. */
  readonly pipelineMetrics: boolean;
  /** Whether `operate` runs queries of people in the sessions of runs. */
  readonly runQueries: boolean;
  /** URL of the queue of files that arrived. */
  readonly arrivalsQueue?: string;
}

/** @throws Error that names every variable that is missing or contradictory. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const need = (name: string): string => {
    const value = env[name];
    if (value === undefined || value === '') problems.push(`${name} is not set`);
    return value ?? '';
  };
  const config: Config = {
    service: 'baton',
    stage: need('BATON_STAGE'),
    table: need('BATON_TABLE'),
    landingBucket: need('BATON_LANDING_BUCKET'),
    artifactsBucket: need('BATON_ARTIFACTS_BUCKET'),
    copyRole: optional(env, 'BATON_COPY_ROLE') ?? 'default',
    roleName: need('BATON_ROLE_NAME'),
    connection: readConnection(env, problems),
    // Both were generated and validated by the deployment.
    warehouses: JSON.parse(optional(env, 'BATON_WAREHOUSES') ?? '{}') as Config['warehouses'],
    pipelineMetrics: optional(env, 'BATON_PIPELINE_METRICS') !== 'false',
    runQueries: optional(env, 'BATON_RUN_QUERIES') !== 'false',
    historyDays: Number(optional(env, 'BATON_HISTORY_DAYS') ?? HISTORY_DAYS),
    ...defined({
      arrivalsQueue: optional(env, 'BATON_ARRIVALS_QUEUE'),
      runStepConcurrency: numberOf(optional(env, 'BATON_RUN_STEP_CONCURRENCY')),
    }),
  };
  if (problems.length > 0) throw new Error(`the function's environment is invalid: ${problems.join('; ')}`);
  return config;
}

function readConnection(env: Readonly<Record<string, string | undefined>>, problems: string[]): Connection {
  const workgroup = optional(env, 'BATON_WORKGROUP');
  const cluster = optional(env, 'BATON_CLUSTER');
  const user = optional(env, 'BATON_DB_USER');
  const secret = optional(env, 'BATON_SECRET_ARN');
  if ((workgroup === undefined) === (cluster === undefined))
    problems.push('exactly one of BATON_WORKGROUP and BATON_CLUSTER must be set');
  if (user !== undefined && workgroup !== undefined) problems.push('BATON_DB_USER requires BATON_CLUSTER');
  if (user !== undefined && secret !== undefined)
    problems.push('BATON_DB_USER and BATON_SECRET_ARN cannot be combined');
  return {
    Database: optional(env, 'BATON_DATABASE') ?? 'dev',
    ...defined({ WorkgroupName: workgroup, ClusterIdentifier: cluster, DbUser: user, SecretArn: secret }),
  };
}

/**
 * As in `Settings`. Waiting costs in proportion to the function's memory (in MB): a statement of a second at 256 MB or less, or on this
 * machine, where it costs nothing. A step's duration has the calls around its statement, too, a tenth of a second or two.
 */
export function autoWaitMsAt(megabytes = '0'): number {
  return Math.round(1_200 * Math.min(1, 256 / Number(megabytes)));
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function optional(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === '' ? undefined : value;
}
