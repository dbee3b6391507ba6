import { describe, expect, it } from 'vitest';

import { createUser, databaseUserOf, grantsFor } from '../../cli/query/grants.ts';
import { namedTarget, signedInAs } from '../../cli/aws/warehouse-target.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';

const PLAN = {
  steps: [
    {
      statements: [{ parts: ['/* a step */ SELECT 1'] }],
      lineage: { reads: ['mart.regions', 'loose'], writes: [], shapes: ['mart.shape'] },
    },
    {
      statements: [{ parts: ['CALL Api.publish(', { param: 'run_id' }, ')'] }],
      lineage: { reads: [], writes: ['mart.stores', 'build.made'], redefines: ['build.made'] },
    },
  ],
} as unknown as Plan;

describe('the database user of the functions', () => {
  it('is the named one, else that of their role, else the one in the secret', () => {
    const role = { BATON_ROLE_NAME: 'baton-dev-functions' };
    const target = { WorkgroupName: 'etl', Database: 'dev' };
    expect(databaseUserOf({ ...target, DbUser: 'etl' }, role)).toBe('etl');
    expect(databaseUserOf(target, role)).toBe('IAMR:baton-dev-functions');
    expect(databaseUserOf({ ...target, SecretArn: 'arn' }, role)).toBeUndefined();
    expect(databaseUserOf(target, {})).toBeUndefined();
  });
});

describe('the warehouse of baton query and setup', () => {
  const own = { WorkgroupName: 'etl', Database: 'dev', SecretArn: 'own' };

  it('is the one of that name in the deployment, else one of the same type as the stage’s own', () => {
    const known = { ClusterIdentifier: 'big', Database: 'dev', DbUser: 'etl' };
    const environment = { BATON_WAREHOUSES: JSON.stringify({ big: known }) };
    expect(namedTarget('big', own, environment)).toEqual(known);
    expect(namedTarget('other', own, environment)).toEqual({ ...own, WorkgroupName: 'other' });
    const cluster = { ClusterIdentifier: 'c', Database: 'dev' };
    expect(namedTarget('d', cluster, {})).toEqual({ ClusterIdentifier: 'd', Database: 'dev' });
  });

  it('is signed in to without the functions’ own credentials if another user is given', () => {
    expect(signedInAs(own, {})).toBe(own);
    expect(signedInAs(own, { secretArn: 'mine' })).toEqual({ ...own, SecretArn: 'mine' });
    expect(signedInAs({ ClusterIdentifier: 'c', Database: 'dev', SecretArn: 's' }, { dbUser: 'me' })).toEqual(
      {
        ClusterIdentifier: 'c',
        Database: 'dev',
        DbUser: 'me',
      },
    );
  });
});

describe('the privileges that the functions need', () => {
  it('cover the markers, temporary tables, and tables that pipelines name with a schema', () => {
    const to = 'TO "IAMR:x"';
    expect(grantsFor('IAMR:x', 'dev', [PLAN])).toEqual([
      `GRANT TEMP ON DATABASE "dev" ${to}`,
      `GRANT USAGE ON SCHEMA baton ${to}`,
      `GRANT SELECT, INSERT ON baton.step_marker ${to}`,
      `GRANT USAGE ON SCHEMA api ${to}`,
      `GRANT USAGE ON SCHEMA build ${to}`,
      `GRANT USAGE ON SCHEMA mart ${to}`,
      `GRANT CREATE ON SCHEMA build ${to}`,
      `GRANT EXECUTE ON ALL PROCEDURES IN SCHEMA api ${to}`,
      `GRANT SELECT ON mart.regions ${to}`,
      `GRANT SELECT ON mart.shape ${to}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON mart.stores ${to}`,
    ]);
  });

  it('quote every name, whatever characters it has', () => {
    expect(createUser('a"b')).toBe('CREATE USER "a""b" PASSWORD DISABLE');
    expect(grantsFor('a"b', 'd"b', [])[0]).toBe('GRANT TEMP ON DATABASE "d""b" TO "a""b"');
  });
});
