// @ts-check
/** One schedule of EventBridge Scheduler for each `on: schedule` trigger of the pipelines; it starts a run by start-run. */
const { createHash } = require('node:crypto');

const { sendStatements } = require('./keys.cjs');

/**
 * @typedef {{ kind: string, expression?: string, timezone?: string }} Trigger
 * @typedef {{ pipeline: string, triggers: readonly Trigger[] }} Plan
 */

/** A schedule's name has at most 64 characters, of which the hash and its hyphen take nine. */
const LONGEST_PREFIX = 55;

/**
 * @typedef {{ globalNames: string, queuesKey: string, permissionsBoundary: string | object }} Role
 *
 * @param {readonly Plan[]} plans
 * @param {{ stage: string, name: string } & Role} stage `name`: `baton-<stage>`
 * @returns {Record<string, object>}
 */
function resourcesOf(plans, { stage, name, ...role }) {
  /** @type {Record<string, object>} */
  const schedules = {};
  for (const { pipeline, triggers } of plans) {
    for (const { kind, expression = '', timezone = 'UTC' } of triggers) {
      if (kind !== 'schedule') continue;
      const trigger = JSON.stringify([pipeline, expression, timezone]);
      const hash = createHash('sha256').update(trigger).digest('hex').slice(0, 8);
      // Another time is another schedule: the old one goes, and nothing is renamed under way.
      schedules[`Schedule${hash}`] = scheduleOf({
        name: `${pipeline.slice(0, LONGEST_PREFIX)}-${hash}`,
        expression,
        timezone,
        input: {
          source: 'baton.schedule',
          stage,
          pipeline,
          trigger: expression,
          // The scheduled time, however late it is delivered: it identifies the run.
          scheduledTime: '<aws.scheduler.scheduled-time>',
        },
      });
    }
  }
  if (Object.keys(schedules).length === 0) return {};
  return {
    ScheduleGroup: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: name } },
    ScheduleRole: roleOf(role),
    ...schedules,
  };
}

/** @param {{ name: string, expression: string, timezone: string, input: object }} schedule */
function scheduleOf({ name, expression, timezone, input }) {
  return {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      Name: name,
      GroupName: { Ref: 'ScheduleGroup' },
      ScheduleExpression: expression,
      ScheduleExpressionTimezone: timezone,
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: { 'Fn::GetAtt': ['StartRunLambdaFunction', 'Arn'] },
        RoleArn: { 'Fn::GetAtt': ['ScheduleRole', 'Arn'] },
        Input: JSON.stringify(input),
        RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } },
      },
    },
  };
}

/**
 * Only for schedules of this stage's group (a role cannot be bound to a single schedule).
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
 *
 * @param {Role} role
 */
function roleOf({ globalNames, queuesKey, permissionsBoundary }) {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      RoleName: `${globalNames}-schedules`,
      PermissionsBoundary: permissionsBoundary,
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'scheduler.amazonaws.com' },
            Action: 'sts:AssumeRole',
            Condition: {
              StringEquals: {
                'aws:SourceAccount': { Ref: 'AWS::AccountId' },
                'aws:SourceArn': { 'Fn::GetAtt': ['ScheduleGroup', 'Arn'] },
              },
            },
          },
        ],
      },
      Policies: [
        {
          PolicyName: 'start',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              // Start a run: this one function and no other.
              {
                Effect: 'Allow',
                Action: 'lambda:InvokeFunction',
                Resource: { 'Fn::GetAtt': ['StartRunLambdaFunction', 'Arn'] },
              },
              // Scheduler puts what it could not deliver into the queue with this role.
              {
                Effect: 'Allow',
                Action: 'sqs:SendMessage',
                Resource: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] },
              },
              ...sendStatements({ queuesKey }),
            ],
          },
        },
      ],
    },
  };
}

module.exports = { schedules: { resourcesOf } };
