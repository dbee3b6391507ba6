import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import { packageRoot as root } from '../../build/project.ts';
import { templateOf } from '../../build/template.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

interface RuleTarget {
  readonly Arn: unknown;
  readonly RetryPolicy?: unknown;
  readonly DeadLetterConfig?: { readonly Arn: unknown };
}

const longPrefixes = Array.from({ length: 60 }, (_, index) => `incoming/of/department/${String(index)}/`);

const plans = [
  planWith({ prefix: 'products/', suffix: '.csv' }),
  planWith({ prefix: 'products/new/', suffix: '.csv' }),
  planWith({ prefix: "stores 'n' more/", suffix: '' }),
  planWith({ bucket: 'partner-files', prefix: '', suffix: '.gz' }),
  planWith(...longPrefixes.map((prefix) => ({ bucket: 'wide', prefix, suffix: '' }))),
];

/** The template reads nothing of a plan but its triggers. */
function planWith(...triggers: { bucket?: string; prefix: string; suffix: string }[]): Plan {
  return {
    pipeline: 'any',
    triggers: triggers.map((trigger) => Object.assign(trigger, { kind: 's3' })),
  } as unknown as Plan;
}

let resources: Readonly<Record<string, Resource>>;
let text: string;

beforeAll(async () => {
  const { template, templatePath } = await templateOf(plans, { stage: 'local' });
  resources = template['Resources'] as typeof resources;
  text = readFileSync(templatePath, 'utf8');
});

function ofType(type: string): readonly (Resource & { readonly id: string })[] {
  return Object.entries(resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, { Type, Properties }]) => ({ id, Type, Properties }));
}

function propertiesOf(id: string): Readonly<Record<string, unknown>> {
  const resource = resources[id];
  if (resource === undefined) throw new Error(`the template has no ${id}`);
  return resource.Properties;
}

function statementsOfRole(): readonly {
  readonly Sid?: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}[] {
  const policies = propertiesOf('FunctionRole')['Policies'] as {
    PolicyDocument: { Statement: { Sid?: string; Action: string | string[]; Resource: unknown }[] };
  }[];
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}

/** The permission that each operation needs. */
const ACTIONS: Readonly<Record<string, string>> = {
  BatchExecuteStatement: 'redshift-data:BatchExecuteStatement',
  CancelStatement: 'redshift-data:CancelStatement',
  DescribeStatement: 'redshift-data:DescribeStatement',
  ExecuteStatement: 'redshift-data:ExecuteStatement',
  GetItem: 'dynamodb:GetItem',
  GetStatementResult: 'redshift-data:GetStatementResult',
  HeadObject: 's3:GetObject',
  GetObject: 's3:GetObject',
  BatchGetItem: 'dynamodb:BatchGetItem',
  BatchWriteItem: 'dynamodb:BatchWriteItem',
  SendMessage: 'sqs:SendMessage',
  ListObjectVersions: 's3:ListBucketVersions',
  ListSessions: 'redshift-data:ListSessions',
  ListStatements: 'redshift-data:ListStatements',
  PutEvents: 'events:PutEvents',
  PutItem: 'dynamodb:PutItem',
  PutObject: 's3:PutObject',
  Query: 'dynamodb:Query',
  Scan: 'dynamodb:Scan',
  UpdateItem: 'dynamodb:UpdateItem',
};

