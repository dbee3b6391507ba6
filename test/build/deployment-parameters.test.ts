/** Every wrong or contradictory parameter stops before anything is made, with its name, its place and a remedy. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { packageRoot as root } from '../../build/project.ts';
import { environmentName, PARAMETERS } from '../../build/serverless/parameters.cjs';
import { deploymentWith, type Given } from './deployment-with.ts';

const ID = '11111111-2222-4333-8444-555555555555';
const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:etl-AbCdEf';
const KEY = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const TOPIC = 'arn:aws:sns:us-east-1:123456789012:alarms';

async function problemsOf(parameters: Readonly<Record<string, string>>, given?: Given): Promise<string[]> {
  try {
    await deploymentWith(parameters, given);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n').map((line) => line.trim());
  }
}

const workgroup = { workgroup: 'etl', workgroupId: ID };
const reports = { pipeline: 'reports', warehouse: 'reporting' };

const elsewhere = (arn: string) => arn.replace('us-east-1', 'eu-west-1');

/** what is wrong, the parameters, the one message that there is */
const WRONG: readonly [string, Readonly<Record<string, string>>, RegExp, Given?][] = [
  ['no warehouse', {}, /^stage "dev" has no warehouse: set --param workgroup=NAME --param workgroupId=ID/],
  [
    'workgroup and cluster',
    { ...workgroup, cluster: 'old' },
    /^workgroup=etl \(--param\) and cluster=old \(--param\): .* set one of them$/,
  ],
  [
    'a workgroup without id',
    { workgroup: 'etl' },
    /^workgroup=etl \(--param\) without its id, .*: set --param workgroupId=ID \(aws /,
  ],
  [
    'an id without a workgroup',
    { workgroupId: ID, cluster: 'old' },
    /^workgroupId=.* without a workgroup: set its name too/,
  ],
  [
    'an ARN as id',
    { workgroup: 'etl', workgroupId: `workgroup/${ID}` },
    /^workgroupId=.*: must be the part after/,
  ],
  [
    'an endpoint as workgroup',
    { workgroup: 'etl.123.eu', workgroupId: ID },
    /^workgroup=etl\.123\.eu .*not an ARN or endpoint/,
  ],
  [
    'an endpoint as cluster',
    { cluster: 'etl.abc.redshift.amazonaws.com' },
    /^cluster=etl\..*: must be its identifier/,
  ],
  [
    'no database name',
    { ...workgroup, database: 'a b' },
    /^database=a b \(--param\): must be the name of a database/,
  ],
  [
    'a database user of a workgroup',
    { ...workgroup, dbUser: 'etl' },
    /^dbUser=etl \(--param\) with workgroup=etl \(--param\): only a cluster .* or set secretArn$/,
  ],
  [
    'a database user and a secret',
    { cluster: 'old', dbUser: 'etl', secretArn: SECRET },
    /^dbUser=etl \(--param\) and secretArn=.*: both choose the database user: set one of them$/,
  ],
  [
    'the name of a secret',
    { cluster: 'old', secretArn: 'etl' },
    /^secretArn=etl \(--param\): must be the complete ARN/,
  ],
  [
    'a secret of another region',
    { ...workgroup, secretArn: elsewhere(SECRET) },
    /^the secret of warehouse etl \(arn:.*\) is in eu-west-1: .*: use one in us-east-1$/,
  ],
  [
    'a secret of another region for another warehouse',
    { ...workgroup, otherClusters: `old=${elsewhere(SECRET)}` },
    /^the secret of warehouse old \(arn:.*\) is in eu-west-1: /,
  ],
  [
    'a key of the secret in another region',
    { ...workgroup, secretArn: SECRET, secretKeyArn: elsewhere(KEY) },
    /^secretKeyArn=.*: a key works in its own Region only: use one in us-east-1$/,
  ],
  [
    'a key without a secret',
    { ...workgroup, secretKeyArn: KEY },
    /^secretKeyArn=.* without a secret: set secretArn/,
  ],
  [
    'the alias of a key',
    { ...workgroup, secretArn: SECRET, secretKeyArn: 'alias/etl' },
    /^secretKeyArn=alias\/etl .*: must be the ARN of a KMS key/,
  ],
  [
    'an access to statements that is none',
    { ...workgroup, statementAccess: 'all' },
    /^statementAccess=all \(--param\): must be warehouse, both-arns or any$/,
  ],
  [
    'something observed that is no switch',
    { ...workgroup, observed: 'events' },
    /^observed=events \(--param\): must be NAME=VALUE,NAME=VALUE/,
  ],
  [
    'another workgroup without id',
    { ...workgroup, otherWorkgroups: 'reporting' },
    /^otherWorkgroups=.*"reporting": must be NAME=ID/,
  ],
  [
    'another cluster that is none',
    { ...workgroup, otherClusters: 'a=b=c d' },
    /^otherClusters=.*"a=b=c d": must be NAME/,
  ],
  [
    'one name for two warehouses',
    { ...workgroup, otherClusters: 'etl' },
    /^two warehouses are called etl: names must be unique/,
  ],
  [
    'a warehouse that nobody knows',
    { ...workgroup, otherClusters: 'old' },
    /^pipeline reports uses warehouse reporting, but stage "dev" has only etl, old: use one of these .*--param otherWorkgroups=reporting=ID/,
    { plans: [reports] },
  ],
  [
    'a role name as COPY role',
    { ...workgroup, copyRole: 'copy' },
    /^copyRole=copy \(--param\): must be the ARN of a role/,
  ],
  [
    'a beginning that makes no bucket name',
    { ...workgroup, buckets: 'Acme' },
    /^buckets=Acme \(--param\) makes Acme-artifacts: .*/,
  ],
  [
    'an address as landing bucket',
    { ...workgroup, landingBucket: 's3://files' },
    /^landingBucket=s3:\/\/files .*not an ARN or s3/,
  ],
  ['an IP address as bucket', { ...workgroup, artifactsBucket: '10.0.0.1' }, /^artifactsBucket=10\.0\.0\.1 /],
  [
    'one bucket for both',
    { ...workgroup, landingBucket: 'files', artifactsBucket: 'files' },
    /^landingBucket=files \(--param\) and artifactsBucket=files \(--param\) are the same bucket: .* use two buckets$/,
  ],
  [
    'a pipeline that starts with what Baton writes',
    { ...workgroup, artifactsBucket: 'files' },
    /^pipeline reports starts with files of files, the artifacts bucket: /,
    { plans: [{ pipeline: 'reports', triggers: [{ kind: 's3', bucket: 'files', prefix: 'in/' }] }] },
  ],
  [
    'a key of a bucket by its alias',
    { ...workgroup, bucketKeys: 'alias/a' },
    /^bucketKeys=alias\/a .*: must be ARNs/,
  ],
  [
    'a key of a bucket in another region',
    { ...workgroup, bucketKeys: elsewhere(KEY) },
    /^bucketKeys=.* \(--param\): the buckets of a stage are in its Region, .*: use keys in us-east-1$/,
  ],
  ['takeOver=yes', { ...workgroup, takeOver: 'yes' }, /^takeOver=yes \(--param\): must be true or false$/],
  [
    'the alias of a key of the table',
    { ...workgroup, tableKeyArn: 'arn:aws:kms:us-east-1:123456789012:alias/etl' },
    /^tableKeyArn=.*: must be the ARN of a KMS key \(not of an alias\)/,
  ],
  [
    'a key of the queues in another region',
    { ...workgroup, queuesKeyArn: elsewhere(KEY) },
    /^queuesKeyArn=.*: a key works in its own Region only: use one in us-east-1$/,
  ],
  [
    'a key of the logs by its id',
    { ...workgroup, logsKeyArn: '1234abcd' },
    /^logsKeyArn=1234abcd .*the ARN of/,
  ],
  [
    'a key of a topic that is not created',
    { ...workgroup, alarmsTopic: TOPIC, topicKeyArn: KEY },
    /^topicKeyArn=.* without a topic that is created: set alarmsEmail too, or remove it/,
  ],
  [
    'an archive of no days',
    { ...workgroup, archiveDays: '0' },
    /^archiveDays=0 \(--param\): must be a whole number from 1/,
  ],
  [
    'an archive of many days',
    { ...workgroup, archiveDays: 'many' },
    /^archiveDays=many \(--param\): must be a whole/,
  ],
  [
    'an archive that outlives the history',
    { ...workgroup, archiveDays: '400' },
    /^archiveDays=400 \(--param\) with historyDays=400 \(params in serverless\.yml\): .*second time: use a smaller archiveDays/,
  ],
  [
    'a history of half a day',
    { ...workgroup, archiveDays: '1', historyDays: '2.5' },
    /^historyDays=2\.5 .* whole number/,
  ],
  ['logs for 31 days', { ...workgroup, logRetentionDays: '31' }, /^logRetentionDays=31 .*one of 1, 3, 5/],
  ['protect=yes', { ...workgroup, protect: 'yes' }, /^protect=yes \(--param\): must be true or false$/],
  ['watch=no', { ...workgroup, watch: 'no' }, /^watch=no \(--param\): must be true or false$/],
  [
    'a topic and an address',
    { ...workgroup, alarmsTopic: TOPIC, alarmsEmail: 'a@example.com' },
    /^alarmsTopic=.* and alarmsEmail=a@example\.com \(--param\): set one of them/,
  ],
  [
    'an address and no alarms',
    { ...workgroup, alarmsEmail: 'a@example.com', watch: 'false' },
    /^alarmsEmail=.* with watch=false \(--param\): without watch=true/,
  ],
  [
    'the name of a topic',
    { ...workgroup, alarmsTopic: 'alarms' },
    /^alarmsTopic=alarms \(--param\): must be the ARN/,
  ],
  [
    'a topic of another region',
    { ...workgroup, alarmsTopic: TOPIC.replace('us-east-1', 'eu-west-1') },
    /^alarmsTopic=.*: alarms can notify only topics in their own Region: use a topic in us-east-1$/,
  ],
  [
    'no address',
    { ...workgroup, alarmsEmail: 'team' },
    /^alarmsEmail=team \(--param\): must be a single e-mail address$/,
  ],
  [
    'a form of messages that there is not',
    { ...workgroup, alarmsFormat: 'html' },
    /^alarmsFormat=html \(--param\): must be text or chat$/,
  ],
  ['an alarm after no hours', { ...workgroup, oldestRunHours: '0' }, /^oldestRunHours=0 .* from 1 to 720$/],
  ['too little memory', { ...workgroup, memory: '64' }, /^memory=64 .* from 128 to 10240$/],
  [
    'a function that may never run',
    { ...workgroup, runStepConcurrency: '0' },
    /^runStepConcurrency=0 \(--param\): must be a whole number from 1 to 1000$/,
  ],
  [
    'a sweep that may never run',
    { ...workgroup, sweepConcurrency: 'x' },
    /^sweepConcurrency=x .* from 1 to 1000$/,
  ],
  [
    'the name of a boundary',
    { ...workgroup, permissionsBoundary: 'bounds' },
    /^permissionsBoundary=bounds \(--param\): must be the ARN of a managed policy/,
  ],
  [
    'global names of another stage',
    { ...workgroup, globalNames: 'baton-prod-eu' },
    /^globalNames=baton-prod-eu \(--param\): must begin with baton-dev- .* for example baton-dev-us-east-1$/,
  ],
  [
    'global names that make too long names',
    { ...workgroup, globalNames: `baton-dev-${'x'.repeat(45)}` },
    /^globalNames=baton-dev-x+ .*up to 54 lower-case letters/,
  ],
  [
    'the name of a subnet',
    { ...workgroup, subnets: 'private-a', securityGroups: 'sg-12345678' },
    /^subnets=private-a \(--param\): must be ids of subnets/,
  ],
  [
    'the name of a security group',
    { ...workgroup, subnets: 'subnet-12345678', securityGroups: 'etl' },
    /^securityGroups=etl \(--param\): must be ids of security groups/,
  ],
  [
    'subnets without a security group',
    { ...workgroup, subnets: 'subnet-12345678' },
    /^subnets=subnet-12345678 \(--param\) without securityGroups: set both, or neither$/,
  ],
  ['tracing=xray', { ...workgroup, tracing: 'xray' }, /^tracing=xray \(--param\): must be true or false$/],
  [
    'runQueries=prod',
    { ...workgroup, runQueries: 'prod' },
    /^runQueries=prod \(--param\): must be true or false$/,
  ],
  [
    'pipelineMetrics=all',
    { ...workgroup, pipelineMetrics: 'all' },
    /^pipelineMetrics=all \(--param\): must be true or false$/,
  ],
  ["AWS's own tag", { ...workgroup, tags: 'aws:team=data' }, /^tags=.*"aws:team=data": must be NAME=VALUE/],
  [
    'a tag without value',
    { ...workgroup, tags: 'team' },
    /^tags=team \(--param\): "team": must be NAME=VALUE/,
  ],
  [
    'a tag twice',
    { ...workgroup, tags: 'team=a,team=b' },
    /^tags=.*"team=b": must be NAME=VALUE,NAME=VALUE, with unique names/,
  ],
  [
    'a name that is no parameter',
    { ...workgroup, worgroup: 'etl' },
    /^--param worgroup: unknown parameter: known are workgroup, /,
  ],
];

describe('a deployment is refused with one message:', () => {
  test.each(WRONG)('%s', async (_name, parameters, message, given) => {
    expect(await problemsOf(parameters, given)).toEqual([expect.stringMatching(message)]);
  });

  test.each(['../elsewhere', 'Dev', '1st', 'a-name-of-more-than-twenty-characters'])(
    'for the stage %s',
    async (stage) => {
      expect(await problemsOf(workgroup, { stage })).toEqual([
        expect.stringMatching(/^stage ".*" is not valid: it must be a lower-case letter, then up to 19/),
      ]);
    },
  );
});

test('all problems of the parameters are reported at once', async () => {
  expect(await problemsOf({ cluster: 'X', archiveDays: '0', tags: '=' })).toHaveLength(3);
});

test('every parameter has a test with an invalid value', () => {
  const wrong = new Set(WRONG.flatMap(([, parameters]) => Object.keys(parameters)));
  expect(PARAMETERS.filter((name) => !wrong.has(name))).toEqual([]);
});

test('serverless.yml has exactly these parameters, with their environment variables', () => {
  const text = readFileSync(join(root, 'serverless.yml'), 'utf8');
  const { params } = parse(text, { logLevel: 'silent' }) as { params: { default: Record<string, string> } };
  expect(Object.keys(params.default)).toEqual(PARAMETERS);
  for (const [name, value] of Object.entries(params.default)) {
    expect(value.startsWith(`\${env:${environmentName(name)}, `)).toBe(true);
  }
});

describe('the permissions for a warehouse', () => {
  const account = 'arn:${AWS::Partition}:redshift:${AWS::Region}:${AWS::AccountId}';
  const serverless = 'arn:${AWS::Partition}:redshift-serverless:${AWS::Region}:${AWS::AccountId}';
  const sub = (text: string) => ({ 'Fn::Sub': text });
  const none = { Ref: 'AWS::NoValue' };
  const submits = (...resources: string[]) => ({
    Sid: 'SubmitStatements',
    Effect: 'Allow',
    Action: ['redshift-data:ExecuteStatement', 'redshift-data:BatchExecuteStatement'],
    Resource: resources.map(sub),
  });

  test('that is a workgroup name its ARN, and the role signs in', async () => {
    const { warehouse, statements } = await deploymentWith(workgroup);
    expect(warehouse).toEqual({
      workgroup: 'etl',
      cluster: none,
      database: 'dev',
      dbUser: none,
      secretArn: none,
      others: none,
    });
    expect(statements).toEqual([
      submits(`${serverless}:workgroup/${ID}`),
      {
        Sid: 'SignInToWorkgroup',
        Effect: 'Allow',
        Action: 'redshift-serverless:GetCredentials',
        Resource: [sub(`${serverless}:workgroup/${ID}`)],
      },
    ]);
  });

  test('that is a cluster name it, and the role signs in', async () => {
    const { warehouse, statements } = await deploymentWith({ cluster: 'old', database: 'mart' });
    expect(warehouse).toMatchObject({ workgroup: none, cluster: 'old', database: 'mart' });
    expect(statements).toEqual([
      submits(`${account}:cluster:old`),
      {
        Sid: 'SignInToCluster',
        Effect: 'Allow',
        Action: 'redshift:GetClusterCredentialsWithIAM',
        Resource: [sub(`${account}:dbname:old/mart`)],
      },
    ]);
  });

  test("that is a cluster with a database user allow that user's credentials only", async () => {
    const { warehouse, statements } = await deploymentWith({ cluster: 'old', dbUser: 'etl' });
    expect(warehouse).toMatchObject({ dbUser: 'etl', secretArn: none });
    expect(statements.slice(1)).toEqual([
      {
        Sid: 'SignInAsDatabaseUser',
        Effect: 'Allow',
        Action: 'redshift:GetClusterCredentials',
        Resource: [sub(`${account}:dbuser:old/etl`), sub(`${account}:dbname:old/dev`)],
      },
    ]);
  });

  test.each([workgroup, { cluster: 'old' }])(
    'with a secret allow to read that secret, and no other sign-in',
    async (parameters) => {
      const { warehouse, statements } = await deploymentWith({
        ...parameters,
        secretArn: SECRET,
        secretKeyArn: KEY,
      });
      expect(warehouse).toMatchObject({ dbUser: none, secretArn: SECRET });
      expect(statements.slice(1)).toEqual([
        {
          Sid: 'SignInWithSecret',
          Effect: 'Allow',
          Action: 'secretsmanager:GetSecretValue',
          Resource: [SECRET],
        },
        {
          Sid: 'DecryptSecret',
          Effect: 'Allow',
          Action: 'kms:Decrypt',
          Resource: [KEY],
          Condition: { StringLike: { 'kms:ViaService': 'secretsmanager.*' } },
        },
      ]);
    },
  );

  test.each([
    ['warehouse', submits(`${serverless}:workgroup/${ID}`, `${account}:cluster:old`)],
    [
      'both-arns',
      submits(`${serverless}:workgroup/${ID}`, `${account}:workgroup/${ID}`, `${account}:cluster:old`),
    ],
    ['any', { ...submits(), Resource: '*' }],
  ])('to send statements are as wide as statementAccess=%s', async (statementAccess, expected) => {
    const { statements } = await deploymentWith(
      { ...workgroup, otherClusters: 'old', statementAccess },
      { plans: [{ pipeline: 'b', warehouse: 'old' }] },
    );
    expect(statements[0]).toEqual(expected);
    // The sign-in stays with the warehouses.
    expect(JSON.stringify(statements.slice(1))).not.toContain('"*"');
  });

  test('are given for warehouses that pipelines name, and for no other', async () => {
    const otherId = ID.replaceAll('1', '9');
    const { warehouse, statements } = await deploymentWith(
      {
        ...workgroup,
        otherWorkgroups: `reporting = ${otherId}, unused=${ID}`,
        otherClusters: `old=etl, older=${SECRET}`,
      },
      {
        plans: [
          { pipeline: 'a', warehouse: 'etl' },
          reports,
          { pipeline: 'b', warehouse: 'old' },
          { pipeline: 'c', warehouse: 'older' },
          { pipeline: 'd', warehouse: 'old' },
        ],
      },
    );
    expect(JSON.parse(warehouse.others as string)).toEqual({
      reporting: { WorkgroupName: 'reporting', Database: 'dev' },
      old: { ClusterIdentifier: 'old', Database: 'dev', DbUser: 'etl' },
      older: { ClusterIdentifier: 'older', Database: 'dev', SecretArn: SECRET },
    });
    expect(statements[0]).toEqual(
      submits(
        `${serverless}:workgroup/${ID}`,
        `${serverless}:workgroup/${otherId}`,
        `${account}:cluster:old`,
        `${account}:cluster:older`,
      ),
    );
    expect(statements.map((statement) => (statement as { Action: unknown }).Action).slice(1)).toEqual([
      'redshift-serverless:GetCredentials',
      'redshift:GetClusterCredentials',
      'secretsmanager:GetSecretValue',
    ]);
  });
});

describe('a deployment setting', () => {
  test.each([
    'arn:aws:secretsmanager:us-east-1:123456789012:secret:redshift!etl-admin-AbCdEf',
    'arn:aws:secretsmanager:us-east-1:123456789012:secret:etl/login-AbCdEf',
  ])('accepts the secret %s', async (secretArn) => {
    const { statements } = await deploymentWith({
      ...workgroup,
      secretArn,
      otherClusters: `old=${secretArn}`,
    });
    expect(statements[1]).toMatchObject({ Resource: [secretArn] });
  });

  test.each([
    ['dev', '', false],
    ['prod', '', true],
    ['production-eu', '', true],
    ['live', '', true],
    ['product', '', false],
    ['prod', 'false', false],
    ['dev', 'true', true],
  ])('protects stage %s with protect=%s: %s', async (stage, protect, expected) => {
    expect((await deploymentWith({ ...workgroup, protect }, { stage })).protect).toBe(expected);
  });

  test('the functions have 256 MB, or what is given', async () => {
    expect((await deploymentWith(workgroup)).memory).toBe(256);
    expect((await deploymentWith({ ...workgroup, memory: '1024' })).memory).toBe(1024);
  });

  test('reserves no concurrency by default', async () => {
    const without = await deploymentWith(workgroup);
    expect([without.runStepConcurrency, without.sweepConcurrency]).toEqual([null, null]);
    const withIt = await deploymentWith({ ...workgroup, runStepConcurrency: '20', sweepConcurrency: '1' });
    expect([withIt.runStepConcurrency, withIt.sweepConcurrency]).toEqual([20, 1]);
  });

  test('accepts a chain of roles for COPY, and tags', async () => {
    const copyRole = 'arn:aws:iam::123456789012:role/first,arn:aws:iam::210987654321:role/path/second';
    const found = await deploymentWith({ ...workgroup, copyRole, tags: ' team = data, note=a=b ' });
    expect(found.copyRole).toBe(copyRole);
    expect(found.tags).toEqual({ team: 'data', note: 'a=b' });
  });
});
