/** What a call needs, and what a policy allows: the two sides that the recorded run is judged by. */
import { describe, expect, test } from 'vitest';

import type { Call } from '../../local/gateway/call-log.ts';
import { needsOf } from './needs.ts';
import { allowedBy, isLike, type Statement } from './policy.ts';

const warehouse = {
  workgroupIds: { etl: 'id-1' },
  own: 'arn:aws:redshift:us-east-1:000000000000:cluster:old',
};

function call(service: string, operation: string, more: Partial<Call> = {}): Call {
  return {
    seq: 1,
    time: '2026-01-01T00:00:00.000Z',
    service,
    operation,
    caller: 'baton-local-run-step',
    status: 200,
    outcome: 'ok',
    ms: 1,
    ...more,
  };
}

const needed = (one: Call): readonly string[] =>
  needsOf(one, warehouse).map(({ action, resource }) => `${action} ${resource}`);

describe('the permissions that a call needs', () => {
  test('name the table for an item, and the index for a query', () => {
    expect(needed(call('dynamodb', 'GetItem', { resource: 'baton-local' }))).toEqual([
      'dynamodb:GetItem arn:aws:dynamodb:us-east-1:000000000000:table/baton-local',
    ]);
    expect(needed(call('dynamodb', 'Query', { resource: 'baton-local', details: { index: 'due' } }))).toEqual(
      ['dynamodb:Query arn:aws:dynamodb:us-east-1:000000000000:table/baton-local/index/due'],
    );
  });

  test('for HeadObject are GetObject, GetObjectVersion for a version, and ListBucket for a missing object', () => {
    const head = (more: Partial<Call>): readonly string[] =>
      needed(call('s3', 'HeadObject', { resource: 'files/in/a%20b.csv', ...more }));
    expect(head({})).toEqual(['s3:GetObject arn:aws:s3:::files/in/a b.csv']);
    expect(head({ details: { version: 'v1' } })).toEqual([
      's3:GetObjectVersion arn:aws:s3:::files/in/a b.csv',
    ]);
    expect(head({ status: 404, outcome: 'HTTP 404' })).toEqual([
      's3:GetObject arn:aws:s3:::files/in/a b.csv',
      's3:ListBucket arn:aws:s3:::files',
    ]);
  });

  test('to open a session are the warehouse by its id and the sign-in, to continue in it the warehouse', () => {
    const submitted = (details: Record<string, string>): readonly string[] =>
      needed(call('redshift-data', 'ExecuteStatement', { details }));
    expect(submitted({ workgroup: 'etl', database: 'dev' })).toEqual([
      'redshift-data:ExecuteStatement arn:aws:redshift-serverless:us-east-1:000000000000:workgroup/id-1',
      'redshift-serverless:GetCredentials arn:aws:redshift-serverless:us-east-1:000000000000:workgroup/id-1',
    ]);
    expect(submitted({ cluster: 'old', database: 'dev', user: 'etl_user' })).toEqual([
      'redshift-data:ExecuteStatement arn:aws:redshift:us-east-1:000000000000:cluster:old',
      'redshift:GetClusterCredentials arn:aws:redshift:us-east-1:000000000000:dbuser:old/etl_user',
      'redshift:GetClusterCredentials arn:aws:redshift:us-east-1:000000000000:dbname:old/dev',
    ]);
    expect(submitted({ cluster: 'old', database: 'dev', secret: 'arn:secret' })).toEqual([
      'redshift-data:ExecuteStatement arn:aws:redshift:us-east-1:000000000000:cluster:old',
      'secretsmanager:GetSecretValue arn:secret',
    ]);
    expect(submitted({ session: 's' })).toEqual([`redshift-data:ExecuteStatement ${warehouse.own}`]);
  });

  test('must be known: an unknown call is an error', () => {
    expect(() => needed(call('s3', 'CopyObject', { resource: 'a/b' }))).toThrow(
      'what s3.CopyObject needs is not known here',
    );
    expect(() => needed(call('sts', 'AssumeRole'))).toThrow(
      'what sts.AssumeRole by baton-local-run-step needs',
    );
  });
});

describe('a policy statement', () => {
  const statement: Statement = {
    place: 'x',
    effect: 'Allow',
    actions: ['s3:Get*'],
    resources: ['arn:aws:s3:::files/*'],
    conditions: [],
  };
  const need = { action: 's3:GetObject', resource: 'arn:aws:s3:::files/a', from: 'test' };

  test('allows what its action and resource patterns match', () => {
    expect(allowedBy([statement], need)).toEqual([statement]);
    expect(allowedBy([statement], { ...need, action: 's3:PutObject' })).toEqual([]);
    expect(allowedBy([statement], { ...need, resource: 'arn:aws:s3:::other/a' })).toEqual([]);
    expect(isLike('a.b', 'a?b')).toBe(true);
    expect(isLike('axb', 'a.b')).toBe(false);
  });

  test('allows nothing that another one denies', () => {
    expect(allowedBy([statement, { ...statement, effect: 'Deny' }], need)).toEqual([]);
  });

  test('applies only if its conditions are met', () => {
    const where = (operator: string, key: string, ...values: string[]): readonly Statement[] =>
      allowedBy([{ ...statement, conditions: [{ operator, key, values }] }], {
        ...need,
        context: { 'aws:SourceArn': 'arn:rule/a-1' },
      });
    expect(where('ArnLike', 'aws:SourceArn', 'arn:rule/a-*')).toHaveLength(1);
    expect(where('ArnLike', 'aws:sourcearn', 'arn:rule/b-*')).toHaveLength(0);
    expect(where('StringEquals', 'aws:SourceAccount', '1')).toHaveLength(0);
    expect(where('StringEqualsIfExists', 'aws:SourceAccount', '1')).toHaveLength(1);
    expect(() => where('IpAddress', 'aws:SourceArn', '10.0.0.0/8')).toThrow('IpAddress is not known here');
  });
});
