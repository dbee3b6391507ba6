// @ts-check
/**
 * Which warehouse a stage runs on, who signs in to it, and what the functions' role may do there. Pipelines may name
 * other ones (`warehouse:`): of these only what a pipeline names is granted.
 */

const { arn, isKeyArn, regionOfArn } = require('./arn.cjs');
const { listOf } = require('./settings.cjs');

/**
 * @typedef {import('./parameters.cjs').Parameters} Parameters
 * @typedef {InstanceType<typeof import('./problems.cjs').Problems>} Problems
 *
 * @typedef {{ pipeline: string, warehouse?: string }} Plan
 *
 * @typedef {object} Warehouse
 * @property {'workgroup' | 'cluster'} kind
 * @property {string} name
 * @property {string} [id] of a workgroup: its ARN holds the id, not the name
 * @property {string} [dbUser] of a cluster
 * @property {string} [secretArn] without it and `dbUser` the role itself signs in (IAM)
 */

/** https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_ExecuteStatement.html */
const WORKGROUP = /^[a-z0-9-]{3,63}$/;
const CLUSTER = /^(?=.{1,63}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const WORKGROUP_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DATABASE = /^[A-Za-z_][\w$-]{0,126}$/;
const DB_USER = /^[A-Za-z_][\w.+@-]{0,126}$/;
/** A `!` is in the names of secrets that a service manages: secret:redshift!NAME. */
const SECRET = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]+$/;
const OBSERVED = /^(\w+=\w+(\s*,\s*\w+=\w+)*)?$/;

const HOW_TO_FIND =
  '(aws redshift-serverless get-workgroup --workgroup-name NAME --query workgroup.workgroupId)';

/**
 * @param {Parameters} parameters
 * @param {readonly Plan[]} plans
 * @param {Problems} problems
 */
function warehouseOf(parameters, plans, problems) {
  const main = mainWarehouse(parameters, problems);
  const others = [...otherWorkgroups(parameters, problems), ...otherClusters(parameters, problems)];
  const used = usedOf(parameters, plans, main, others, problems);
  const database = parameters.text('database');
  if (!DATABASE.test(database)) {
    problems.add(parameters.cited('database'), 'must be the name of a database of the warehouse');
  }
  const secretKey = secretKeyOf(parameters, [main, ...others], problems);
  const access = accessOf(parameters, problems);
  for (const { name, secretArn } of [main, ...others]) {
    if (secretArn === undefined || !SECRET.test(secretArn)) continue;
    const region = regionOfArn(secretArn);
    if (region === parameters.region) continue;
    problems.add(
      `the secret of warehouse ${name} (${secretArn}) is in ${region}`,
      `the Data API reads secrets of its own Region only: use one in ${parameters.region}`,
    );
  }
  // Deployed functions behave the same either way; the local warehouse reads it (local/redshift/protocol/switches.ts).
  if (!OBSERVED.test(parameters.text('observed'))) {
    problems.add(
      parameters.cited('observed'),
      'must be NAME=VALUE,NAME=VALUE, as baton doctor --probe prints it',
    );
  }
  const none = { Ref: 'AWS::NoValue' };
  return {
    environment: {
      workgroup: main.kind === 'workgroup' ? main.name : none,
      cluster: main.kind === 'cluster' ? main.name : none,
      database,
      dbUser: main.dbUser ?? none,
      secretArn: main.secretArn ?? none,
      others:
        used.length === 0
          ? none
          : JSON.stringify(Object.fromEntries(used.map((each) => connectionOf(each, database)))),
    },
    statements: statementsOf([main, ...used], database, secretKey, access),
  };
}

/**
 * @param {Parameters} parameters
 * @param {Problems} problems
 * @returns {Warehouse}
 */
