/** What the parameters and the pipelines of a stage become in the template. */
import { describe, expect, test } from 'vitest';

import { templateOf } from '../../build/template.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { deploymentWith } from './deployment-with.ts';

const cluster = { cluster: 'old' };

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

type Resources = Readonly<Record<string, Resource>>;

async function resourcesWith(...given: Parameters<typeof deploymentWith>): Promise<Resources> {
  return (await deploymentWith(...given)).resources as Resources;
}

function idsOf(resources: Resources, type: string): string[] {
  return Object.keys(resources).filter((id) => resources[id]?.Type === type);
}

function propertiesOf(resources: Resources, id: string): Readonly<Record<string, unknown>> {
  const resource = resources[id];
  if (resource === undefined) throw new Error(`there is no ${id}`);
  return resource.Properties;
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

function statementsOf(resource: Resource | undefined): readonly Statement[] {
  if (resource === undefined) throw new Error('there is no such policy');
  return (resource.Properties['PolicyDocument'] as { Statement: readonly Statement[] }).Statement;
}

describe('created buckets', () => {
  test('are private, encrypted, accessible by TLS only, and retained when the stack is deleted', async () => {
    const resources = await resourcesWith(cluster);
    expect(idsOf(resources, 'AWS::S3::Bucket')).toEqual(['LandingBucket', 'ArtifactsBucket']);
    for (const id of ['LandingBucket', 'ArtifactsBucket']) {
      expect(resources[id]).toMatchObject({
        DeletionPolicy: 'RetainExceptOnCreate',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          PublicAccessBlockConfiguration: {
            BlockPublicAcls: true,
            BlockPublicPolicy: true,
            IgnorePublicAcls: true,
            RestrictPublicBuckets: true,
          },
          BucketEncryption: {
            ServerSideEncryptionConfiguration: [
              { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
            ],
          },
        },
      });
      expect(statementsOf(resources[`${id}Policy`])).toEqual([
        {
          Sid: 'OnlyEncryptedConnections',
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:*',
          Resource: [{ 'Fn::GetAtt': [id, 'Arn'] }, { 'Fn::Sub': `\${${id}.Arn}/*` }],
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ]);
    }
  });

  test('keep files for ever, manifests as long as runs, and no incomplete uploads', async () => {
    const resources = await resourcesWith({ ...cluster, historyDays: '90' });
    const rulesOf = (id: string) =>
      (propertiesOf(resources, id)['LifecycleConfiguration'] as { Rules: readonly Record<string, unknown>[] })
        .Rules;
    const abort = { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } };
    expect(rulesOf('LandingBucket')).toEqual([{ Id: 'unfinished-uploads', Status: 'Enabled', ...abort }]);
    expect(rulesOf('ArtifactsBucket')).toEqual([
      { Id: 'unfinished-uploads', Status: 'Enabled', ...abort },
      { Id: 'manifests-of-forgotten-runs', Status: 'Enabled', Prefix: 'manifests/', ExpirationInDays: 90 },
      { Id: 'old-versions', Status: 'Enabled', NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
    ]);
  });
});

describe('the names of created buckets', () => {
  const namesOf = async (parameters: Readonly<Record<string, string>>, stage = 'dev') => {
    const resources = await resourcesWith({ ...cluster, ...parameters }, { stage });
    return ['LandingBucket', 'ArtifactsBucket'].map((id) => propertiesOf(resources, id)['BucketName']);
  };
  const filled = (name: unknown, region: string): string =>
    (name as { 'Fn::Sub': string })['Fn::Sub']
      .replace('${AWS::AccountId}', '123456789012')
      .replace('${AWS::Region}', region);

  test('contain the account and the Region by default', async () => {
    expect((await namesOf({})).map((name) => filled(name, 'eu-central-1'))).toEqual([
      'baton-dev-123456789012-eu-central-1-landing',
      'baton-dev-123456789012-eu-central-1-artifacts',
    ]);
  });

  test('have at most 63 characters in the longest Region, and differ for stages that differ at the end', async () => {
    const stages = ['a-stage-of-twenty-01', 'a-stage-of-twenty-02', 'a-stage-of-eighteen'];
    const names = await Promise.all(stages.map(async (stage) => namesOf({}, stage)));
    const all = names.flat().map((name) => filled(name, 'us-isof-south-1'));
    expect(new Set(all).size).toBe(6);
    for (const name of all) expect(name).toMatch(/^baton-a-stage[a-z0-9-]+-(landing|artifacts)$/);
    expect(Math.max(...all.map((name) => name.length))).toBe(63);
  });

  test('are as before with buckets=baton-<stage>: a changed name would be another bucket', async () => {
    expect(await namesOf({ buckets: 'baton-dev' })).toEqual(['baton-dev-landing', 'baton-dev-artifacts']);
  });

  test('are known to the check that no pipeline starts with the files of the artifacts bucket', async () => {
    const bucket = 'baton-dev-123456789012-us-east-1-artifacts';
    const plans = [{ pipeline: 'loop', triggers: [{ kind: 's3', bucket, prefix: '' }] }];
    await expect(resourcesWith(cluster, { plans })).rejects.toThrow('the artifacts bucket');
  });
});

test('takeOver=true uses the table and the buckets that a removed deployment left, and creates none', async () => {
  const { resources, table, landing, artifacts } = await deploymentWith({ ...cluster, takeOver: 'true' });
  const ids = Object.keys(resources);
  expect(ids.filter((id) => /^(Table|LandingBucket|ArtifactsBucket)/.test(id))).toEqual([]);
  expect(table.name).toBe('baton-dev');
  expect(JSON.stringify(table)).toContain(':table/baton-dev/index/due"');
  const before = await deploymentWith(cluster);
  expect([landing, artifacts]).toEqual([before.landing, before.artifacts]);
  expect(JSON.stringify(resources)).not.toContain('Table.Arn');
});

describe('keys of the customer', () => {
  const key = (id: string) => `arn:aws:kms:us-east-1:123456789012:key/${id}`;
  const keys = {
    tableKeyArn: key('table'),
    queuesKeyArn: key('queues'),
    logsKeyArn: key('logs'),
    topicKeyArn: key('topic'),
    alarmsEmail: 'etl@example.com',
  };

  test('encrypt table, queues, logs and topic, and are in no template without these parameters', async () => {
    const { resources: made, queueEncryption } = await deploymentWith({ ...cluster, ...keys });
    const resources = made as Resources;
    expect(propertiesOf(resources, 'Table')['SSESpecification']).toEqual({
      SSEEnabled: true,
      SSEType: 'KMS',
      KMSMasterKeyId: key('table'),
    });
    expect(queueEncryption).toEqual({ own: { Ref: 'AWS::NoValue' }, key: key('queues') });
    for (const id of ['StartRunLogGroup', 'RunStepLogGroup', 'SweepLogGroup', 'OperateLogGroup'])
      expect(propertiesOf(resources, id)).toEqual({ KmsKeyId: key('logs') });
    expect(propertiesOf(resources, 'AlarmsTopic')['KmsMasterKeyId']).toBe(key('topic'));
    expect(JSON.stringify(await deploymentWith(cluster))).not.toMatch(/kms|KmsMasterKeyId/i);
  });

  test('may be used by a role or a person only by way of the service that they encrypt for', async () => {
    const plans = [
      { pipeline: 'nightly', triggers: [{ kind: 'schedule', expression: 'rate(1 day)', timezone: 'UTC' }] },
    ];
    const { resources: made, statements } = await deploymentWith({ ...cluster, ...keys }, { plans });
    const resources = made as Resources;
    const schedules = propertiesOf(resources, 'ScheduleRole')['Policies'] as {
      PolicyDocument: { Statement: readonly Statement[] };
    }[];
    const used = (given: readonly object[]) =>
      (given as readonly Statement[])
        .filter(({ Action }) => [Action].flat().some((action) => action.startsWith('kms:')))
        .map(({ Resource, Condition }) => [Resource, Condition]);
    const via = (id: string, service: string) => [
      [key(id)],
      { StringLike: { 'kms:ViaService': `${service}.*` } },
    ];
    expect(used(statements)).toEqual([via('table', 'dynamodb'), via('queues', 'sqs')]);
    expect(used(schedules.flatMap(({ PolicyDocument }) => PolicyDocument.Statement))).toEqual([
      via('queues', 'sqs'),
    ]);
    expect(used(statementsOf(resources['ReadPolicy']))).toEqual([via('table', 'dynamodb')]);
    expect(used(statementsOf(resources['CopyPolicy']))).toEqual([]);
  });
});

test('subnets let Lambda make network interfaces with the role, and not the code of the functions', async () => {
  const { vpc, statements } = await deploymentWith({
    ...cluster,
    subnets: 'subnet-12345678, subnet-23456789',
    securityGroups: 'sg-12345678',
  });
  expect(vpc).toEqual({
    subnetIds: ['subnet-12345678', 'subnet-23456789'],
    securityGroupIds: ['sg-12345678'],
  });
  const [allowed, denied] = (statements as readonly Statement[]).filter(({ Action }) =>
    JSON.stringify(Action).includes('ec2:'),
  );
  expect([allowed?.Effect, denied?.Effect]).toEqual(['Allow', 'Deny']);
  expect(denied?.Action).toEqual(allowed?.Action);
  expect(JSON.stringify(denied?.Condition).match(/function:baton-dev-/g)).toHaveLength(4);
  expect((await deploymentWith(cluster)).vpc).toBeNull();
});

test('globalNames names all that an account has once for all Regions, and nothing else', async () => {
  const plans = [
    { pipeline: 'nightly', triggers: [{ kind: 'schedule', expression: 'rate(1 day)', timezone: 'UTC' }] },
  ];
  const named = await resourcesWith({ ...cluster, globalNames: 'baton-dev-eu' }, { plans });
  const plain = await resourcesWith(cluster, { plans });
  const different = Object.keys(named).filter(
    (id) => JSON.stringify(named[id]) !== JSON.stringify(plain[id]),
  );
  const types = new Set(different.map((id) => named[id]?.Type ?? ''));
  expect([...types].sort()).toEqual([
    'AWS::CloudWatch::Dashboard',
    'AWS::IAM::ManagedPolicy',
    'AWS::IAM::Role',
  ]);
  expect(propertiesOf(named, 'ReadPolicy')['ManagedPolicyName']).toBe('baton-dev-eu-read');
  expect(propertiesOf(plain, 'ReadPolicy')['ManagedPolicyName']).toBe('baton-dev-read');
});

describe('triggers', () => {
  const nightly = {
    pipeline: 'nightly',
    triggers: [
      { kind: 'schedule', expression: 'cron(0 3 * * ? *)', timezone: 'Europe/Berlin' },
      { kind: 'schedule', expression: 'rate(6 hours)', timezone: 'UTC' },
    ],
  };

  test('of a schedule become one schedule each, which passes its own time to start-run', async () => {
    const resources = await resourcesWith(cluster, { plans: [nightly] });
    const schedules = idsOf(resources, 'AWS::Scheduler::Schedule').map((id) => resources[id]?.Properties);
    expect(schedules).toHaveLength(2);
    expect(schedules[0]).toEqual({
      Name: expect.stringMatching(/^nightly-[0-9a-f]{8}$/),
      GroupName: { Ref: 'ScheduleGroup' },
      ScheduleExpression: 'cron(0 3 * * ? *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: { 'Fn::GetAtt': ['StartRunLambdaFunction', 'Arn'] },
        RoleArn: { 'Fn::GetAtt': ['ScheduleRole', 'Arn'] },
        Input: JSON.stringify({
          source: 'baton.schedule',
          stage: 'dev',
          pipeline: 'nightly',
          trigger: 'cron(0 3 * * ? *)',
          scheduledTime: '<aws.scheduler.scheduled-time>',
        }),
        RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } },
      },
    });
    expect(resources['ScheduleGroup']?.Properties).toEqual({ Name: 'baton-dev' });
  });

  test('of schedules use a role that can invoke start-run and send to the dead-letter queue of this stage only', async () => {
    const resources = await resourcesWith(cluster, { plans: [nightly] });
    const { AssumeRolePolicyDocument, Policies } = propertiesOf(resources, 'ScheduleRole') as unknown as {
      AssumeRolePolicyDocument: { Statement: readonly Record<string, unknown>[] };
      Policies: readonly { PolicyDocument: { Statement: readonly Statement[] } }[];
    };
    expect(AssumeRolePolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Principal: { Service: 'scheduler.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: {
            'aws:SourceAccount': { Ref: 'AWS::AccountId' },
            'aws:SourceArn': { 'Fn::GetAtt': ['ScheduleGroup', 'Arn'] },
          },
        },
      },
    ]);
    expect(Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)).toEqual([
      {
        Effect: 'Allow',
        Action: 'lambda:InvokeFunction',
        Resource: { 'Fn::GetAtt': ['StartRunLambdaFunction', 'Arn'] },
      },
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } },
    ]);
  });

  test('with a changed time become schedules with other names', async () => {
    const names = async (expression: string) => {
      const triggers = [{ kind: 'schedule', expression, timezone: 'UTC' }];
      const resources = await resourcesWith(cluster, { plans: [{ pipeline: 'p'.repeat(64), triggers }] });
      return idsOf(resources, 'AWS::Scheduler::Schedule').map((id) => [
        id,
        String(resources[id]?.Properties['Name']),
      ]);
    };
    const [before, after] = [await names('rate(1 hour)'), await names('rate(2 hours)')];
    expect(before[0]?.[0]).not.toBe(after[0]?.[0]);
    expect(before[0]?.[1]).not.toBe(after[0]?.[1]);
    expect(before[0]?.[1]?.length).toBe(64);
  });

  test('without schedules need no schedule group and no role', async () => {
    const resources = await resourcesWith(cluster, {
      plans: [{ pipeline: 'stores', triggers: [{ kind: 's3', prefix: 'stores/', suffix: '' }] }],
    });
    expect(Object.keys(resources).filter((id) => id.startsWith('Schedule'))).toEqual([]);
  });

  test('of events become one rule each, which wraps its events in an envelope with the name of the pipeline', async () => {
    const pattern = { source: ['shop.orders'], detail: { total: [{ numeric: ['>', 100] }] } };
    const event = (pipeline: string) => ({ pipeline, triggers: [{ kind: 'event', pattern }] });
    const resources = await resourcesWith(cluster, { plans: [event('shop'), event('p'.repeat(60))] });
    const rules = Object.entries(resources).filter(([id]) => id.startsWith('EventRule'));
    expect(rules).toHaveLength(2);
    expect(rules[0]?.[1]).toEqual({
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: expect.stringMatching(/^baton-dev-event-shop-[0-9a-f]{8}$/),
        EventPattern: pattern,
        Targets: [
          {
            Id: 'arrivals',
            Arn: { 'Fn::GetAtt': ['Arrivals', 'Arn'] },
            InputTransformer: {
              InputTemplate:
                '{"source":"baton.event","stage":"dev","pipeline":"shop","event":<aws.events.event.json>}',
            },
            RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
            DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } },
          },
        ],
      },
    });
    expect(String(rules[1]?.[1].Properties['Name'])).toHaveLength(64);
  });

  test('of downstream pipelines send the success of exactly their upstream pipelines to the queue', async () => {
    const behind = (pipeline: string, upstream: string) => ({
      pipeline,
      triggers: [{ kind: 'pipeline', pipeline: upstream }],
    });
    const resources = await resourcesWith(cluster, {
      plans: [behind('c', 'b'), behind('b', 'a'), behind('d', 'b')],
    });
    expect(resources['SucceededRule']?.Properties).toEqual({
      Name: 'baton-dev-succeeded',
      EventPattern: {
        source: ['baton'],
        'detail-type': ['Run Succeeded'],
        detail: { stage: ['dev'], pipeline: ['a', 'b'] },
      },
      Targets: [
        {
          Id: 'arrivals',
          Arn: { 'Fn::GetAtt': ['Arrivals', 'Arn'] },
          RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } },
        },
      ],
    });
    expect(resources).not.toHaveProperty('SucceededRule2');
    const many = Array.from({ length: 90 }, (_, index) => behind(`x${index}`, `a-rather-long-name-${index}`));
    expect(Object.keys(await resourcesWith(cluster, { plans: many }))).toContain('SucceededRule2');
  });
});

