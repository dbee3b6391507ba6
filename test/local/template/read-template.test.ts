import { describe, expect, test } from 'vitest';

import { readTemplate } from '../../../local/template/read-template.ts';
import type { LocalResources } from '../../../local/template/resources.ts';

const surroundings = {
  region: 'us-east-1',
  account: '000000000000',
  stackName: 'baton-local',
  endpoint: 'http://127.0.0.1:4566',
};

function read(
  resources: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): LocalResources {
  return readTemplate({ Resources: resources, ...more }, surroundings);
}

const role = { Type: 'AWS::IAM::Role', Properties: { RoleName: { 'Fn::Sub': 'baton-${AWS::Region}-role' } } };

function functionNamed(name: unknown, properties: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: name,
      Handler: 'index.handler',
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Code: { S3Bucket: 'deployment', S3Key: 'serverless/baton/1/start-run.zip' },
      ...properties,
    },
  };
}

describe('functions of the template', () => {
  test('a function carries name, ARN, role, artifact, resolved environment and limits', () => {
    const { functions } = read({
      Role: role,
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: { TableName: 'runs', AttributeDefinitions: [], KeySchema: [] },
      },
      Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'arrivals' } },
      Start: functionNamed('start', {
        Timeout: 60,
        MemorySize: '512',
        ReservedConcurrentExecutions: 5,
        Environment: {
          Variables: {
            TABLE: { Ref: 'Table' },
            QUEUE: { Ref: 'Queue' },
            LIMIT: 5,
            NONE: { Ref: 'AWS::NoValue' },
          },
        },
      }),
      StartConfig: {
        Type: 'AWS::Lambda::EventInvokeConfig',
        Properties: {
          FunctionName: { Ref: 'Start' },
          Qualifier: '$LATEST',
          MaximumRetryAttempts: 1,
          DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': 'Queue.Arn' } } },
        },
      },
    });
    expect(functions).toEqual([
      {
        logicalId: 'Start',
        name: 'start',
        arn: 'arn:aws:lambda:us-east-1:000000000000:function:start',
        handler: 'index.handler',
        artifact: 'start-run',
        environment: { TABLE: 'runs', QUEUE: 'http://127.0.0.1:4566/000000000000/arrivals', LIMIT: '5' },
        timeoutSeconds: 60,
        memoryMb: 512,
        roleName: 'baton-us-east-1-role',
        reservedConcurrency: 5,
        async: {
          retryAttempts: 1,
          maximumAgeSeconds: 21_600,
          onFailure: 'arn:aws:sqs:us-east-1:000000000000:arrivals',
        },
      },
    ]);
  });

  test('timeout, memory and asynchronous settings default as in Lambda', () => {
    const [only] = read({ Role: role, F: functionNamed('f') }).functions;
    expect(only).toMatchObject({
      timeoutSeconds: 3,
      memoryMb: 128,
      environment: {},
      async: { retryAttempts: 2, maximumAgeSeconds: 21_600 },
    });
  });
});

function resolved(value: unknown, more: Readonly<Record<string, unknown>> = {}): string | undefined {
  return read({ Q: { Type: 'AWS::SQS::Queue', Properties: { QueueName: value } } }, more).queues[0]?.name;
}