function mainWarehouse({ stage, text, cited }, problems) {
  const [workgroup, id, cluster, dbUser, secretArn] = [
    text('workgroup'),
    text('workgroupId'),
    text('cluster'),
    text('dbUser'),
    text('secretArn'),
  ];
  if (workgroup === '' && cluster === '') {
    problems.add(
      `stage "${stage}" has no warehouse`,
      'set --param workgroup=NAME --param workgroupId=ID (Redshift Serverless) or --param cluster=NAME, or the same ' +
        'for the stage in baton.yml, or BATON_WORKGROUP and BATON_WORKGROUP_ID or BATON_CLUSTER in the environment',
    );
  } else if (workgroup !== '' && cluster !== '') {
    problems.add(
      `${cited('workgroup')} and ${cited('cluster')}`,
      'a stage uses one warehouse: set one of them',
    );
  } else if (workgroup !== '' && id === '') {
    problems.add(
      `${cited('workgroup')} without its id, which its ARN ends in`,
      `set --param workgroupId=ID ${HOW_TO_FIND}`,
    );
  } else if (workgroup === '' && id !== '') {
    problems.add(
      `${cited('workgroupId')} without a workgroup`,
      'set its name too, workgroup=NAME, or neither',
    );
  } else if (workgroup !== '' && dbUser !== '') {
    problems.add(
      `${cited('dbUser')} with ${cited('workgroup')}`,
      'only a cluster issues temporary credentials for a database user: remove it (the role signs in), or set secretArn',
    );
  }
  if (dbUser !== '' && secretArn !== '') {
    problems.add(
      `${cited('dbUser')} and ${cited('secretArn')}`,
      'both choose the database user: set one of them',
    );
  }
  /**
   * @param {string} name
   * @param {RegExp} pattern
   * @param {string} remedy
   */
  const check = (name, pattern, remedy) => {
    if (text(name) !== '' && !pattern.test(text(name))) problems.add(cited(name), remedy);
  };
  check(
    'workgroup',
    WORKGROUP,
    'must be its name: 3 to 63 lower-case letters, digits and hyphens, not an ARN or endpoint',
  );
  check('workgroupId', WORKGROUP_ID, `must be the part after workgroup/ in its ARN ${HOW_TO_FIND}`);
  check(
    'cluster',
    CLUSTER,
    'must be its identifier: lower-case letters, digits and hyphens, not an ARN or endpoint',
  );
  check('dbUser', DB_USER, 'must be the name of an existing database user');
  check(
    'secretArn',
    SECRET,
    'must be the complete ARN, arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX',
  );
  return {
    ...(workgroup === ''
      ? { kind: /** @type {const} */ ('cluster'), name: cluster }
      : { kind: /** @type {const} */ ('workgroup'), name: workgroup, id }),
    ...(dbUser !== '' && { dbUser }),
    ...(secretArn !== '' && { secretArn }),
  };
}

/**
 * `name=id`, `name=id=secret ARN`
 *
 * @param {Parameters} parameters
 * @param {Problems} problems
 * @returns {Warehouse[]}
 */
function otherWorkgroups(parameters, problems) {
  return listOf(parameters.text('otherWorkgroups')).flatMap((entry) => {
    const [name = '', id = '', secretArn] = partsOf(entry);
    if (
      WORKGROUP.test(name) &&
      WORKGROUP_ID.test(id) &&
      (secretArn === undefined || SECRET.test(secretArn))
    ) {
      return [{ kind: 'workgroup', name, id, ...(secretArn !== undefined && { secretArn }) }];
    }
    problems.add(
      `${parameters.cited('otherWorkgroups')}: "${entry}"`,
      `must be NAME=ID or NAME=ID=SECRET_ARN, separated by commas ${HOW_TO_FIND}`,
    );
    return [];
  });
}

/**
 * `name`, `name=database user`, `name=secret ARN`
 *
 * @param {Parameters} parameters
 * @param {Problems} problems
 * @returns {Warehouse[]}
 */
