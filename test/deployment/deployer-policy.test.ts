/**
 * The policy of docs/deployment.md for who deploys, against what CloudFormation's handlers call to create, read, update and
 * delete each resource of the stack, and against what the command itself calls.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import { packageRoot } from '../../build/project.ts';
import recorded from './handler-permissions.json' with { type: 'json' };
import {
  ACCOUNT,
  allowedBy,
  type Need,
  propertiesOf,
  refusedOf,
  REGION,
  type Statement,
  statementsOf,
} from './policy.ts';
import { type Json, type JsonObject, sectionOf, textOf } from './references.ts';
import { templateOfVariant } from './variants.ts';

const PERMISSIONS: Readonly<Record<string, readonly string[]>> = recorded.permissions;

/**
 * `type action` of what handlers call only for what no stack of Baton has, or for what a parameter adds and the page names
 * beside the policy.
 */
const NOT_NEEDED: Readonly<Record<string, RegExp>> = {
  'delivery and resource policies of logs':
    / (firehose:|s3:REST\.|logs:(Create|Get|Update|Delete)LogDelivery|logs:(Put|Delete)ResourcePolicy)/,
  'file systems, layers, signing and capacity providers of functions':
    / (elasticfilesystem:|s3files:|lambda:(GetLayerVersion|GetCodeSigningConfig|PassCapacityProvider))/,
  'a VPC (subnets=): the page names them': / ec2:/,
  'own keys (...KeyArn=): the page names them': / kms:/,
  'metadata tables of buckets': / s3tables:/,
  'imports, replicas and streams of tables':
    /::Table (logs:|s3:|kinesis:|iam:CreateServiceLinkedRole|dynamodb:(ImportTable|.*Replica))/,
  'policies attached to users and groups': / iam:(Attach|Detach)(User|Group)Policy$/,
};

/** These know no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/ */
const WITHOUT_RESOURCE =
  /^(lambda:CreateEventSourceMapping|logs:(Describe(LogGroups|ResourcePolicies)|.*QueryDefinitions?|.*ResourcePolicy)|sns:(Unsubscribe|.*SubscriptionAttributes))$/;

/** Resources whose handlers name the one that they belong to. */
const PART_OF: Readonly<Record<string, string>> = {
  'AWS::Lambda::Permission': 'AWS::Lambda::Function',
  'AWS::Lambda::EventInvokeConfig': 'AWS::Lambda::Function',
  'AWS::S3::BucketPolicy': 'AWS::S3::Bucket',
  'AWS::SQS::QueuePolicy': 'AWS::SQS::Queue',
  'AWS::SNS::TopicPolicy': 'AWS::SNS::Topic',
};

let page: string;
let policy: string;
const templates: JsonObject[] = [];

beforeAll(async () => {
  page = readFileSync(join(packageRoot, 'docs', 'deployment.md'), 'utf8');
  [, policy = ''] = /^## Who deploys$[^]*?```json\n([^]*?)```/m.exec(page) ?? [];
  for (const name of ['serverless', 'prod'] as const) templates.push(await templateOfVariant(name));
}, 60_000);

/** The policy of the page for a stage of the tests' account. */
function statementsFor(stage: string): readonly Statement[] {
  const document = JSON.parse(
    policy.replaceAll('ACCOUNT', ACCOUNT).replaceAll('baton-dev', `baton-${stage}`),
  ) as Json;
  return statementsOf(
    { Resources: { Policy: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: document } } } },
    'Policy',
  );
}

/** The ARN that a handler's call names. */
function arnOf(template: JsonObject, id: string): string {
  const resource = sectionOf(template, 'Resources')[id] as JsonObject;
  const type = resource['Type'] as string;
  const properties = propertiesOf(template, id);
  const own = `${REGION}:${ACCOUNT}`;
  const name = (property: string) => textOf(properties[property]);
  switch (type) {
    case 'AWS::CloudWatch::Alarm':
      return `arn:aws:cloudwatch:${own}:alarm:${name('AlarmName')}`;
    case 'AWS::CloudWatch::Dashboard':
      return `arn:aws:cloudwatch::${ACCOUNT}:dashboard/${name('DashboardName')}`;
    case 'AWS::DynamoDB::Table':
      return `arn:aws:dynamodb:${own}:table/${name('TableName')}`;
    case 'AWS::Events::Archive':
      return `arn:aws:events:${own}:archive/${name('ArchiveName')}`;
    case 'AWS::Events::Rule':
      return `arn:aws:events:${own}:rule/${name('Name')}`;
    case 'AWS::IAM::ManagedPolicy':
      return `arn:aws:iam::${ACCOUNT}:policy/${name('ManagedPolicyName')}`;
    case 'AWS::IAM::Role':
      return `arn:aws:iam::${ACCOUNT}:role/${name('RoleName')}`;
    case 'AWS::Lambda::EventSourceMapping':
      return `arn:aws:lambda:${own}:event-source-mapping:1a2b3c4d-1a2b-1a2b-1a2b-1a2b3c4d5e6f`;
    case 'AWS::Lambda::Function':
      return `arn:aws:lambda:${own}:function:${name('FunctionName')}`;
    case 'AWS::Logs::LogGroup':
      return `arn:aws:logs:${own}:log-group:${name('LogGroupName')}`;
    case 'AWS::Logs::QueryDefinition':
      return '*';
    // The deployment bucket has no name of its own: CloudFormation begins it with the stack's.
    case 'AWS::S3::Bucket':
      return `arn:aws:s3:::${'BucketName' in properties ? name('BucketName') : `${stackOf(template)}-serverlessdeploymentbucket-0a1b2c`}`;
    case 'AWS::SNS::Topic':
      return `arn:aws:sns:${own}:${name('TopicName')}`;
    case 'AWS::SQS::Queue':
      return `arn:aws:sqs:${own}:${name('QueueName')}`;
    case 'AWS::Scheduler::Schedule':
      return `arn:aws:scheduler:${own}:schedule/${name('GroupName')}/${name('Name')}`;
    case 'AWS::Scheduler::ScheduleGroup':
      return `arn:aws:scheduler:${own}:schedule-group/${name('Name')}`;
    default:
      throw new Error(`which ARN the handlers of ${type} name is not known here`);
  }
}