describe('intrinsic functions', () => {
  test.each([
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'AWS::AccountId' }]] }, 'a-000000000000'],
    ['Sub with values', { 'Fn::Sub': ['${x}-${AWS::Partition}-${!kept}', { x: 'y' }] }, 'y-aws-${kept}'],
    ['Select of Split', { 'Fn::Select': [1, { 'Fn::Split': [',', 'a,b,c'] }] }, 'b'],
    ['FindInMap', { 'Fn::FindInMap': ['M', 'local', 'queue'] }, 'mapped'],
    ['If', { 'Fn::If': ['IsLocal', 'here', 'there'] }, 'here'],
    ['If with Not and Or', { 'Fn::If': ['Other', 'here', 'there'] }, 'there'],
    ['a parameter', { Ref: 'Stage' }, 'local'],
  ])('%s gives its text', (_name, value, expected) => {
    const more = {
      Parameters: { Stage: { Type: 'String', Default: 'local' } },
      Mappings: { M: { local: { queue: 'mapped' } } },
      Conditions: {
        IsLocal: { 'Fn::Equals': [{ Ref: 'Stage' }, 'local'] },
        Other: {
          'Fn::And': [{ 'Fn::Not': [{ Condition: 'IsLocal' }] }, { 'Fn::Or': [{ Condition: 'IsLocal' }] }],
        },
      },
    };
    expect(resolved(value, more)).toBe(expected);
  });

  test('a function the local AWS does not know is named with its place', () => {
    expect(() => resolved({ 'Fn::ImportValue': 'x' })).toThrow(
      'Resources.Q.Properties.QueueName.Fn::ImportValue: the local AWS does not know the function Fn::ImportValue',
    );
  });

  test('a reference to nothing is named', () => {
    expect(() => resolved({ Ref: 'Nobody' })).toThrow('there is no resource or parameter Nobody');
  });

  test('a parameter without a value is named', () => {
    expect(() => resolved({ Ref: 'P' }, { Parameters: { P: { Type: 'String' } } })).toThrow('Parameters.P');
  });

  test('conditions that refer to each other are an error, not a hang', () => {
    const Conditions = { A: { 'Fn::Not': [{ Condition: 'B' }] }, B: { 'Fn::Not': [{ Condition: 'A' }] } };
    expect(() => resolved({ 'Fn::If': ['A', 'x', 'y'] }, { Conditions })).toThrow(
      'condition A refers to itself',
    );
  });
});

test('a table becomes the input of CreateTable, without what only AWS has', () => {
  const { tables } = read({
    Runs: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: 'baton-local',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      },
    },
  });
  expect(tables).toEqual([
    {
      logicalId: 'Runs',
      name: 'baton-local',
      arn: 'arn:aws:dynamodb:us-east-1:000000000000:table/baton-local',
      createTable: {
        TableName: 'baton-local',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      },
      ttlAttribute: 'expiresAt',
    },
  ]);
});

test('buckets tell whether their events go to EventBridge', () => {
  const { buckets } = read({
    Landing: {
      Type: 'AWS::S3::Bucket',
      Properties: { BucketName: 'landing', NotificationConfiguration: { EventBridgeConfiguration: {} } },
    },
    Off: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: false } },
      },
    },
    ServerlessDeploymentBucket: { Type: 'AWS::S3::Bucket' },
  });
  expect(buckets).toEqual([
    { logicalId: 'Landing', name: 'landing', eventBridge: true, deploymentOnly: false },
    { logicalId: 'Off', name: 'baton-local-off', eventBridge: false, deploymentOnly: false },
    {
      logicalId: 'ServerlessDeploymentBucket',
      name: 'baton-local-serverlessdeploymentbucket',
      eventBridge: false,
      deploymentOnly: true,
    },
  ]);
});

test('queue, mapping, rule and schedule carry what the local services need', () => {
  const resources = read({
    Role: role,
    F: functionNamed('f'),
    Dead: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead' } },
    Arrivals: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: 'arrivals',
        VisibilityTimeout: 360,
        RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 5 },
      },
    },
    Mapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: { 'Fn::GetAtt': ['Arrivals', 'Arn'] },
        FunctionName: { 'Fn::GetAtt': ['F', 'Arn'] },
        BatchSize: 10,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 2 },
      },
    },
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: { source: ['aws.s3'] },
        State: 'ENABLED',
        Targets: [
          {
            Id: 'queue',
            Arn: { 'Fn::GetAtt': ['Arrivals', 'Arn'] },
            DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['Dead', 'Arn'] } },
            RetryPolicy: { MaximumRetryAttempts: 3 },
          },
        ],
      },
    },
    Minute: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        ScheduleExpression: 'rate(1 minute)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: { 'Fn::GetAtt': ['F', 'Arn'] },
          RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
          Input: '{}',
        },
      },
    },
  });
  const dead = 'arn:aws:sqs:us-east-1:000000000000:dead';
  const arrivals = 'arn:aws:sqs:us-east-1:000000000000:arrivals';
  expect(resources.queues[1]).toMatchObject({
    visibilitySeconds: 360,
    redrive: { deadLetterArn: dead, maxReceiveCount: 5 },
  });
  expect(resources.mappings[0]).toMatchObject({
    queueArn: arrivals,
    functionName: 'f',
    batchSize: 10,
    maximumConcurrency: 2,
    reportBatchItemFailures: true,
  });
  expect(resources.rules[0]).toMatchObject({
    name: 'baton-local-Rule',
    pattern: { source: ['aws.s3'] },
    targets: [{ arn: arrivals, deadLetterArn: dead, retryAttempts: 3, maximumAgeSeconds: 86_400 }],
  });
  expect(resources.schedules[0]).toMatchObject({
    expression: 'rate(1 minute)',
    arn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/baton-local-Minute',
    group: 'default',
    timeZone: 'UTC',
    target: { input: '{}', retryAttempts: 185, maximumAgeSeconds: 86_400 },
  });
});

