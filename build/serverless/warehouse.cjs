// @ts-check
/**
 * Which warehouse a stage runs on, from the stage's parameters: read by serverless.yml, checked here. A pipeline may
 * name another one of the same kind (`warehouse:`), which needs the same permissions.
 */

const { stageProblem } = require('./stage.cjs');

/**
 * @typedef {object} Variables what osls hands to a function in a variable file
 * @property {(variable: string) => Promise<unknown>} resolveVariable
 *
 * @typedef {{ plans: readonly { pipeline: string, warehouse?: string }[] }} Plans
 */

/** @param {Variables} variables */
module.exports = async function warehouse({ resolveVariable }) {
  /** @param {string} variable */
  const text = async (variable) =>
    (/** @type {string | null} */ (await resolveVariable(variable)) ?? '').trim();
  const stage = await text('sls:stage');
  const workgroup = await text('param:workgroup');
  const workgroupId = await text('param:workgroupId');
  const cluster = await text('param:cluster');
  const database = await text('param:database');
  const named = /** @type {Plans | null} */ (await resolveVariable('file(.build/plans.json)'))?.plans ?? [];

  const problem = stageProblem(stage);
  if (problem !== undefined) throw refusal(problem);
  if (workgroup === '' && cluster === '') {
    throw refusal(
      `stage "${stage}" has no warehouse: give --param workgroup=NAME --param workgroupId=ID (Redshift Serverless) or ` +
        '--param cluster=NAME, or the same under params in serverless.yml, or BATON_WORKGROUP and ' +
        'BATON_WORKGROUP_ID or BATON_CLUSTER in the environment',
    );
  }
  if (workgroup !== '' && cluster !== '') {
    throw refusal(
      `stage "${stage}" names a workgroup (${workgroup}) and a cluster (${cluster}): give one of them`,
    );
  }
  if (workgroup !== '' && workgroupId === '') {
    throw refusal(
      `stage "${stage}": the id of workgroup ${workgroup} is missing, ${howToGive('workgroupId=ID')}`,
    );
  }

  const none = { Ref: 'AWS::NoValue' };
  const own = workgroup || cluster;
  const others = named.filter((plan) => plan.warehouse !== undefined && plan.warehouse !== own);
  if (cluster !== '') {
    const clusters = [...new Set([cluster, ...others.map((plan) => plan.warehouse)])];
    return {
      environment: { workgroup: none, cluster },
      database,
      runsOn: clusters.map((name) => arn(`redshift:\${AWS::Region}:\${AWS::AccountId}:cluster:${name}`)),
      signIn: 'redshift:GetClusterCredentialsWithIAM',
      signsInTo: clusters.map((name) =>
        arn(`redshift:\${AWS::Region}:\${AWS::AccountId}:dbname:${name}/${database}`),
      ),
    };
  }
  const otherIds = idsOf(await text('param:otherWorkgroups'));
  const ids = new Set([workgroupId]);
  for (const { pipeline, warehouse: name = '' } of others) {
    const id = otherIds.get(name);
    if (id !== undefined) ids.add(id);
    // The local warehouse asks for no permission.
    else if (stage !== 'local') {
      throw refusal(
        `stage "${stage}": the id of workgroup ${name}, which pipeline ${pipeline} runs on, is missing, ` +
          howToGive(`otherWorkgroups=${name}=ID,...`),
      );
    }
  }
  const workgroups = [...ids].map((id) =>
    arn(`redshift-serverless:\${AWS::Region}:\${AWS::AccountId}:workgroup/${id}`),
  );
  return {
    environment: { workgroup, cluster: none },
    database,
    runsOn: workgroups,
    signIn: 'redshift-serverless:GetCredentials',
    signsInTo: workgroups,
  };
};

/** @param {string} parameter */
function howToGive(parameter) {
  return (
    `which its ARN ends in: give --param ${parameter} ` +
    '(aws redshift-serverless get-workgroup --workgroup-name ... --query workgroup.workgroupId)'
  );
}

/** @param {string} rest */
function arn(rest) {
  return { 'Fn::Sub': `arn:\${AWS::Partition}:${rest}` };
}

/**
 * `name=id,name=id`
 *
 * @param {string} text
 * @returns {Map<string, string>}
 */
function idsOf(text) {
  const pairs = text.split(',').map((pair) => pair.split('=').map((part) => part.trim()));
  return new Map(pairs.map(([name = '', id = '']) => [name, id]));
}

/**
 * osls prints the stack where there is one; here the message says all.
 *
 * @param {string} message
 */
function refusal(message) {
  const error = new Error(message);
  error.stack = '';
  return error;
}