function otherClusters(parameters, problems) {
  return listOf(parameters.text('otherClusters')).flatMap((entry) => {
    const [name = '', ...rest] = partsOf(entry);
    const identity = rest.length === 0 ? undefined : rest.join('=');
    /** @type {Warehouse} */
    const cluster = { kind: 'cluster', name };
    if (CLUSTER.test(name)) {
      if (identity === undefined) return [cluster];
      if (SECRET.test(identity)) return [{ ...cluster, secretArn: identity }];
      if (DB_USER.test(identity)) return [{ ...cluster, dbUser: identity }];
    }
    problems.add(
      `${parameters.cited('otherClusters')}: "${entry}"`,
      'must be NAME, NAME=DATABASE_USER or NAME=SECRET_ARN, separated by commas',
    );
    return [];
  });
}

/** @param {string} entry */
function partsOf(entry) {
  const [name = '', second, ...rest] = entry.split('=').map((part) => part.trim());
  return [name, ...(second === undefined ? [] : [second]), ...(rest.length === 0 ? [] : [rest.join('=')])];
}

/**
 * The other warehouses that pipelines name.
 *
 * @param {Parameters} parameters
 * @param {readonly Plan[]} plans
 * @param {Warehouse} main
 * @param {readonly Warehouse[]} others
 * @param {Problems} problems
 */
function usedOf({ stage }, plans, main, others, problems) {
  /** @type {Map<string, Warehouse>} */
  const known = new Map();
  for (const warehouse of others) {
    if (warehouse.name === main.name || known.has(warehouse.name)) {
      problems.add(
        `two warehouses are called ${warehouse.name}`,
        'names must be unique across cluster, workgroup, otherClusters and otherWorkgroups',
      );
    }
    known.set(warehouse.name, warehouse);
  }
  /** @type {Set<Warehouse>} */
  const used = new Set();
  for (const { pipeline, warehouse: name } of plans) {
    if (name === undefined || name === main.name) continue;
    const found = known.get(name);
    if (found !== undefined) used.add(found);
    // The local warehouse asks for no permission.
    else if (stage !== 'local') {
      problems.add(
        `pipeline ${pipeline} uses warehouse ${name}, but stage "${stage}" has only ${[main.name, ...known.keys()].join(', ')}`,
        `use one of these in its pipeline.yml, or set --param otherWorkgroups=${name}=ID or --param otherClusters=${name}`,
      );
    }
  }
  return [...used];
}

/**
 * @param {Parameters} parameters
 * @param {readonly Warehouse[]} warehouses
 * @param {Problems} problems
 */
function secretKeyOf({ text, cited, region }, warehouses, problems) {
  const key = text('secretKeyArn');
  if (key === '') return undefined;
  if (!isKeyArn(key)) {
    problems.add(cited('secretKeyArn'), 'must be the ARN of a KMS key, arn:aws:kms:REGION:ACCOUNT:key/ID');
  } else if (regionOfArn(key) !== region) {
    problems.add(cited('secretKeyArn'), `a key works in its own Region only: use one in ${region}`);
  }
  if (!warehouses.some(({ secretArn }) => secretArn !== undefined)) {
    problems.add(`${cited('secretKeyArn')} without a secret`, 'set secretArn too, or neither');
  }
  return key;
}

/**
 * What statements may be sent to. No page of AWS says which resource it checks for a call that names a session only, and
 * two pages write the ARN of a workgroup differently.
 *
 * @typedef {'warehouse' | 'both-arns' | 'any'} Access
 *
 * @param {Parameters} parameters
 * @param {Problems} problems
 * @returns {Access}
 */
function accessOf({ text, cited }, problems) {
  const access = text('statementAccess');
  if (access === '' || access === 'warehouse') return 'warehouse';
  if (access === 'both-arns' || access === 'any') return access;
  problems.add(cited('statementAccess'), 'must be warehouse, both-arns or any');
  return 'warehouse';
}

/**
 * As the functions hand it to the Data API.
 *
 * @param {Warehouse} warehouse
 * @param {string} database
 * @returns {[string, object]}
 */