function stackOf(template: JsonObject): string {
  return textOf(propertiesOf(template, 'Arrivals')['QueueName']).replace(/-arrivals$/, '');
}

/** Every call of the handlers of every resource. */
function needsOfStack(template: JsonObject): readonly Need[] {
  const types = Object.entries(sectionOf(template, 'Resources')).map(
    ([id, resource]) => [id, (resource as { Type: string }).Type] as const,
  );
  const arnsOf = (type: string) =>
    types.flatMap(([id, each]) => (each === type ? [arnOf(template, id)] : []));
  return types.flatMap(([id, type]) => {
    const actions = PERMISSIONS[type];
    if (actions === undefined) throw new Error(`the permissions of ${type} are not recorded`);
    const whole = PART_OF[type];
    const named = whole === undefined ? [arnOf(template, id)] : arnsOf(whole);
    const resourcesOf = (action: string): readonly string[] => {
      if (action === 'iam:PassRole' || action === 'iam:GetRole') return arnsOf('AWS::IAM::Role');
      // The code, which the deployment uploaded.
      if (type === 'AWS::Lambda::Function' && action.startsWith('s3:'))
        return [`${arnOf(template, 'ServerlessDeploymentBucket')}/serverless/code.zip`];
      return WITHOUT_RESOURCE.test(action) ? ['*'] : named;
    };
    return actions
      .filter((action) => !Object.values(NOT_NEEDED).some((pattern) => pattern.test(`${type} ${action}`)))
      .flatMap((action) => resourcesOf(action).map((resource) => ({ action, resource, from: id })));
  });
}

describe('the policy for who deploys', () => {
  test('allows every call of the handlers of every resource', () => {
    for (const template of templates) {
      const needs = needsOfStack(template);
      expect(needs.length).toBeGreaterThan(300);
      expect(refusedOf(statementsFor(stackOf(template).slice('baton-'.length)), needs)).toEqual([]);
    }
  });

  test('has no statement, beside that of the stack itself, without which every call is allowed', () => {
    const unused = templates.map((template) => {
      const statements = statementsFor(stackOf(template).slice('baton-'.length));
      const needs = needsOfStack(template);
      return statements.filter(
        (statement) =>
          refusedOf(
            statements.filter((each) => each !== statement),
            needs,
          ).length === 0,
      );
    });
    const [first = [], ...others] = unused;
    const superfluous = first.filter(({ place }) =>
      others.every((each) => each.some((statement) => statement.place === place)),
    );
    expect(superfluous.map(({ actions }) => actions)).toEqual([['cloudformation:*']]);
  });

  test.each(['lambda:TagResource', 'lambda:UntagResource', 'lambda:ListTags'])(
    'allows %s on event source mappings',
    (action) => {
      const resource = `arn:aws:lambda:${REGION}:${ACCOUNT}:event-source-mapping:1a2b`;
      expect(allowedBy(statementsFor('dev'), { action, resource, from: 'CloudFormation' })).toHaveLength(1);
    },
  );
});

test('the policy of COPY on the page is the one that the deployment creates', () => {
  const [, shown = ''] =
    /^For the default buckets the policy contains[^]*?```json\n([^]*?)```/m.exec(page) ?? [];
  const { Statement } = JSON.parse(shown.replaceAll('ACCOUNT', ACCOUNT).replaceAll('REGION', REGION)) as {
    Statement: Json;
  };
  const document = propertiesOf(templates[0] ?? {}, 'CopyPolicy')['PolicyDocument'];
  expect((document as JsonObject)['Statement']).toEqual(Statement);
});

test('what is said to be not needed is recorded', () => {
  const all = Object.entries(PERMISSIONS).flatMap(([type, actions]) =>
    actions.map((action) => `${type} ${action}`),
  );
  const reasons = Object.entries(NOT_NEEDED).filter(([, pattern]) => all.some((each) => pattern.test(each)));
  expect(reasons.map(([reason]) => reason)).toEqual(Object.keys(NOT_NEEDED));
});
