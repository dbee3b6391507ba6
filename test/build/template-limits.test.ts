/** What AWS would refuse is refused when a stage is packaged: with what is too large, and what makes it smaller. */
import { describe, expect, test } from 'vitest';

import { limitProblems, limitsIn } from '../../build/template-limits.ts';
import { templateOf, TemplateError } from '../../build/template.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { propertiesOf, REGION } from '../deployment/policy.ts';
import type { JsonObject } from '../deployment/references.ts';
import { templateOfVariant, VARIANT_NAMES } from '../deployment/variants.ts';

const ID = '11111111-2222-4333-8444-555555555555';
const KEY = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890';

/** `count` pipelines with this trigger each. */
function pipelines(
  name: string,
  count: number,
  trigger: (index: number) => object,
): readonly { readonly pipeline: string; readonly triggers: readonly object[] }[] {
  return Array.from({ length: count }, (_, index) => ({
    pipeline: `${name}_${String(index)}`,
    triggers: [trigger(index)],
  }));
}

async function refusalOf(plans: readonly object[], parameters: readonly string[] = []): Promise<string[]> {
  try {
    await templateOf(plans as Plan[], {
      stage: 'dev',
      region: 'us-east-1',
      parameters: ['cluster=old', ...parameters],
    });
    return [];
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return error.message.split('\n');
  }
}

test('a stage with too many pipelines, buckets and warehouses is refused with everything that is too large', async () => {
  const warehouses = Array.from({ length: 40 }, (_, index) => `reporting-warehouse-${String(index)}`);
  const said = await refusalOf(
    [
      ...pipelines('nightly', 200, (index) => ({
        kind: 'schedule',
        expression: `rate(${String(index + 2)} hours)`,
      })),
      ...pipelines('shop', 301, (index) => ({
        kind: 'event',
        pattern: { source: [`shop.${String(index)}`] },
      })),
      ...pipelines('long', 1, () => ({ kind: 'event', pattern: { source: ['x'.repeat(2100)] } })),
      ...pipelines('files', 35, (index) => ({
        kind: 's3',
        bucket: `partner-files-in-a-bucket-with-a-long-name-${String(index)}`,
        prefix: 'in/',
      })),
      ...warehouses.map((warehouse) => ({
        pipeline: warehouse.replaceAll('-', '_'),
        triggers: [],
        warehouse,
      })),
    ],
    [
      `otherWorkgroups=${warehouses.map((name) => `${name}=${ID}`).join(',')}`,
      `bucketKeys=${Array.from({ length: 25 }, (_, index) => `${KEY}${String(index)}`).join(',')}`,
    ],
  );
  for (const line of said) expect(line).toMatch(/^[^:]+(::[^:]+)*: .*(use|split) /);
  expect(said.map((line) => line.replace(/(AWS accepts at most [\d,]+): .*$/, '$1'))).toEqual(
    [
      /^the stack \(341 AWS::Events::Rule, 200 AWS::Scheduler::Schedule, .*\) has 6\d\d resources, and AWS accepts at most 500$/,
      /^the default event bus has 341 rules of this stage, and AWS accepts at most 300$/,
      /^role baton-dev-functions has [\d,]+ characters of policies, and AWS accepts at most 10,240$/,
      ...['read', 'operate', 'copy'].map(
        (end) =>
          new RegExp(
            `^managed policy baton-dev-${end} has [\\d,]+ characters of policies, and AWS accepts at most 6,144$`,
          ),
      ),
      ...['start-run', 'run-step', 'sweep', 'operate'].map(
        (end) =>
          new RegExp(
            `^the environment of baton-dev-${end} has [\\d,]+ bytes, and AWS accepts at most 4,096$`,
          ),
      ),
      /^the event pattern of baton-dev-event-long_0-[0-9a-f]{8} has 2,\d{3} characters, and AWS accepts at most 2,048$/,
    ].map((pattern) => expect.stringMatching(pattern) as string),
  );
}, 60_000);

