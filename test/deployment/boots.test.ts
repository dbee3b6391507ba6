/** Existing buckets and a table of an earlier deployment, a provisioned cluster (by IAM, by database user) and a secret: booted, and one file brought to its end. */
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';

import type { Call } from '../../local/gateway/call-log.ts';
import { eventually, Stack } from '../e2e/stack.ts';
import { needsOf, type WarehouseNames } from './needs.ts';
import { ACCOUNT, propertiesOf, refusedOf, REGION, statementsOf } from './policy.ts';
import {
  environmentOfVariant,
  pipelinesOfVariant,
  OTHER_ID,
  SECRET,
  templateOfVariant,
  VARIANTS,
  WORKGROUP_ID,
} from './variants.ts';
import { isLong } from '../long.ts';

const workgroupArn = `arn:aws:redshift-serverless:${REGION}:${ACCOUNT}:workgroup/${WORKGROUP_ID}`;
const clusterArn = `arn:aws:redshift:${REGION}:${ACCOUNT}:cluster:warehouse`;

interface Boot {
  readonly warehouse: WarehouseNames;
  /** What the functions sign in by. */
  readonly signsInBy: readonly string[];
  /** What each opening call names. */
  readonly opensWith: readonly Readonly<Record<string, string>>[];
}

const BOOTS: Readonly<Record<'cluster' | 'user' | 'secret', Boot>> = {
  cluster: {
    warehouse: { workgroupIds: {}, own: clusterArn },
    signsInBy: ['redshift:GetClusterCredentialsWithIAM'],
    opensWith: [{ cluster: 'warehouse', database: 'dev' }],
  },
  user: {
    warehouse: { workgroupIds: {}, own: clusterArn },
    signsInBy: ['redshift:GetClusterCredentials'],
    opensWith: [{ cluster: 'warehouse', database: 'dev', user: 'etl_user' }],
  },
  secret: {
    warehouse: { workgroupIds: { etl: WORKGROUP_ID, nightly: OTHER_ID }, own: workgroupArn },
    // The other warehouse that a pipeline names is signed in to by the role.
    signsInBy: ['redshift-serverless:GetCredentials', 'secretsmanager:GetSecretValue'],
    opensWith: [
      { workgroup: 'etl', database: 'dev', secret: SECRET },
      { workgroup: 'nightly', database: 'dev' },
    ],
  },
};

const ROWS = 'store_id,name,city,country,opened_on\n1,Halle,Leipzig,DE,2019-05-01\n';

describe.each(Object.keys(BOOTS) as (keyof typeof BOOTS)[])('the deployment variant %s', (name) => {
  const { warehouse, signsInBy, opensWith } = BOOTS[name];

  test.runIf(isLong || name === 'secret')(
    'starts from its template, runs a file to its end, and calls nothing that its role denies',
    async () => {
      const { stage, parameters } = VARIANTS[name];
      const landing = 'landingBucket' in parameters ? { landing: parameters.landingBucket } : {};
      let stack = await Stack.start({
        stage,
        ...landing,
        pipelines: pipelinesOfVariant(name),
        environment: environmentOfVariant(name),
      });
      try {
        if ('takeOver' in parameters) await tableOfEarlierDeployment(stack);
        if ('landingBucket' in parameters) {
          await existing(stack, parameters.landingBucket);
          await existing(stack, parameters.artifactsBucket);
        }
        await stack.put('stores/one.csv', ROWS);
        const run = await stack.runFor('stores', 'stores/one.csv');
        expect(run).toMatchObject({ state: 'SUCCEEDED', trigger: { file: { bucket: stack.landing } } });
        if (name === 'secret') await otherWarehouse(stack);
        const calls = await ofFunctions(stack);
        const needs = calls.flatMap((call) => needsOf(call, warehouse));
        expect(refusedOf(statementsOf(await templateOfVariant(name), 'FunctionRole'), needs)).toEqual([]);
        const signIn = new Set(
          needs.map(({ action }) => action).filter((action) => /Credentials|Secret/.test(action)),
        );
        expect([...signIn].sort()).toEqual(signsInBy);
        const opened = calls.flatMap(({ details }) =>
          details?.['database'] === undefined ? [] : [JSON.stringify(details, Object.keys(details).sort())],
        );
        expect([...new Set(opened)].sort()).toEqual(
          opensWith.map((each) => JSON.stringify(each, Object.keys(each).sort())).sort(),
        );
        if (name === 'user') stack = await deployedAgain(stack);
      } finally {
        await stack.stop();
      }
    },
    120_000,
  );
});

/** A bucket of somebody else's, who has switched EventBridge on. */
async function existing(stack: Stack, bucket: string): Promise<void> {
  await stack.s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await stack.s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: bucket,
      NotificationConfiguration: { EventBridgeConfiguration: {} },
    }),
  );
}

/** The stage is removed and deployed again with takeOver=true: its runs are there, and what it loaded is not new. */
async function deployedAgain(stack: Stack): Promise<Stack> {
  const { home, stage } = stack;
  await stack.stop({ keep: true });
  const environment = { ...environmentOfVariant('user'), BATON_TAKE_OVER: 'true' };
  const again = await Stack.start({ stage, home, environment });
  const { stdout, stderr } = await again.baton('backfill', 'stores', '--json', '--stage', stage);
  expect({ stdout: JSON.parse(stdout || '{}'), stderr }).toMatchObject({
    stdout: { counts: { listed: 1, new: 0, loadedBefore: 1 } },
  });
  expect(await again.runs('stores')).toHaveLength(1);
  return again;
}

/** As the stage's template makes it where it makes one. */
async function tableOfEarlierDeployment(stack: Stack): Promise<void> {
  const shape = propertiesOf(await templateOfVariant('local'), 'Table');
  const members = ['AttributeDefinitions', 'KeySchema', 'BillingMode', 'GlobalSecondaryIndexes'];
  const input = Object.fromEntries(members.map((member) => [member, shape[member]]));
  await stack.dynamodb.send(
    new CreateTableCommand({
      TableName: `baton-${stack.stage}`,
      ...input,
    }),
  );
}

/** A pipeline with files of another bucket, on another warehouse. */
async function otherWarehouse(stack: Stack): Promise<void> {
  await existing(stack, 'elsewhere-files');
  await stack.s3.send(new PutObjectCommand({ Bucket: 'elsewhere-files', Key: 'in/one.csv', Body: ROWS }));
  await eventually('the run elsewhere', async () =>
    (await stack.runs('elsewhere')).find(({ state }) => state === 'SUCCEEDED'),
  );
}

async function ofFunctions(stack: Stack): Promise<readonly Call[]> {
  const { calls } = (await stack.admin('GET', 'calls?since=0&detail')) as { calls: readonly Call[] };
  return calls.filter(
    ({ caller, service }) => caller.startsWith(`baton-${stack.stage}-`) && service !== 'lambda',
  );
}
