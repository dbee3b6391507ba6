// @ts-check
/** One dashboard a stage: how runs go, what waits, what was lost, how the functions do. */

const { alarmsOf } = require('./alarms.cjs');
const { queryOf } = require('./log-queries.cjs');

/** @typedef {import('./alarms.cjs').Stage} Stage */

const WIDTH = 24;
const HEIGHT = 6;

/**
 * @param {Stage} stage
 * @returns {Record<string, object>}
 */
function dashboardOf(stage) {
  if (!stage.watching.on) return {};
  const body = JSON.stringify({ start: '-P1D', periodOverride: 'inherit', widgets: widgetsOf(stage) });
  return {
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      // The region stands in every widget.
      Properties: { DashboardName: stage.globalNames ?? stage.name, DashboardBody: { 'Fn::Sub': body } },
    },
  };
}

/** @param {Stage} stage */
function widgetsOf(stage) {
  const { name, functions } = stage;
  const arn = `arn:\${AWS::Partition}:cloudwatch:\${AWS::Region}:\${AWS::AccountId}:alarm:${name}`;
  const alarms = Object.keys(alarmsOf(stage)).map((end) => `${arn}-${end}`);
  /**
   * @param {string} metric
   * @param {object} [options]
   */
  const ours = (metric, options = {}) => ['Baton', metric, 'stage', stage.stage, { stat: 'Sum', ...options }];
  /**
   * @param {string} metric
   * @param {string} statistic
   */
  const byPipeline = (metric, statistic) =>
    stage.pipelineMetrics
      ? [
          {
            expression: `SEARCH('{Baton,stage,pipeline} MetricName="${metric}" stage="${stage.stage}"', '${statistic}', 300)`,
          },
        ]
      : [ours(metric, { stat: statistic })];
  const each = stage.pipelineMetrics ? ', by pipeline' : '';
  /**
   * @param {string} metric
   * @param {string} statistic
   */
  const ofFunctions = (metric, statistic) =>
    functions.map((each) => ['AWS/Lambda', metric, 'FunctionName', each, { stat: statistic }]);
  /**
   * @param {string} queue
   * @param {string} metric
   * @param {object} [options]
   */
  const ofQueue = (queue, metric, options = {}) => [
    'AWS/SQS',
    metric,
    'QueueName',
    `${name}-${queue}`,
    { stat: 'Maximum', label: queue, ...options },
  ];
  return inRows([
    [{ type: 'alarm', properties: { title: `Alarms of stage ${stage.stage}`, alarms } }],
    [
      graph('Runs', [
        ours('RunsStarted'),
        ours('RunsSucceeded'),
        ours('RunsFailed'),
        ours('RunsNeedingDecision'),
        ours('RunsCancelled'),
      ]),
      graph(`Failed${each}`, byPipeline('RunsFailed', 'Sum')),
      graph('Oldest unfinished run (seconds)', [ours('OldestUnfinishedRun', { stat: 'Maximum' })]),
    ],
    [
      graph(`Files waiting for a slot${each}`, byPipeline('FilesWaiting', 'Maximum')),
      graph('Files waiting for a stopped run or a pause', byPipeline('FilesHeldBack', 'Maximum')),
      graph('Runs recovered by the sweep; failed drives; calls rejected by the warehouse', [
        ours('SweepRecovered'),
        ours('RunTroubles'),
        ours('Throttles'),
      ]),
    ],
    [
      graph('Duration of invocations, p99 (ms)', ofFunctions('Duration', 'p99')),
      graph('Errors and throttles of functions', [
        ...ofFunctions('Errors', 'Sum'),
        ...ofFunctions('Throttles', 'Sum'),
      ]),
      graph('Invocations', ofFunctions('Invocations', 'Sum')),
    ],
    [
      graph('Messages', [
        ofQueue('arrivals', 'ApproximateNumberOfMessagesVisible'),
        ofQueue('dead-letters', 'ApproximateNumberOfMessagesVisible'),
      ]),
      graph('Age of the oldest message (seconds)', [
        ofQueue('arrivals', 'ApproximateAgeOfOldestMessage'),
        ofQueue('dead-letters', 'ApproximateAgeOfOldestMessage'),
      ]),
    ],
    [
      {
        type: 'log',
        properties: {
          title: 'Latest warnings and errors',
          region: '${AWS::Region}',
          view: 'table',
          query: [
            functions.map((each) => `SOURCE '/aws/lambda/${each}'`).join(' | '),
            queryOf('warnings and errors'),
          ].join(' | '),
        },
      },
    ],
  ]);
}

/**
 * @param {string} title
 * @param {unknown[]} metrics
 */
function graph(title, metrics) {
  // A search is an expression, and stands in a list of its own.
  const lines = metrics.map((metric) =>
    Array.isArray(metric) ? /** @type {unknown[]} */ (metric) : [metric],
  );
  return {
    type: 'metric',
    properties: { title, region: '${AWS::Region}', view: 'timeSeries', period: 300, metrics: lines },
  };
}

/** @param {object[][]} rows */
function inRows(rows) {
  return rows.flatMap((widgets, row) =>
    widgets.map((widget, column) => {
      const width = WIDTH / widgets.length;
      return { x: column * width, y: row * HEIGHT, width, height: HEIGHT, ...widget };
    }),
  );
}

module.exports = { dashboardOf };
