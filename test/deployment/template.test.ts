/** The compiled template of every variant, held against AWS's schemas and against itself. */
import { beforeAll, describe, expect, test } from 'vitest';

import { functionNames } from '../../build/bundle-functions.ts';
import { STATEMENT_OF } from '../../cli/doctor/denial.ts';
import { readTemplate } from '../../local/template/read-template.ts';
import { readConfig } from '../../shared/middleware/config.ts';
import { deliveryProblems } from './deliveries.ts';
import { DELIVERY_MISTAKES } from './delivery-mistakes.ts';
import { GRANTED_TO_FUNCTIONS, SIGN_INS } from './grants.ts';
import { variablesOf } from './inventory.ts';
import { literalsIn } from './literals.ts';
import { accepts, codeOf, comparable, defaultsOf, plainOf } from './plain.ts';
import { planted } from './plant.ts';
import { ACCOUNT, REGION, statementsOf } from './policy.ts';
import type { JsonObject } from './references.ts';
import { templateProblems } from './schema-check.ts';
import { SCHEMA_MISTAKES } from './schema-mistakes.ts';
import { BOOTED, templateOfVariant, VARIANT_NAMES, VARIANTS } from './variants.ts';

const templates = new Map<string, JsonObject>();

beforeAll(async () => {
  const left = [...VARIANT_NAMES];
  // One lane: a compilation takes a processor, and other tests run beside this one.
  for (const name of left) templates.set(name, await templateOfVariant(name));
}, 120_000);

function templateOf(name: keyof typeof VARIANTS): JsonObject {
  const template = templates.get(name);
  if (template === undefined) throw new Error(`${name} was not compiled`);
  return template;
}

describe.each(VARIANT_NAMES)('the template of %s', (name) => {
  test("conforms to AWS's resource schemas", () => {
    expect(templateProblems(templateOf(name))).toEqual([]);
  });

  test('delivers everything that is sent, or keeps it in a dead-letter queue', () => {
    expect(deliveryProblems(templateOf(name))).toEqual([]);
  });

  test('grants the functions no action that is neither recorded nor explained', () => {
    // Each action of the local stage is: recorded.test.ts.
    const known = new Set([...actionsOf('local'), ...Object.keys(GRANTED_TO_FUNCTIONS), ...SIGN_INS]);
    expect(actionsOf(name).filter((action) => !known.has(action))).toEqual([]);
  });

  test('is accepted by the local AWS', () => {
    const surroundings = { region: REGION, account: ACCOUNT, stackName: 'baton', endpoint: 'http://local' };
    const { functions, tables } = readTemplate(templateOf(name), surroundings);
    expect(functions).toHaveLength(4);
    expect(tables).toHaveLength('takeOver' in VARIANTS[name].parameters ? 0 : 1);
  });

  test('has no literal account and no secret', () => {
    const given: readonly string[] = Object.values(VARIANTS[name].parameters);
    expect(literalsIn(JSON.stringify(templateOf(name)), given)).toEqual([]);
  });
});

interface RoleResource {
  readonly Properties: {
    readonly Policies: readonly {
      readonly PolicyDocument: {
        readonly Statement: readonly { readonly Sid?: string; readonly Action: string | readonly string[] }[];
      };
    }[];
  };
}

test("each statement of the functions' role has a name, by which doctor finds it for a denied action", () => {
  const named = VARIANT_NAMES.flatMap((name) => {
    const { FunctionRole } = templateOf(name)['Resources'] as unknown as Record<string, RoleResource>;
    const statements = (FunctionRole?.Properties.Policies ?? []).flatMap(
      ({ PolicyDocument }) => PolicyDocument.Statement,
    );
    expect(statements.length).toBeGreaterThan(10);
    const sids = statements.map(({ Sid = '' }) => Sid);
    expect(sids.filter((sid) => !/^[A-Za-z0-9]+$/.test(sid))).toEqual([]);
    expect(new Set(sids).size).toBe(sids.length);
    return statements.flatMap(({ Sid, Action }) => [Action].flat().map((action) => [action, Sid] as const));
  });
  for (const [action, sid] of Object.entries(STATEMENT_OF)) {
    const found = new Set(named.filter(([each]) => each === action).map(([, each]) => each));
    expect([...found]).toEqual([sid]);
  }
});

describe.each(VARIANT_NAMES)('the plain template of %s', (name) => {
  test('has the resources and outputs that osls deploys, except its bucket and the place of the code', () => {
    const plain = plainOf(templateOf(name));
    expect(comparable(plain)).toEqual(comparable(templateOf(name)));
    expect(JSON.stringify(plain)).not.toMatch(/serverless\/|ServerlessDeployment|sls-/);
  });

  test("conforms to AWS's resource schemas", () => {
    expect(templateProblems(plainOf(templateOf(name)))).toEqual([]);
  });

  test('takes the code of each function from the bucket and the prefix that are its parameters', () => {
    expect(codeOf(plainOf(templateOf(name)))).toEqual(
      functionNames.map((each) => ({
        S3Bucket: { Ref: 'CodeBucket' },
        S3Key: { 'Fn::Sub': `\${CodePrefix}${each}-0123456789abcdef.zip` },
      })),
    );
  });
});

