// @ts-check
/**
 * The alarms, limited to conditions that need someone's attention. Fed by the log lines of
 * shared/middleware/meter.ts and by what AWS measures of functions and queues.
 */

const { publishStatement, topicOf } = require('./messages.cjs');

const FIVE_MINUTES = 300;
const DAY = 86_400;

/** Of the 14 days that a dead letter is kept: these may pass before the last call. */
const DEAD_LETTER_DAYS = 10;

/**
 * @typedef {object} Stage
 * @property {string} stage
 * @property {string} name `baton-<stage>`
 * @property {string} [globalNames] beginning of the dashboard's name, if it is not `name`
 * @property {readonly string[]} functions their names
 * @property {number} oldestRunHours
 * @property {boolean} pipelineMetrics whether metrics are emitted for each pipeline too
 * @property {{ on: boolean, topic: string, email: string, format: import('./messages.cjs').Format }} watching
 * @property {string} [topicKey] ARN of the key of the topic that is made; '': none
 *
 * @typedef {object} Alarm
 * @property {string} metric
 * @property {string} [namespace]
 * @property {Record<string, string>} [dimensions]
 * @property {'Sum' | 'Maximum'} [statistic]
 * @property {number} [threshold] from this on
 * @property {number} [period] seconds
 * @property {number} [periods] all of which must be so
 * @property {'below'} [when] it is below the threshold, or there is nothing to measure
 * @property {string} says what it means and what to do
 */

/**
 * @param {Stage} stage
 * @returns {Record<string, Alarm>} by the end of its name
 */
function alarmsOf({ stage, name, functions, oldestRunHours }) {
  const runs = `npx baton runs --stage ${stage}`;
  const deadLetters = { namespace: 'AWS/SQS', dimensions: { QueueName: `${name}-dead-letters` } };
  const arrivals = { namespace: 'AWS/SQS', dimensions: { QueueName: `${name}-arrivals` } };
  return {
    'run-failed': {
      metric: 'RunsFailed',
      says: `A run failed, and later files wait for it: "${runs} --state failed" shows the error and how to resume it.`,
    },
    'run-needs-decision': {
      metric: 'RunsNeedingDecision',
      says: `A run stopped because Baton cannot tell whether a step was applied: "${runs}", then "baton resolve".`,
    },
    'files-held-back': {
      metric: 'FilesHeldBack',
      statistic: 'Maximum',
      periods: 3,
      says: 'Files have waited for 15 minutes for a run that failed or needs a decision, or because their pipeline is paused: resume or cancel the run, or unpause.',
    },
    'oldest-unfinished-run': {
      metric: 'OldestUnfinishedRun',
      statistic: 'Maximum',
      threshold: oldestRunHours * 3600,
      says: `A run has not ended in ${oldestRunHours} hours: "${runs}" shows its step and its last error.`,
    },
    'sweep-recovered': {
      metric: 'SweepRecovered',
      threshold: 3,
      period: 900,
      says: 'In 15 minutes the sweep recovered three or more stalled runs: events are lost or run-step fails. No data is lost, but runs are delayed. Look at the alarms and the log of run-step, and at the rules statement-ended and run-woken.',
    },
    'run-troubles': {
      metric: 'RunTroubles',
      threshold: 3,
      period: 900,
      says: 'Runs cannot be driven because of a permission, the table or a bug in Baton: the log of the sweep has the error.',
    },
    'warehouse-throttles': {
      metric: 'Throttles',
      threshold: 5,
      periods: 3,
      says: 'The warehouse has rejected calls for 15 minutes: it is throttled, full, paused or resizing. Runs wait and continue by themselves.',
    },
    'dead-letters': {
      ...deadLetters,
      metric: 'ApproximateNumberOfMessagesVisible',
      statistic: 'Maximum',
      says: 'Work that is not retried could not be delivered or processed: a file was not loaded, a schedule or a downstream pipeline did not start, or a request was not carried out. It is in the dead-letter queue with the reason; the alarm clears when the queue is empty.',
    },
    'dead-letters-expire': {
      ...deadLetters,
      metric: 'ApproximateAgeOfOldestMessage',
      statistic: 'Maximum',
      threshold: DEAD_LETTER_DAYS * DAY,
      says: 'A dead letter will be deleted in less than four days, and its work will be lost: process the dead-letter queue.',
    },
    'arrivals-stuck': {
      ...arrivals,
      metric: 'ApproximateAgeOfOldestMessage',
      statistic: 'Maximum',
      threshold: 900,
      says: 'A file event has waited in the queue for 15 minutes: check the log of start-run.',
    },
    // Without the sweep no alarm above can be trusted.
    'sweep-missing': {
      namespace: 'AWS/Lambda',
      dimensions: { FunctionName: `${name}-sweep` },
      metric: 'Invocations',
      threshold: 1,
      when: 'below',
      periods: 2,
      says: `The sweep has not run for ten minutes: runs whose events were lost stall. Check the rule ${name}-sweep.`,
    },
    ...Object.fromEntries(WAKE_UPS.map((rule) => [`${rule}-undelivered`, alarmOfWakeUps(name, rule)])),
    ...Object.fromEntries(functions.flatMap((each) => alarmsOfFunction(name, each))),
  };
}

