// @ts-check
/**
 * One message for each run that fails or needs a decision, and one when it is over: a rule on the events of source `baton`
 * that carry a message (shared/engine/publish.ts), to the topic that the alarms notify.
 */

const { ruleArn } = require('./triggers.cjs');

/** @typedef {'text' | 'chat'} Format */

/**
 * The lines of a message in text. Each is a string of its own, since EventBridge does not escape what it inserts into a
 * string: the values have no quotation marks, backslashes and line ends.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 *
 * @type {readonly (readonly [field: string, label: string])[]}
 */
const LINES = [
  ['title', ''],
  ['trigger', 'Started by: '],
  ['error', 'Reported: '],
  ['applied', 'Applied: '],
  ['waiting', 'Waiting: '],
  ['resume', 'A resume: '],
  ['next', 'Next: '],
  ['more', 'More: '],
];

/**
 * @param {{ stage: string, name: string, watching: { on: boolean, topic: string, email: string, format: Format } }} stage
 * @returns {Record<string, object>}
 */
function messageResources({ stage, name, watching }) {
  const topic = topicOf(watching);
  if (!watching.on || topic === '') return {};
  return {
    MessageRule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: ruleName(name),
        EventPattern: {
          source: ['baton'],
          detail: { stage: [stage], message: { title: [{ exists: true }] } },
        },
        Targets: [
          {
            Id: 'alarms',
            Arn: topic,
            ...inputOf(watching.format),
            RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
            DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } },
          },
        ],
      },
    },
  };
}

/** @param {string} name `baton-<stage>` */
function ruleName(name) {
  return `${name}-message`;
}

/**
 * `chat`: the finished notification is a part of the event. No template: what a template inserts can make invalid JSON.
 *
 * @param {Format} format
 */
function inputOf(format) {
  if (format === 'chat') return { InputPath: '$.detail.notification' };
  return {
    InputTransformer: {
      InputPathsMap: Object.fromEntries(LINES.map(([field]) => [field, `$.detail.message.${field}`])),
      InputTemplate: LINES.map(([field, label]) => `"${label}<${field}>"`).join('\n'),
    },
  };
}

/**
 * '': there is none.
 *
 * @param {{ topic: string, email: string }} watching
 */
function topicOf({ topic, email }) {
  return email === '' ? topic : { Ref: 'AlarmsTopic' };
}

/**
 * The part of the topic's policy that lets the rule publish.
 *
 * @param {string} name
 */
function publishStatement(name) {
  return {
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sns:Publish',
    Resource: { Ref: 'AlarmsTopic' },
    Condition: { ArnLike: { 'aws:SourceArn': ruleArn(ruleName(name)) } },
  };
}

module.exports = { messageResources, publishStatement, ruleName, topicOf };
