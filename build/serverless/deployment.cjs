// @ts-check
/**
 * All that serverless.yml takes from the stage's parameters and from the pipelines (.build/plans.json): read and checked
 * here, once, so that a missing or contradictory parameter stops before anything is made.
 */
const process = require('node:process');

const { alarmResources } = require('./alarms.cjs');
const { sourcesOf } = require('./arrivals.cjs');
const { bucketsOf } = require('./buckets.cjs');
const { dashboardOf } = require('./dashboard.cjs');
const { logQueriesOf } = require('./log-queries.cjs');
const { PARAMETERS, readParameters } = require('./parameters.cjs');
const { policiesOf } = require('./people.cjs');
const { Problems } = require('./problems.cjs');
const { settingsOf } = require('./settings.cjs');
const { stageProblem } = require('./stage.cjs');
const { ruleArn, ruleArns, triggerResources } = require('./triggers.cjs');
const { warehouseOf } = require('./warehouse.cjs');

const FUNCTIONS = ['start-run', 'run-step', 'sweep', 'operate'];

/**
 * @typedef {import('./warehouse.cjs').Plan & import('./triggers.cjs').Plan} Plan
 * @typedef {{ plans: readonly Plan[] }} Plans
 */

/**
 * What osls asks for.
 *
 * @param {{ resolveVariable: import('./parameters.cjs').ResolveVariable }} variables
 */
async function deployment({ resolveVariable }) {
  const parameters = await readParameters(resolveVariable, process.env);
  const found = /** @type {Plans | null} */ (await resolveVariable('file(.build/plans.json)'));
  if (found === null) throw new Error('.build/plans.json is missing: create it with `baton package`');
  return deploymentOf(parameters, found.plans);
}

/**
 * @param {import('./parameters.cjs').Parameters} parameters
 * @param {readonly Plan[]} plans
 * @throws Error that names every problem
 */
function deploymentOf(parameters, plans) {
  const problems = new Problems();
  const { stage, unknown } = parameters;
  const name = `baton-${stage}`;
  const stageIsWrong = stageProblem(stage);
  if (stageIsWrong !== undefined) throw new Error(stageIsWrong);
  for (const each of unknown)
    problems.add(`--param ${each}: unknown parameter`, `known are ${PARAMETERS.join(', ')}`);

  const settings = settingsOf(parameters, problems);
  const warehouse = warehouseOf(parameters, plans, problems);
  const { landing, artifacts, keys, resources } = bucketsOf(parameters, settings.historyDays, problems);
  const { archiveDays, oldestRunHours, permissionsBoundary, pipelineMetrics, watching } = settings;
  const triggers = triggerResources(
    plans,
    { stage, name, landing, artifacts, archiveDays, permissionsBoundary },
    problems,
  );
  problems.throwIfAny();

  const sources = sourcesOf(plans, landing);
  const functions = FUNCTIONS.map((each) => `${name}-${each}`);
  const watched = { stage, name, functions, oldestRunHours, pipelineMetrics, watching };
  return {
    ...settings,
    pipelineMetrics: String(pipelineMetrics),
    warehouse: warehouse.environment,
    logs: functions.map(logStreams),
    // What the functions' role may do that depends on parameters.
    statements: [...warehouse.statements, ...keyStatementsOf(keys)],
    landing: { name: landing, ...sources },
    // Who may fill the queues.
    arrivalRules: ruleArns(name),
    deadLetterRules: [...ruleArns(name), ruleArn(`${name}-request`)],
    artifacts: {
      name: artifacts,
      manifests: { 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${artifacts}/manifests/*` },
    },
    resources: {
      ...resources,
      ...triggers,
      ...policiesOf({ name, artifacts, keys, ...sources }),
      ...alarmResources(watched),
      ...dashboardOf(watched),
      ...logQueriesOf(watched),
    },
  };
}

/** @param {string} functionName */
function logStreams(functionName) {
  return {
    'Fn::Sub': `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${functionName}:*`,
  };
}

/**
 * To look at files, and to write manifests, in buckets that are encrypted with a customer's key.
 *
 * @param {readonly string[]} keys
 */
function keyStatementsOf(keys) {
  if (keys.length === 0) return [];
  return [
    {
      Sid: 'UseBucketKeys',
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: keys,
      Condition: { StringLike: { 'kms:ViaService': 's3.*' } },
    },
  ];
}

module.exports = { deployment };
