// @ts-check
/** Which warehouse a stage runs on, from the stage's parameters: read by serverless.yml, checked here. */

const { stageProblem } = require('./stage.cjs');

/**
 * @typedef {object} Variables what osls hands to a function in a variable file
 * @property {(variable: string) => Promise<string | null>} resolveVariable the variables read here are texts
 */

/** @param {Variables} variables */
module.exports = async function warehouse({ resolveVariable }) {
  /** @param {string} name */
  const param = async (name) => ((await resolveVariable(`param:${name}`)) ?? '').trim();
  const stage = (await resolveVariable('sls:stage')) ?? '';
  const [workgroup, workgroupId, cluster, database] = [
    await param('workgroup'),
    await param('workgroupId'),
    await param('cluster'),
    await param('database'),
  ];

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
      `stage "${stage}": the id of workgroup ${workgroup} is missing, which its ARN ends in: give --param ` +
        'workgroupId=ID (aws redshift-serverless get-workgroup --workgroup-name ... --query workgroup.workgroupId)',
    );
  }
  const none = { Ref: 'AWS::NoValue' };
  return {
    kind: workgroup === '' ? 'cluster' : 'workgroup',
    environment: { workgroup: workgroup || none, cluster: cluster || none },
    workgroupId,
    cluster,
    database,
  };
};

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
