import { expect, test } from 'vitest';

import warehouse from '../../build/serverless/warehouse.cjs';

/** The stage dev with these parameters, and pipelines that name these warehouses. */
async function warehouseOf(
  parameters: Readonly<Record<string, string>>,
  named: Readonly<Record<string, string>> = {},
) {
  const plans = Object.entries(named).map(([pipeline, name]) => ({ pipeline, warehouse: name }));
  const variables = new Map<string, unknown>([
    ['sls:stage', 'dev'],
    ['file(.build/plans.json)', { plans: [{ pipeline: 'stores' }, ...plans] }],
    ...Object.entries(parameters).map(([name, value]): [string, string] => [`param:${name}`, value]),
  ]);
  return warehouse({ resolveVariable: async (variable) => Promise.resolve(variables.get(variable) ?? '') });
}

const cluster = (name: string) => ({
  'Fn::Sub': `arn:\${AWS::Partition}:redshift:\${AWS::Region}:\${AWS::AccountId}:cluster:${name}`,
});
const database = (name: string) => ({
  'Fn::Sub': `arn:\${AWS::Partition}:redshift:\${AWS::Region}:\${AWS::AccountId}:dbname:${name}`,
});
const workgroup = (id: string) => ({
  'Fn::Sub': `arn:\${AWS::Partition}:redshift-serverless:\${AWS::Region}:\${AWS::AccountId}:workgroup/${id}`,
});

test('a cluster is granted by name, with those that pipelines name', async () => {
  const found = await warehouseOf(
    { cluster: 'etl', database: 'mart' },
    { reports: 'reporting', more: 'etl' },
  );
  expect(found).toEqual({
    environment: { workgroup: { Ref: 'AWS::NoValue' }, cluster: 'etl' },
    database: 'mart',
    runsOn: [cluster('etl'), cluster('reporting')],
    signIn: 'redshift:GetClusterCredentialsWithIAM',
    signsInTo: [database('etl/mart'), database('reporting/mart')],
  });
});

test('a workgroup is granted by the id that its ARN has, with those that pipelines name', async () => {
  const parameters = {
    workgroup: 'etl',
    workgroupId: 'id-1',
    database: 'dev',
    otherWorkgroups: 'a=id-0, reporting = id-2',
  };
  const found = await warehouseOf(parameters, { reports: 'reporting' });
  expect(found).toEqual({
    environment: { workgroup: 'etl', cluster: { Ref: 'AWS::NoValue' } },
    database: 'dev',
    runsOn: [workgroup('id-1'), workgroup('id-2')],
    signIn: 'redshift-serverless:GetCredentials',
    signsInTo: [workgroup('id-1'), workgroup('id-2')],
  });
});

test('what is missing or contradictory is named, with the parameter to give', async () => {
  await expect(warehouseOf({})).rejects.toThrow(/^stage "dev" has no warehouse: give --param workgroup=NAME/);
  await expect(warehouseOf({ workgroup: 'etl', workgroupId: 'id', cluster: 'old' })).rejects.toThrow(
    'stage "dev" names a workgroup (etl) and a cluster (old): give one of them',
  );
  await expect(warehouseOf({ workgroup: 'etl' })).rejects.toThrow(
    /the id of workgroup etl is missing, .* --param workgroupId=ID/,
  );
  await expect(
    warehouseOf({ workgroup: 'etl', workgroupId: 'id' }, { reports: 'reporting' }),
  ).rejects.toThrow(
    /workgroup reporting, which pipeline reports runs on, is missing, .* --param otherWorkgroups=reporting=ID/,
  );
});