describe('the plain template', () => {
  test('has a parameter for what a deployer may change, with the check that the stage has for it', () => {
    const of = (name: keyof typeof VARIANTS) => defaultsOf(plainOf(templateOf(name)));
    const always = {
      CodeBucket: 'team-code',
      CodePrefix: 'baton/',
      LogRetentionDays: 30,
      CopyRole: 'default',
      Memory: 256,
    };
    expect(of('cluster')).toEqual(always);
    expect(of('serverless')).toEqual({ ...always, AlarmsEmail: 'oncall@example.com' });
    expect(of('prod')).toEqual({
      ...always,
      RunStepConcurrency: 20,
      SweepConcurrency: 2,
      AlarmsTopic: VARIANTS.prod.parameters.alarmsTopic,
      PermissionsBoundary: VARIANTS.prod.parameters.permissionsBoundary,
    });
    const prod = plainOf(templateOf('prod'));
    expect(accepts(prod, 'AlarmsTopic', 'arn:aws:sns:us-east-1:123456789012:other')).toBe(true);
    expect(accepts(prod, 'AlarmsTopic', 'arn:aws:sns:eu-west-1:123456789012:other')).toBe(false);
    const role = 'arn:aws:iam::123456789012:role/copy';
    for (const given of ['default', role, `${role},${role}`])
      expect(accepts(prod, 'CopyRole', given)).toBe(true);
    for (const given of ['', 'other', 'default,default', `${role}, ${role}`])
      expect(accepts(prod, 'CopyRole', given)).toBe(false);
  });

  test('has the reserved concurrency as one parameter: the functions know it, because waiting depends on it', () => {
    const given = JSON.stringify(plainOf(templateOf('prod')));
    const reference = '{"Ref":"RunStepConcurrency"}';
    expect(given.split(`"BATON_RUN_STEP_CONCURRENCY":${reference}`)).toHaveLength(functionNames.length + 1);
    expect(given.split(`"ReservedConcurrentExecutions":${reference}`)).toHaveLength(2);
  });

  test('keeps a value as it was packaged where it is also a part of a longer text', () => {
    const tags = [{ Key: 'owner', Value: 'mail oncall@example.com' }];
    const template = planted(templateOf('serverless'), 'Resources.Table.Properties.Tags', tags);
    expect(defaultsOf(plainOf(template))['AlarmsEmail']).toBeUndefined();
    expect(comparable(plainOf(template))).toEqual(comparable(template));
  });

  test('cannot be made without the code of a function', () => {
    const code = { bucket: 'team-code', prefix: '', zips: {} };
    expect(() => plainOf(templateOf('cluster'), code)).toThrow('no zip was made for ');
  });
});

function actionsOf(name: keyof typeof VARIANTS): readonly string[] {
  return statementsOf(templateOf(name), 'FunctionRole').flatMap(({ actions }) => actions);
}

test('every explained permission is granted by a variant', () => {
  const granted = new Set(VARIANT_NAMES.flatMap(actionsOf));
  const explained = [...Object.keys(GRANTED_TO_FUNCTIONS), ...SIGN_INS];
  // An explanation may be of an action on one resource.
  expect(explained.filter((key) => !granted.has(key.split(' ')[0] ?? ''))).toEqual([]);
});

test('the functions read exactly the environment variables that they are given, also when booted', () => {
  const read = new Set<string>();
  const environment = new Proxy<Record<string, string>>(
    {},
    {
      get: (_target, name) => {
        read.add(String(name));
        return '';
      },
    },
  );
  expect(() => readConfig(environment)).toThrow('BATON_TABLE is not set');
  const givenTo = (names: readonly (keyof typeof VARIANTS)[]): readonly string[] =>
    [...new Set(names.flatMap((name) => variablesOf(templateOf(name))))].sort();
  expect(givenTo(VARIANT_NAMES)).toEqual([...read].sort());
  expect(givenTo(BOOTED)).toEqual([...read].sort());
});

describe('a mistake in the template is found:', () => {
  test.each(Object.entries(SCHEMA_MISTAKES))('%s', (_name, [path, value, problem]) => {
    expect(templateProblems(planted(templateOf('serverless'), path, value))).toEqual(
      expect.arrayContaining([problem]),
    );
  });

  test.each(Object.entries(DELIVERY_MISTAKES))('%s', (_name, [path, value, problem]) => {
    expect(deliveryProblems(planted(templateOf('prod'), path, value))).toEqual(
      expect.arrayContaining([problem]),
    );
  });

  test('a schedule without a dead-letter queue, and one whose role may not invoke its target', () => {
    const template = templateOf('prod');
    const ids = Object.keys(template['Resources'] as JsonObject);
    const schedule = ids.find((id) => /^Schedule[0-9a-f]{8}$/.test(id)) ?? '';
    const target = `Resources.${schedule}.Properties.Target`;
    const elsewhere = { 'Fn::GetAtt': ['SweepLambdaFunction', 'Arn'] };
    expect(deliveryProblems(planted(template, `${target}.DeadLetterConfig`, undefined))).toEqual([
      `${schedule}: has no dead-letter queue`,
    ]);
    expect(deliveryProblems(planted(template, `${target}.Arn`, elsewhere))).toEqual([
      `${schedule}: may not invoke arn:aws:lambda:us-east-1:000000000000:function:baton-prod-sweep`,
    ]);
  });

  test.each([
    ['an account', 'arn:aws:sqs:us-east-1:123456789012:other'],
    ['an access key', 'AKIAIOSFODNN7EXAMPLE'],
    ['a password', 'postgres://me:secret@host/db'],
  ])('%s', (_what, text) => {
    const found = literalsIn(
      JSON.stringify(planted(templateOf('serverless'), 'Outputs.TableName.Value', text)),
      Object.values(VARIANTS.serverless.parameters),
    );
    expect(found.length).toBeGreaterThan(0);
  });
});