function connectionOf({ kind, name, dbUser, secretArn }, database) {
  return [
    name,
    {
      [kind === 'workgroup' ? 'WorkgroupName' : 'ClusterIdentifier']: name,
      Database: database,
      ...(dbUser !== undefined && { DbUser: dbUser }),
      ...(secretArn !== undefined && { SecretArn: secretArn }),
    },
  ];
}

/**
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonredshiftdataapi.html
 * https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-access.html
 *
 * @param {readonly Warehouse[]} warehouses
 * @param {string} database
 * @param {string | undefined} secretKey
 * @param {Access} access
 */
function statementsOf(warehouses, database, secretKey, access) {
  const byIam = warehouses.filter(({ dbUser, secretArn }) => dbUser === undefined && secretArn === undefined);
  const workgroupsByIam = byIam.filter(({ kind }) => kind === 'workgroup');
  const clustersByIam = byIam.filter(({ kind }) => kind === 'cluster');
  const withUser = warehouses.filter(({ dbUser }) => dbUser !== undefined);
  return [
    // Submit statements, open and use sessions.
    ...allow(
      'SubmitStatements',
      ['redshift-data:ExecuteStatement', 'redshift-data:BatchExecuteStatement'],
      access === 'any'
        ? '*'
        : warehouses.flatMap(({ kind, name, id = '' }) =>
            kind === 'cluster'
              ? [clusterArn('cluster', name)]
              : [workgroupArn(id), ...(access === 'both-arns' ? [otherWorkgroupArn(id)] : [])],
          ),
    ),
    // The first call of a session signs in, as IAMR:<the role> ...
    ...allow(
      'SignInToWorkgroup',
      'redshift-serverless:GetCredentials',
      workgroupsByIam.map(({ id = '' }) => workgroupArn(id)),
    ),
    ...allow(
      'SignInToCluster',
      'redshift:GetClusterCredentialsWithIAM',
      clustersByIam.map(({ name }) => clusterArn('dbname', `${name}/${database}`)),
    ),
    // ... or as a database user that exists: none is created, no group joined ...
    ...allow(
      'SignInAsDatabaseUser',
      'redshift:GetClusterCredentials',
      withUser.flatMap(({ name, dbUser = '' }) => [
        clusterArn('dbuser', `${name}/${dbUser}`),
        clusterArn('dbname', `${name}/${database}`),
      ]),
    ),
    // ... or as the user of a secret, which the Data API reads with its caller's rights.
    ...allow(
      'SignInWithSecret',
      'secretsmanager:GetSecretValue',
      warehouses.flatMap(({ secretArn }) => secretArn ?? []),
    ),
    ...(secretKey === undefined
      ? []
      : [
          {
            ...allow('DecryptSecret', 'kms:Decrypt', [secretKey])[0],
            Condition: { StringLike: { 'kms:ViaService': 'secretsmanager.*' } },
          },
        ]),
  ];
}

/**
 * @param {string} Sid
 * @param {string | string[]} Action
 * @param {readonly unknown[] | '*'} Resource
 */
function allow(Sid, Action, Resource) {
  return Resource.length === 0 ? [] : [{ Sid, Effect: 'Allow', Action, Resource }];
}

/** @param {string} id */
function workgroupArn(id) {
  return arn(`redshift-serverless:\${AWS::Region}:\${AWS::AccountId}:workgroup/${id}`);
}

/**
 * As examples in the Redshift management guide write it; the authorization reference has the form above. Not tried which
 * of them AWS compares.
 *
 * @param {string} id
 */
function otherWorkgroupArn(id) {
  return arn(`redshift:\${AWS::Region}:\${AWS::AccountId}:workgroup/${id}`);
}

/**
 * @param {'cluster' | 'dbname' | 'dbuser'} kind
 * @param {string} name
 */
function clusterArn(kind, name) {
  return arn(`redshift:\${AWS::Region}:\${AWS::AccountId}:${kind}:${name}`);
}

module.exports = { warehouseOf };