test('a schedule belongs to its group, and needs what Scheduler needs', () => {
  const schedule = (more: Readonly<Record<string, unknown>>): unknown => ({
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      Name: 'daily',
      GroupName: { Ref: 'Group' },
      ScheduleExpression: 'cron(0 6 * * ? *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: 'arn:aws:sqs:us-east-1:000000000000:q', RoleArn: 'arn:aws:iam::000000000000:role/r' },
      ...more,
    },
  });
  const group = { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: 'mine' } };
  const at = (more: Readonly<Record<string, unknown>>) => read({ Group: group, Daily: schedule(more) });
  expect(at({}).schedules).toMatchObject([
    {
      name: 'daily',
      group: 'mine',
      arn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/mine/daily',
      timeZone: 'Europe/Berlin',
      enabled: true,
    },
  ]);
  expect(() => at({ FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 5 } })).toThrow(
    'Resources.Daily.Properties.FlexibleTimeWindow.Mode: the local AWS supports only OFF',
  );
  expect(() => at({ FlexibleTimeWindow: undefined })).toThrow(
    'Resources.Daily.Properties: FlexibleTimeWindow is missing',
  );
  expect(() => at({ Target: { Arn: 'arn:aws:sqs:us-east-1:000000000000:q' } })).toThrow(
    'Resources.Daily.Properties.Target: RoleArn is missing',
  );
  expect(() => at({ EndDate: '2030-01-01T00:00:00Z' })).toThrow(
    'Resources.Daily.Properties.EndDate: local schedules begin at once and have no end',
  );
});

test('an archive carries its pattern and days, and belongs to the default bus', () => {
  const archive = (properties: Readonly<Record<string, unknown>>): unknown => ({
    Type: 'AWS::Events::Archive',
    Properties: { ArchiveName: 'files', ...properties },
  });
  const { archives } = read({
    Files: archive({
      SourceArn: { 'Fn::Sub': 'arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/default' },
      EventPattern: { source: ['aws.s3'] },
      RetentionDays: '30',
    }),
  });
  expect(archives).toEqual([
    {
      logicalId: 'Files',
      name: 'files',
      arn: 'arn:aws:events:us-east-1:000000000000:archive/files',
      pattern: { source: ['aws.s3'] },
      retentionDays: 30,
    },
  ]);
  expect(() => read({ Files: archive({ SourceArn: 'arn:aws:events:::event-bus/mine' }) })).toThrow(
    'Resources.Files.Properties.SourceArn: the local AWS supports only the default bus',
  );
});

test('permissions, logs and alarms are left out, even with functions the local AWS does not know', () => {
  const resources = read({
    Role: role,
    Log: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: { 'Fn::ImportValue': 'x' } } },
    Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: {} },
  });
  expect(Object.values(resources).flat()).toEqual([]);
});

test('an unknown resource type is an error that names it and the remedy', () => {
  expect(() => read({ Thing: { Type: 'AWS::Kinesis::Stream', Properties: {} } })).toThrow(
    /^Resources\.Thing: the local AWS has no AWS::Kinesis::Stream\. Put it behind a condition/,
  );
});

test('a resource whose condition is false is left out', () => {
  const { queues } = read(
    { Q: { Type: 'AWS::SQS::Queue', Condition: 'Never', Properties: {} } },
    { Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } } },
  );
  expect(queues).toEqual([]);
});

test.each([
  ['no object', [], 'the template: expected an object, got []'],
  ['no resources', {}, 'Resources: expected an object, got nothing'],
  [
    'a queue with a bad number',
    { Resources: { Q: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 'soon' } } } },
    'Resources.Q.Properties.VisibilityTimeout: expected a number, got "soon"',
  ],
  [
    'a first-in-first-out queue',
    { Resources: { Q: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } } } },
    'supports only standard queues',
  ],
])('%s is refused with its place', (_name, template, message) => {
  expect(() => readTemplate(template, surroundings)).toThrow(message);
});
