import { expect, test } from 'vitest';

import { autoWaitMsAt, readConfig } from '../../shared/middleware/config.ts';

const env = {
  BATON_STAGE: 'dev',
  BATON_TABLE: 'baton-dev',
  BATON_LANDING_BUCKET: 'files',
  BATON_ARTIFACTS_BUCKET: 'manifests',
  BATON_ROLE_NAME: 'baton-dev-functions',
  BATON_WORKGROUP: 'etl',
};

test('the environment of the template is accepted', () => {
  const others = {
    reporting: { WorkgroupName: 'reporting', Database: 'mart' },
    old: { ClusterIdentifier: 'old', Database: 'mart', DbUser: 'etl' },
  };
  const config = readConfig({
    ...env,
    BATON_DATABASE: 'mart',
    BATON_WAREHOUSES: JSON.stringify(others),
    BATON_HISTORY_DAYS: '90',
  });
  expect(config.connection).toEqual({ WorkgroupName: 'etl', Database: 'mart' });
  expect(config.warehouses).toEqual(others);
  expect(config.historyDays).toBe(90);
});

test('missing settings have default values', () => {
  const config = readConfig(env);
  expect(config.connection).toEqual({ WorkgroupName: 'etl', Database: 'dev' });
  expect(config.warehouses).toEqual({});
  expect(config.historyDays).toBe(400);
  expect(config.copyRole).toBe('default');
});

test('steps are waited for where their statements take up to a second on average at 256 MB, and less with more memory', () => {
  expect([undefined, '128', '256', '512', '1024', '3008'].map(autoWaitMsAt)).toEqual([
    1_200, 1_200, 1_200, 600, 300, 102,
  ]);
});

test('the reserved concurrency of run-step is known where it is set', () => {
  expect(readConfig(env)).not.toHaveProperty('runStepConcurrency');
  expect(readConfig({ ...env, BATON_RUN_STEP_CONCURRENCY: '12' }).runStepConcurrency).toBe(12);
});

test('every invalid setting is reported in one error', () => {
  const wrong = { BATON_CLUSTER: 'old', BATON_DB_USER: 'etl', BATON_SECRET_ARN: 'arn' };
  expect(() => readConfig({ ...env, ...wrong, BATON_TABLE: '' })).toThrow(
    "the function's environment is invalid: BATON_TABLE is not set; exactly one of BATON_WORKGROUP and BATON_CLUSTER must be set; BATON_DB_USER requires BATON_CLUSTER; BATON_DB_USER and BATON_SECRET_ARN cannot be combined",
  );
});