test('a stage with a hundred pipelines of one bucket is not refused', async () => {
  const plans = [
    ...pipelines('files', 60, (index) => ({ kind: 's3', prefix: `in-${String(index)}/` })),
    ...pipelines('nightly', 40, () => ({ kind: 'schedule', expression: 'rate(1 day)' })),
  ];
  expect(await refusalOf(plans)).toEqual([]);
}, 60_000);

interface Made {
  readonly ManagedPolicyName?: string;
  readonly PolicyDocument?: unknown;
  readonly FunctionName?: string;
  readonly Environment?: { readonly Variables: unknown };
  readonly RoleName?: string;
  readonly Policies?: readonly { readonly PolicyDocument: unknown }[];
}

/** What it is, and how long it is with every function of the template replaced. */
function madeOf({ ManagedPolicyName, FunctionName, RoleName, ...made }: Made): [string, number][] {
  const length = (value: unknown) => JSON.stringify(value).replaceAll(/\s/g, '').length;
  if (ManagedPolicyName !== undefined)
    return [[`managed policy ${ManagedPolicyName}`, length(made.PolicyDocument)]];
  if (FunctionName !== undefined && made.Environment !== undefined)
    return [[`the environment of ${FunctionName}`, length(made.Environment.Variables)]];
  if (RoleName === undefined) return [];
  const policies = made.Policies ?? [];
  return [
    [`role ${RoleName}`, policies.reduce((sum, { PolicyDocument }) => sum + length(PolicyDocument), 0)],
  ];
}

test.each(VARIANT_NAMES)(
  'the sizes of %s are not smaller than what CloudFormation makes of it, and not much larger',
  async (name) => {
    const template = await templateOfVariant(name);
    const sizes = new Map(limitsIn(template, REGION).map(({ what, size }) => [what, size]));
    const ids = Object.keys(template['Resources'] as JsonObject);
    const made = ids.flatMap((id) => madeOf(propertiesOf(template, id) as unknown as Made));
    expect(made.length).toBeGreaterThanOrEqual(8);
    for (const [what, actual] of made) {
      expect(sizes.get(what)).toBeGreaterThanOrEqual(actual);
      expect(sizes.get(what)).toBeLessThan(actual * 1.1 + 50);
    }
  },
  30_000,
);

describe('the size of a policy', () => {
  const withPolicy = (resources: readonly unknown[]) => ({
    Resources: {
      Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'x' } },
      Policy: {
        Type: 'AWS::IAM::ManagedPolicy',
        Properties: {
          ManagedPolicyName: 'p',
          PolicyDocument: { Statement: [{ Action: 's3:GetObject', Resource: resources }] },
        },
      },
    },
  });
  const used = JSON.stringify({ Statement: [{ Action: 's3:GetObject', Resource: [] }] }).length;
  const short = { 'Fn::Sub': '${AWS::AccountId} ${AWS::Region}' };

  test.each([
    ['just fits', 'x'.repeat(6144 - used - 2), []],
    [
      'is one character too long',
      'x'.repeat(6144 - used - 1),
      [expect.stringContaining('has 6,145 characters')],
    ],
    ['has whitespace, which does not count', `${'x'.repeat(6144 - used - 2)}   `, []],
  ])('that %s', (_what, text, expected) => {
    expect(limitProblems(withPolicy([text]), 'us-east-1')).toEqual(expected);
  });

  test('counts accounts, Regions and names as long as they will be, and nothing for what has no value', () => {
    const filled = '12345678901us-east-1'.length + 1;
    const rest = 6144 - used - filled - 2 - 3;
    const resources = ['x'.repeat(rest), short, { Ref: 'AWS::NoValue' }];
    expect(limitProblems(withPolicy(resources), 'us-east-1')).toEqual([]);
    expect(limitProblems(withPolicy(resources), 'eu-central-1')).toEqual([
      expect.stringContaining('has 6,147 characters'),
    ]);
  });
});