describe('the policies for people', () => {
  const actionsOf = (resource: Resource | undefined) =>
    [...new Set(statementsOf(resource).flatMap(({ Action }) => Action))].sort();

  test('allow readers to change nothing', async () => {
    const { ReadPolicy } = await resourcesWith(cluster);
    const harmless = /:(Describe|Get|List|Query|Scan|Filter|StartQuery)/;
    expect(actionsOf(ReadPolicy).filter((action) => !harmless.test(action))).toEqual([]);
  });

  test('allow operators to read, to invoke operate and to replay files, and nothing else', async () => {
    const { ReadPolicy, OperatePolicy } = await resourcesWith(cluster);
    const more = actionsOf(OperatePolicy).filter((action) => !actionsOf(ReadPolicy).includes(action));
    expect(more).toEqual([
      'events:CancelReplay',
      'events:DescribeReplay',
      'events:PutEvents',
      'events:StartReplay',
      'lambda:InvokeFunction',
    ]);
    const byAction = new Map(
      statementsOf(OperatePolicy).flatMap((each) =>
        [each.Action].flat().map((action) => [action, each] as const),
      ),
    );
    expect(byAction.get('lambda:InvokeFunction')?.Resource).toEqual({
      'Fn::GetAtt': ['OperateLambdaFunction', 'Arn'],
    });
    expect(byAction.get('events:PutEvents')?.Condition).toEqual({
      StringEquals: {
        'events:source': 'baton.request',
        'events:detail-type': [
          'Run Requested',
          'Resume Requested',
          'Cancel Requested',
          'Resolve Requested',
          'Pause Requested',
          'Unpause Requested',
        ],
      },
    });
    expect(JSON.stringify(byAction.get('events:StartReplay')?.Resource)).toContain(
      'archive/baton-dev-files"',
    );
  });

  test('name a resource wherever AWS supports one', async () => {
    const { OperatePolicy, CopyPolicy } = await resourcesWith(cluster);
    const open = [OperatePolicy, CopyPolicy]
      .flatMap(statementsOf)
      .filter(({ Resource }) => Resource === '*')
      .flatMap(({ Action }) => Action);
    expect(open).toEqual([
      'cloudwatch:GetMetricData',
      'cloudwatch:ListMetrics',
      'events:ListRules',
      'lambda:ListEventSourceMappings',
      'logs:GetQueryResults',
    ]);
  });

  test("allow COPY's role to read the files of pipelines and the manifests, with the keys of their buckets", async () => {
    const key = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    const bucket = (rest: string) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${rest}` });
    const { CopyPolicy } = await resourcesWith(
      { ...cluster, landingBucket: 'files', bucketKeys: key },
      {
        plans: [{ pipeline: 'x', triggers: [{ kind: 's3', bucket: 'partner', prefix: 'in/', suffix: '' }] }],
      },
    );
    expect(statementsOf(CopyPolicy)).toEqual([
      {
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: [
          bucket('files/*'),
          bucket('partner/*'),
          bucket('baton-dev-${AWS::AccountId}-${AWS::Region}-artifacts/manifests/*'),
        ],
      },
      {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: [
          bucket('files'),
          bucket('partner'),
          bucket('baton-dev-${AWS::AccountId}-${AWS::Region}-artifacts'),
        ],
      },
      { Effect: 'Allow', Action: 'kms:Decrypt', Resource: [key] },
    ]);
  });
});

test('a stage prod with existing buckets, a cluster and a secret compiles to one template with all of them', async () => {
  const secret = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:etl-AbCdEf';
  const plans = [
    { pipeline: 'stores', triggers: [{ kind: 's3', prefix: 'stores/', suffix: '' }] },
    { pipeline: 'nightly', triggers: [{ kind: 'schedule', expression: 'rate(1 day)', timezone: 'UTC' }] },
  ] as unknown as Plan[];
  const { template } = await templateOf(plans, {
    stage: 'prod',
    region: 'us-east-1',
    parameters: [
      'cluster=warehouse',
      `secretArn=${secret}`,
      'landingBucket=acme-files',
      'artifactsBucket=acme-manifests',
      'alarmsEmail=etl@example.com',
      'logRetentionDays=365',
      'runStepConcurrency=40',
      'sweepConcurrency=1',
      'permissionsBoundary=arn:aws:iam::123456789012:policy/bounds',
    ],
  });
  const resources = template['Resources'] as Resources;
  expect(idsOf(resources, 'AWS::S3::Bucket')).toEqual(['ServerlessDeploymentBucket']);
  expect(resources['Table']).toMatchObject({
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    },
  });
  expect(resources['RunStepLambdaFunction']?.Properties).toMatchObject({
    ReservedConcurrentExecutions: 40,
    Environment: {
      Variables: {
        BATON_LANDING_BUCKET: 'acme-files',
        BATON_ARTIFACTS_BUCKET: 'acme-manifests',
        BATON_CLUSTER: 'warehouse',
        BATON_WORKGROUP: { Ref: 'AWS::NoValue' },
        BATON_SECRET_ARN: secret,
        BATON_RUN_STEP_CONCURRENCY: '40',
      },
    },
  });
  expect(resources['SweepLambdaFunction']?.Properties['ReservedConcurrentExecutions']).toBe(1);
  expect(resources['SweepLogGroup']?.Properties['RetentionInDays']).toBe(365);
  expect(resources['ArrivalsRule']?.Properties['EventPattern']).toMatchObject({
    detail: { bucket: { name: ['acme-files'] } },
  });
  const role = JSON.stringify(resources['FunctionRole']?.Properties['Policies']);
  for (const granted of [
    's3:::acme-files/*"',
    's3:::acme-files"',
    's3:::acme-manifests/manifests/*"',
    `["${secret}"]`,
  ]) {
    expect(role).toContain(granted);
  }
  for (const id of ['FunctionRole', 'ScheduleRole']) {
    expect(propertiesOf(resources, id)['PermissionsBoundary']).toBe(
      'arn:aws:iam::123456789012:policy/bounds',
    );
  }
  expect(role).not.toContain('GetCredentials');
  expect(role).not.toContain('GetClusterCredentials');
  expect(resources['RunFailedAlarm']?.Properties['AlarmActions']).toEqual([{ Ref: 'AlarmsTopic' }]);
});