/** Rules whose events are no dead letters, since the sweep drives the run. Of the sweep's own rule: sweep-missing. */
const WAKE_UPS = ['statement-ended', 'run-woken'];

/**
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
 *
 * @param {string} name
 * @param {string} rule
 * @returns {Alarm}
 */
function alarmOfWakeUps(name, rule) {
  return {
    namespace: 'AWS/Events',
    dimensions: { RuleName: `${name}-${rule}` },
    metric: 'FailedInvocations',
    says: `The rule ${name}-${rule} could not invoke run-step. No data is lost, the sweep drives these runs, but each waits up to two minutes: look at the rule's permission and at run-step-throttled.`,
  };
}

/**
 * What an error of a function, or an invocation that could not start, means for its work.
 *
 * @type {Readonly<Record<string, string>>}
 */
const REPEATED_BY = {
  'start-run':
    'file events stay in the arrivals queue and are retried; after the last retry they become dead letters',
  'run-step': 'no data is lost: the sweep drives the run within two minutes',
  sweep: 'no data is lost: the sweep runs again a minute later',
  operate: 'the command reports it; a request received as an event is retried, then becomes a dead letter',
};

/**
 * @param {string} name
 * @param {string} functionName
 * @returns {[string, Alarm][]}
 */
function alarmsOfFunction(name, functionName) {
  const short = functionName.slice(name.length + 1);
  const common = { namespace: 'AWS/Lambda', dimensions: { FunctionName: functionName } };
  return [
    [
      `${short}-errors`,
      {
        ...common,
        metric: 'Errors',
        says: `${short} failed: see its log; ${REPEATED_BY[short]}.`,
      },
    ],
    [
      `${short}-throttled`,
      {
        ...common,
        metric: 'Throttles',
        says: `${short} could not start: the account's concurrency, or its own limit, is used up; ${REPEATED_BY[short]}.`,
      },
    ],
  ];
}

/**
 * @param {Stage} stage
 * @returns {Record<string, object>}
 */
function alarmResources(stage) {
  const { name, watching, topicKey = '' } = stage;
  if (!watching.on) return {};
  const topic = topicOf(watching);
  const resources = Object.entries(alarmsOf(stage)).map(([end, alarm]) => [
    `${end
      .split('-')
      .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
      .join('')}Alarm`,
    alarmResource(`${name}-${end}`, alarm, stage.stage, topic),
  ]);
  return {
    ...(watching.email === '' ? {} : topicResources(name, watching.email, topicKey)),
    .../** @type {Record<string, object>} */ (Object.fromEntries(resources)),
  };
}

/**
 * @param {string} name
 * @param {Alarm} alarm
 * @param {string} stage
 * @param {string | object} topic '': no notification, the alarm only appears in the console
 */
function alarmResource(name, alarm, stage, topic) {
  const { namespace = 'Baton', dimensions = { stage }, metric, statistic = 'Sum', when, says } = alarm;
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: name,
      AlarmDescription: says,
      Namespace: namespace,
      MetricName: metric,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      Statistic: statistic,
      Period: alarm.period ?? FIVE_MINUTES,
      EvaluationPeriods: alarm.periods ?? 1,
      Threshold: alarm.threshold ?? 1,
      ComparisonOperator: when === 'below' ? 'LessThanThreshold' : 'GreaterThanOrEqualToThreshold',
      // A metric of ours has no value while nothing happens.
      TreatMissingData: when === 'below' ? 'breaching' : 'notBreaching',
      ...(topic !== '' && { AlarmActions: [topic] }),
    },
  };
}

/**
 * No encryption with SNS's own key: alarms and rules cannot publish to such a topic.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
 *
 * @param {string} name
 * @param {string} email
 * @param {string} key of the customer, whose policy lets alarms use it
 */
function topicResources(name, email, key) {
  return {
    AlarmsTopic: {
      Type: 'AWS::SNS::Topic',
      Properties: {
        TopicName: `${name}-alarms`,
        ...(key !== '' && { KmsMasterKeyId: key }),
        // It must be confirmed from the mailbox once.
        Subscription: [{ Protocol: 'email', Endpoint: email }],
      },
    },
    AlarmsTopicPolicy: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: {
        Topics: [{ Ref: 'AlarmsTopic' }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            // Only the alarms and the messages of this stage are published to it.
            {
              Effect: 'Allow',
              Principal: { Service: 'cloudwatch.amazonaws.com' },
              Action: 'sns:Publish',
              Resource: { Ref: 'AlarmsTopic' },
              Condition: {
                ArnLike: {
                  'aws:SourceArn': {
                    'Fn::Sub': `arn:\${AWS::Partition}:cloudwatch:\${AWS::Region}:\${AWS::AccountId}:alarm:${name}-*`,
                  },
                },
              },
            },
            publishStatement(name),
          ],
        },
      },
    },
  };
}

module.exports = { alarmResources, alarmsOf };