describe('the compiled template', () => {
  test('has the names of the stage', () => {
    expect(propertiesOf('Table')['TableName']).toBe('baton-local');
    expect(propertiesOf('LandingBucket')['BucketName']).toBe('baton-local-landing');
    expect(propertiesOf('ArtifactsBucket')['BucketName']).toBe('baton-local-artifacts');
    expect(propertiesOf('Arrivals')['QueueName']).toBe('baton-local-arrivals');
    expect(propertiesOf('DeadLetters')['QueueName']).toBe('baton-local-dead-letters');
    expect(ofType('AWS::Lambda::Function').map(({ Properties }) => Properties['FunctionName'])).toEqual([
      'baton-local-start-run',
      'baton-local-run-step',
      'baton-local-sweep',
      'baton-local-operate',
    ]);
  });

  test('leaves no variable of serverless.yml unresolved', () => {
    const left = [...text.matchAll(/\$\{([^}]*)\}/g)].map(([, inside]) => inside);
    const known = new Set(['AWS::Partition', 'AWS::Region', 'AWS::AccountId', ...Object.keys(resources)]);
    expect(left.filter((inside) => !known.has((inside ?? '').replace(/\.Arn$/, '')))).toEqual([]);
  });

  test('gives every target of every rule a retry policy, and the dead-letter queue to work that nothing repeats', () => {
    const rules = ofType('AWS::Events::Rule');
    expect(rules.length).toBeGreaterThanOrEqual(5);
    const targets = rules.flatMap(({ Properties }) => Properties['Targets'] as readonly RuleTarget[]);
    expect(targets).toHaveLength(rules.length);
    for (const target of targets) {
      expect(target.RetryPolicy).toEqual({
        MaximumRetryAttempts: expect.any(Number) as number,
        MaximumEventAgeInSeconds: expect.any(Number) as number,
      });
    }
    const kept = rules.filter(({ Properties }) =>
      (Properties['Targets'] as readonly RuleTarget[]).some(({ DeadLetterConfig }) => DeadLetterConfig),
    );
    // The sweep does what a wake-up, or a minute of its own, would have done.
    const repeated = new Set(['StatementEndedRule', 'RunWokenRule', 'SweepSchedule']);
    expect(kept.map(({ id }) => id).sort()).toEqual(
      rules
        .map(({ id }) => id)
        .filter((id) => !repeated.has(id))
        .sort(),
    );
    expect(JSON.stringify(kept)).toContain('DeadLetters');
  });

  test('lets every rule reach its target: a function by permission, the queue by policy', () => {
    const permitted = ofType('AWS::Lambda::Permission').map(({ Properties }) => ({
      rule: (Properties['SourceArn'] as { 'Fn::GetAtt': string[] })['Fn::GetAtt'][0],
      target: Properties['FunctionName'],
      members: Object.keys(Properties).sort(),
    }));
    const rules = ofType('AWS::Events::Rule').map(({ id, Properties }) => ({
      id,
      name: Properties['Name'],
      target: (Properties['Targets'] as readonly RuleTarget[])[0]?.Arn,
    }));
    for (const { name, target } of rules.filter(({ id }) => id.startsWith('ArrivalsRule'))) {
      expect(target).toEqual({ 'Fn::GetAtt': ['Arrivals', 'Arn'] });
      expect(name).toMatch(/^baton-local-arrivals/);
    }
    // Its topic's policy: test/build/watching.test.ts.
    const isOfFunction = ({ id }: { id: string }): boolean => !/^(?:Arrivals|Message)Rule/.test(id);
    for (const { id, target } of rules.filter(isOfFunction)) {
      // No SourceAccount: with it EventBridge cannot invoke.
      const members = ['Action', 'FunctionName', 'Principal', 'SourceArn'];
      expect(permitted).toContainEqual({ rule: id, target, members });
    }
    expect(JSON.stringify(propertiesOf('ArrivalsPolicy'))).toContain('rule/baton-local-arrivals*');
    const letters = JSON.stringify(propertiesOf('DeadLettersPolicy'));
    for (const end of ['arrivals*', 'succeeded*', 'event-*', 'request', 'message'])
      expect(letters).toContain(`rule/baton-local-${end}"`);
    expect(letters.match(/rule\//g)).toHaveLength(5);
  });

  test('sends objects with the prefixes of the pipelines to the queue, by bucket', () => {
    const found = new Map<string, string[]>();
    for (const { id, Properties } of ofType('AWS::Events::Rule')) {
      if (!id.startsWith('ArrivalsRule')) continue;
      const pattern = Properties['EventPattern'] as {
        source: string[];
        detail: { bucket: { name: [string] }; object?: { key: { prefix: string }[] } };
      };
      expect(JSON.stringify(pattern).length).toBeLessThanOrEqual(2048);
      expect(pattern.source).toEqual(['aws.s3']);
      const [bucket] = pattern.detail.bucket.name;
      const prefixes = pattern.detail.object?.key.map(({ prefix }) => prefix) ?? ['(every key)'];
      found.set(bucket, [...(found.get(bucket) ?? []), ...prefixes]);
    }
    // `products/new/` is covered by `products/`.
    expect(found.get('baton-local-landing')).toEqual(['products/', "stores 'n' more/"]);
    expect(found.get('partner-files')).toEqual(['(every key)']);
    expect(found.get('wide')?.sort()).toEqual(longPrefixes.sort());
    expect(ofType('AWS::Events::Rule').map(({ id }) => id)).toContain('ArrivalsRule4');
  });

  test('archives the objects of the buckets that start pipelines, and no other event, for 30 days', () => {
    expect(ofType('AWS::Events::Archive').map(({ Properties }) => Properties)).toEqual([
      {
        ArchiveName: 'baton-local-files',
        SourceArn: {
          'Fn::Sub': 'arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default',
        },
        EventPattern: {
          source: ['aws.s3'],
          'detail-type': ['Object Created'],
          detail: { bucket: { name: ['baton-local-landing', 'partner-files', 'wide'] } },
        },
        RetentionDays: 30,
      },
    ]);
  });

  test('wakes run-step only for statements with the names of its stage', () => {
    expect(propertiesOf('StatementEndedRule')['EventPattern']).toEqual({
      source: ['aws.redshift-data'],
      'detail-type': ['Redshift Data Statement Status Change'],
      detail: { statementName: [{ prefix: 'baton:local:' }] },
    });
  });

  test('sends events for objects of the landing bucket, never for those of the artifacts bucket', () => {
    expect(propertiesOf('LandingBucket')['NotificationConfiguration']).toEqual({
      EventBridgeConfiguration: { EventBridgeEnabled: true },
    });
    expect(propertiesOf('ArtifactsBucket')).not.toHaveProperty('NotificationConfiguration');
  });

  test('has the five indexes of the table, keys only, and the time to live', () => {
    const table = propertiesOf('Table');
    expect(table['BillingMode']).toBe('PAY_PER_REQUEST');
    expect(table['TimeToLiveSpecification']).toEqual({ AttributeName: 'expiresAt', Enabled: true });
    const indexes = table['GlobalSecondaryIndexes'] as {
      IndexName: string;
      KeySchema: { AttributeName: string }[];
      Projection: unknown;
    }[];
    expect(
      indexes.map(({ IndexName, KeySchema, Projection }) => ({
        IndexName,
        keys: KeySchema.map(({ AttributeName }) => AttributeName),
        Projection,
      })),
    ).toEqual([
      { IndexName: 'due', keys: ['due', 'next'], Projection: { ProjectionType: 'KEYS_ONLY' } },
      { IndexName: 'queue', keys: ['queue', 'queuedAt'], Projection: { ProjectionType: 'KEYS_ONLY' } },
      {
        IndexName: 'by-pipeline',
        keys: ['pipeline', 'createdAt'],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      { IndexName: 'by-file', keys: ['pipeline', 'fileKey'], Projection: { ProjectionType: 'KEYS_ONLY' } },
      {
        IndexName: 'not-succeeded',
        keys: ['notSucceeded', 'createdAt'],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ]);
  });

  test('gives every function the environment it checks, one role, a log group, and a destination for failed work that nothing repeats', () => {
    for (const { Properties } of ofType('AWS::Lambda::Function')) {
      const { Variables } = Properties['Environment'] as { Variables: Record<string, unknown> };
      const none = { Ref: 'AWS::NoValue' };
      expect(Variables).toEqual({
        BATON_STAGE: 'local',
        BATON_TABLE: { Ref: 'Table' },
        BATON_LANDING_BUCKET: 'baton-local-landing',
        BATON_ARTIFACTS_BUCKET: 'baton-local-artifacts',
        BATON_WORKGROUP: 'local',
        BATON_CLUSTER: none,
        BATON_DATABASE: 'dev',
        BATON_DB_USER: none,
        BATON_SECRET_ARN: none,
        BATON_WAREHOUSES: none,
        BATON_COPY_ROLE: 'default',
        BATON_ROLE_NAME: 'baton-local-functions',
        BATON_HISTORY_DAYS: '400',
        BATON_PIPELINE_METRICS: 'true',
        BATON_RUN_QUERIES: 'true',
        BATON_ARRIVALS_QUEUE: { Ref: 'Arrivals' },
      });
      expect(Properties['Role']).toEqual({ 'Fn::GetAtt': ['FunctionRole', 'Arn'] });
      expect(Properties['Runtime']).toBe('nodejs24.x');
    }
    expect(propertiesOf('FunctionRole')['RoleName']).toBe('baton-local-functions');
    expect(ofType('AWS::Logs::LogGroup').map(({ Properties }) => Properties['RetentionInDays'])).toEqual([
      30, 30, 30, 30,
    ]);
    expect(
      ofType('AWS::Lambda::EventInvokeConfig').map(({ id, Properties }) => [
        id,
        Properties['DestinationConfig'],
      ]),
    ).toEqual(
      ['StartRun', 'RunStep', 'Sweep', 'Operate'].map((name) => [
        `${name}LambdaEvConf`,
        // What run-step and the sweep leave undone, the next sweep does.
        name === 'RunStep' || name === 'Sweep'
          ? {}
          : { OnFailure: { Destination: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } } },
      ]),
    );
  });

  test('hides a batch from other readers for six times the timeout of start-run', () => {
    const { Timeout } = propertiesOf('StartRunLambdaFunction') as { Timeout: number };
    const { VisibilityTimeout } = propertiesOf('Arrivals') as { VisibilityTimeout: number };
    expect(VisibilityTimeout).toBeGreaterThanOrEqual(6 * Timeout);
    const [mapping] = ofType('AWS::Lambda::EventSourceMapping');
    expect(mapping?.Properties).toMatchObject({
      EventSourceArn: { 'Fn::GetAtt': ['Arrivals', 'Arn'] },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 3 },
    });
  });

  test('permits every call that the functions make, and nothing more', () => {
    const called = sourcesBelow('shared').flatMap((source) =>
      [...source.matchAll(/new (?:\w+\.)?(\w+)Command\(/g)].map(([, operation]) => operation ?? ''),
    );
    const needed = called.map((operation) => ACTIONS[operation] ?? `unknown: ${operation}`);
    const byServices = ['logs:CreateLogStream', 'logs:PutLogEvents', 'sqs:SendMessage'].concat(
      ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
      // "Not found" instead of "access denied"; the sign-in of a session.
      ['s3:ListBucket', 'redshift-serverless:GetCredentials'],
    );
    const granted = statementsOfRole().flatMap(({ Action }) => Action);
    expect([...new Set(granted)].sort()).toEqual([...new Set([...needed, ...byServices])].sort());
  });

  test('grants on every resource only actions that support no resource', () => {
    const open = statementsOfRole().filter(({ Resource }) => Resource === '*');
    expect(open.flatMap(({ Action }) => Action).sort()).toEqual([
      'redshift-data:CancelStatement',
      'redshift-data:DescribeStatement',
      'redshift-data:GetStatementResult',
      'redshift-data:ListSessions',
      'redshift-data:ListStatements',
    ]);
  });
});

describe('compiling the template', () => {
  test('returns the same file for the same input at once', async () => {
    const first = await templateOf(plans, { stage: 'local' });
    const before = performance.now();
    const second = await templateOf(plans, { stage: 'local' });
    expect(second.templatePath).toBe(first.templatePath);
    expect(second.templatePath.startsWith(join(root, '.build'))).toBe(true);
    expect(performance.now() - before).toBeLessThan(500);
  });

  test('refuses a deployed stage without a warehouse, and says what to set', async () => {
    await expect(templateOf([], { stage: 'nowhere' })).rejects.toThrow(
      /^stage "nowhere" has no warehouse: set --param workgroup=NAME --param workgroupId=ID/,
    );
  });

  test('refuses an invalid stage name', async () => {
    await expect(templateOf([], { stage: '../elsewhere' })).rejects.toThrow(
      'stage "../elsewhere" is not valid: it must be a lower-case letter, then up to 19 lower-case letters, digits and hyphens',
    );
  });
});
