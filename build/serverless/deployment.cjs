// @ts-check
/**
 * All that serverless.yml takes from the stage's parameters and from the pipelines (plans.json): read and checked
 * here, once, so that a missing or contradictory parameter stops before anything is made.
 */
const process = require('node:process');

const { alarmResources } = require('./alarms.cjs');
const { sourcesOf } = require('./arrivals.cjs');
const { bucketsOf, nameInTemplate } = require('./buckets.cjs');
const { arn } = require('./arn.cjs');
const { dashboardOf } = require('./dashboard.cjs');
const { functionStatements, keysOf } = require('./keys.cjs');
const { networkStatements, tracingStatements } = require('./lambda-rights.cjs');
const { logQueriesOf } = require('./log-queries.cjs');
const { messageResources, ruleName } = require('./messages.cjs');
const { PARAMETERS, readParameters } = require('./parameters.cjs');
const { policiesOf } = require('./people.cjs');
const { Problems } = require('./problems.cjs');
const { settingsOf } = require('./settings.cjs');
const { stageProblem } = require('./stage.cjs');
const { tableOf } = require('./table.cjs');
const { ruleArn, ruleArns, triggerResources } = require('./triggers.cjs');
const { warehouseOf } = require('./warehouse.cjs');

const NO_VALUE = { Ref: 'AWS::NoValue' };
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
  // First of all: where nothing was packaged, parameters do not matter.
  const found = /** @type {Plans | ''} */ (await resolveVariable("file(plans.json), ''"));
  if (found === '') throw refusal();
  return deploymentOf(await readParameters(resolveVariable, process.env), found.plans);
}

/** osls was started beside the sources, where there are neither functions nor pipelines to deploy. */
function refusal() {
  const error = new Error(
    'osls deploys what baton has packaged, and this folder has the sources only. Run one of these instead: ' +
      'npx baton package --stage NAME, npx baton deploy --stage NAME, npx baton remove --stage NAME',
  );
  // osls prints the stack where there is one.
  error.stack = '';
  return error;
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
  const { landing, artifacts, keys: bucketKeys, resources } = bucketsOf(parameters, settings, problems);
  const keys = { ...keysOf(parameters, problems), bucketKeys };
  const { archiveDays, oldestRunHours, permissionsBoundary, pipelineMetrics, watching, globalNames } =
    settings;
  const triggers = triggerResources(
    plans,
    { stage, name, landing, artifacts, archiveDays, permissionsBoundary, globalNames, ...keys },
    problems,
  );
  problems.throwIfAny();

  const sources = sourcesOf(plans, landing);
  const functions = FUNCTIONS.map((each) => `${name}-${each}`);
  const watched = { stage, name, globalNames, functions, oldestRunHours, pipelineMetrics, watching, ...keys };
  const table = tableOf(name, { ...settings, ...keys });
  return {
    ...settings,
    pipelineMetrics: String(pipelineMetrics),
    runQueries: String(settings.runQueries),
    warehouse: warehouse.environment,
    logs: functions.map(logStreams),
    // What the functions' role may do that depends on parameters.
    statements: [
      ...warehouse.statements,
      ...functionStatements(keys),
      ...networkStatements(settings, functions),
      ...tracingStatements(settings),
    ],
    table,
    landing: { name: nameInTemplate(landing), ...sources },
    // Who may fill the queues.
    arrivalRules: ruleArns(name),
    deadLetterRules: [...ruleArns(name), ruleArn(`${name}-request`), ruleArn(ruleName(name))],
    artifacts: {
      name: nameInTemplate(artifacts),
      manifests: arn(`s3:::${artifacts}/manifests/*`),
    },
    queueEncryption: {
      own: keys.queuesKey === '' ? true : NO_VALUE,
      key: keys.queuesKey === '' ? NO_VALUE : keys.queuesKey,
    },
    resources: {
      ...table.resources,
      ...resources,
      ...triggers,
      ...policiesOf({ name, globalNames, table, artifacts, keys, ...sources }),
      ...alarmResources(watched),
      ...messageResources(watched),
      ...dashboardOf(watched),
      ...logQueriesOf(watched),
      ...logGroupsOf(keys),
    },
  };
}

/** @param {string} functionName */
function logStreams(functionName) {
  return arn(`logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${functionName}:*`);
}

/**
 * What is added to the log groups that osls makes of the functions.
 *
 * @param {{ logsKey: string }} keys
 * @returns {Record<string, object>}
 */
function logGroupsOf({ logsKey }) {
  if (logsKey === '') return {};
  return Object.fromEntries(
    ['StartRun', 'RunStep', 'Sweep', 'Operate'].map((each) => [
      `${each}LogGroup`,
      { Type: 'AWS::Logs::LogGroup', Properties: { KmsKeyId: logsKey } },
    ]),
  );
}

module.exports = { deployment };
