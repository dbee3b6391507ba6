// @ts-check
/**
 * The parameters of a stage, as `--param`, a section of serverless.yml or the environment gives them. Their names and
 * defaults stand in serverless.yml; here each is read as text, with the place it came from for messages.
 */

const PARAMETERS = [
  'workgroup',
  'workgroupId',
  'cluster',
  'database',
  'dbUser',
  'secretArn',
  'secretKeyArn',
  'statementAccess',
  'observed',
  'otherWorkgroups',
  'otherClusters',
  'copyRole',
  'buckets',
  'landingBucket',
  'artifactsBucket',
  'bucketKeys',
  'takeOver',
  'tableKeyArn',
  'queuesKeyArn',
  'logsKeyArn',
  'topicKeyArn',
  'archiveDays',
  'historyDays',
  'logRetentionDays',
  'protect',
  'watch',
  'pipelineMetrics',
  'alarmsTopic',
  'alarmsEmail',
  'alarmsFormat',
  'oldestRunHours',
  'memory',
  'runStepConcurrency',
  'sweepConcurrency',
  'runQueries',
  'permissionsBoundary',
  'globalNames',
  'subnets',
  'securityGroups',
  'tracing',
  'tags',
];

/** The environment variable with the names of the `--param`s that the command took from baton.yml. */
const FROM_PROJECT_FILE = 'BATON_FROM_PROJECT_FILE';

/**
 * The environment variable of a parameter: `BATON_WORKGROUP_ID` of `workgroupId`.
 *
 * @param {string} parameter
 */
function environmentName(parameter) {
  return `BATON_${parameter.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * @typedef {(variable: string) => Promise<unknown>} ResolveVariable what osls hands to a function in a variable file
 *
 * @typedef {object} Parameters
 * @property {string} stage
 * @property {string} region
 * @property {(name: string) => string} text trimmed; '' where it has no value
 * @property {(name: string) => string} cited `workgroup=etl (BATON_WORKGROUP in the environment)`
 * @property {readonly string[]} unknown names given with --param that are no parameters
 */

/**
 * @param {ResolveVariable} resolveVariable
 * @param {Readonly<Record<string, string | undefined>>} environment
 * @returns {Promise<Parameters>}
 */
async function readParameters(resolveVariable, environment) {
  const stage = asText(await resolveVariable('sls:stage'));
  const region = asText(await resolveVariable('self:provider.region'));
  const onCommandLine = namesIn(await resolveVariable("opt:param, ''"));
  /** @type {Map<string, string>} */
  const values = new Map();
  for (const name of PARAMETERS) values.set(name, asText(await resolveVariable(`param:${name}`)).trim());
  /** @param {string} name */
  const text = (name) => values.get(name) ?? '';
  /** @param {string} name */
  const place = (name) => {
    if (environment[FROM_PROJECT_FILE]?.split(',').includes(name) === true) return 'baton.yml';
    if (onCommandLine.includes(name)) return '--param';
    const variable = environmentName(name);
    const value = environment[variable];
    return value !== undefined && value.trim() === text(name)
      ? `${variable} in the environment`
      : 'params in serverless.yml';
  };
  return {
    stage,
    region,
    text,
    cited: (name) => `${name}=${text(name)} (${place(name)})`,
    unknown: onCommandLine.filter((name) => !PARAMETERS.includes(name)),
  };
}

/**
 * The names of `--param name=value`.
 *
 * @param {unknown} given
 * @returns {string[]}
 */
function namesIn(given) {
  const list = /** @type {unknown[]} */ (Array.isArray(given) ? given : [given]);
  const texts = list.filter((item) => typeof item === 'string');
  return texts.flatMap((text) => (text === '' ? [] : [text.split('=')[0] ?? '']));
}

/**
 * A section of serverless.yml may hold a number or a switch.
 *
 * @param {unknown} value
 */
function asText(value) {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

module.exports = { PARAMETERS, FROM_PROJECT_FILE, environmentName, readParameters };
