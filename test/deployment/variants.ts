/** The stages and variants that a deployment can have, each compiled with the parameters that a person would give. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { packageRoot as root } from '../../build/project.ts';
import { environmentName } from '../../build/serverless/parameters.cjs';
import { templateOf } from '../../build/template.ts';
import { loadPipelines, type LoadedPipelines } from '../../shared/pipeline/load.ts';
import { copySampleSql } from '../../cli/demo/sample-sql.ts';
import { ACCOUNT, REGION } from './policy.ts';
import type { JsonObject } from './references.ts';

export interface Variant {
  readonly stage: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Pipelines of `PIPELINES`, beside the samples of `sql/`. */
  readonly pipelines?: readonly string[];
}

/** Those that are booted, with files brought to their ends: recorded.test.ts and boots.test.ts. */
export const BOOTED: readonly VariantName[] = ['local', 'cluster', 'user', 'secret'];

/** Folder of the pipelines for these tests. */
const PIPELINES = join('test', 'deployment', 'pipelines');

export const WORKGROUP_ID = '11111111-2222-4333-8444-555555555555';
export const OTHER_ID = '66666666-7777-4888-8999-aaaaaaaaaaaa';

const own = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
const workgroup = { workgroup: 'etl', workgroupId: WORKGROUP_ID };
const existingBuckets = { landingBucket: 'partner-files', artifactsBucket: 'team-artifacts' };

const KEY = own('kms', 'key/9c9c9c9c-8d8d-4e4e-9f9f');
export const SECRET = own('secretsmanager', 'secret:redshift!etl-admin-AbCdEf');

/** Together they have every resource and every permission that there can be. */
export const VARIANTS = {
  /** With a short time limit, many files at once, behind another pipeline, on a schedule. */
  local: { stage: 'local', parameters: {}, pipelines: ['late', 'behind_late', 'timed', 'many'] },
  serverless: {
    stage: 'dev',
    parameters: { ...workgroup, alarmsEmail: 'oncall@example.com', topicKeyArn: KEY },
  },
  /** The table of an earlier deployment, existing buckets, and a provisioned cluster by IAM. */
  cluster: { stage: 'dev', parameters: { cluster: 'warehouse', ...existingBuckets, takeOver: 'true' } },
  /** A provisioned cluster by database user, no alarms, and few invocations. */
  user: {
    stage: 'dev',
    parameters: { cluster: 'warehouse', dbUser: 'etl_user', watch: 'false', runStepConcurrency: '10' },
  },
  /** A secret, and another warehouse beside the stage's own. */
  secret: {
    stage: 'dev',
    parameters: {
      ...workgroup,
      otherWorkgroups: `nightly=${OTHER_ID}`,
      secretArn: SECRET,
      secretKeyArn: own('kms', 'key/0a0a0a0a-1b1b-4c2c-8d3d'),
    },
    pipelines: ['elsewhere'],
  },
  /** All that can be switched on. */
  prod: {
    stage: 'prod',
    parameters: {
      ...workgroup,
      ...existingBuckets,
      otherWorkgroups: `nightly=${OTHER_ID}`,
      bucketKeys: own('kms', 'key/2e2e2e2e-3f3f-4a4a-8b5b'),
      alarmsTopic: own('sns', 'on-call'),
      runStepConcurrency: '20',
      sweepConcurrency: '2',
      tags: 'team=etl,cost-center=7',
      tableKeyArn: KEY,
      queuesKeyArn: KEY,
      logsKeyArn: KEY,
      subnets: 'subnet-0a1b2c3d,subnet-1a2b3c4d',
      securityGroups: 'sg-0a1b2c3d',
      tracing: 'true',
      globalNames: 'baton-prod-virginia',
      permissionsBoundary: own('iam', 'policy/bounds').replace(`:${REGION}:`, '::'),
    },
    pipelines: ['elsewhere'],
  },
} as const satisfies Readonly<Record<string, Variant>>;

export type VariantName = keyof typeof VARIANTS;
export const VARIANT_NAMES = Object.keys(VARIANTS) as readonly VariantName[];

function variantOf(name: VariantName): Variant {
  return VARIANTS[name];
}

/** The pipelines that Baton comes with. */
function compileSamples(): LoadedPipelines {
  const folder = mkdtempSync(join(tmpdir(), 'baton-samples-'));
  try {
    copySampleSql(folder);
    return loadPipelines(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The template that `baton up`, or a deployment, with the same environment takes. */
export async function templateOfVariant(name: VariantName): Promise<JsonObject> {
  const { stage, pipelines = [] } = variantOf(name);
  const others = loadPipelines(join(root, PIPELINES)).plans;
  const plans = [...compileSamples().plans, ...others.filter(({ pipeline }) => pipelines.includes(pipeline))];
  plans.sort((left, right) => (left.pipeline < right.pipeline ? -1 : 1));
  const { template } = await withEnvironment(environmentOfVariant(name), async () =>
    templateOf(plans, { stage }),
  );
  return template as JsonObject;
}

/** One at a time: the environment is the process's. */
async function withEnvironment<T>(
  environment: Readonly<Record<string, string>>,
  action: () => Promise<T>,
): Promise<T> {
  Object.assign(process.env, environment);
  try {
    return await action();
  } finally {
    for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name);
  }
}

/** The parameters, as the environment gives them. */
export function environmentOfVariant(name: VariantName): Record<string, string> {
  const { parameters } = variantOf(name);
  return Object.fromEntries(Object.entries(parameters).map(([key, value]) => [environmentName(key), value]));
}

/** Name -> folder, as a stack of the tests takes them. */
export function pipelinesOfVariant(name: VariantName): Record<string, string> {
  const { pipelines = [] } = variantOf(name);
  return Object.fromEntries(pipelines.map((each) => [each, join(root, PIPELINES, each)]));
}
