/** Mistakes that would lose something on its way: where, what instead (undefined: nothing), what is said. */
const ARRIVALS = 'arn:aws:sqs:us-east-1:000000000000:baton-prod-arrivals';
const DEAD_LETTERS = 'arn:aws:sqs:us-east-1:000000000000:baton-prod-dead-letters';
const DEAD_LETTER_QUEUE = { 'Fn::GetAtt': ['DeadLetters', 'Arn'] };
const RUN_STEP = 'arn:aws:lambda:us-east-1:000000000000:function:baton-prod-run-step';
const TARGET = 'Resources.RunWokenRule.Properties.Targets.0';

export const DELIVERY_MISTAKES: Readonly<Record<string, readonly [string, unknown, string]>> = {
  'a rule of requests without a dead-letter queue': [
    'Resources.RequestRule.Properties.Targets.0.DeadLetterConfig',
    undefined,
    'RequestRule: has no dead-letter queue',
  ],
  'a rule of files without a dead-letter queue': [
    'Resources.ArrivalsRule.Properties.Targets.0.DeadLetterConfig',
    undefined,
    'ArrivalsRule: has no dead-letter queue',
  ],
  'wake-ups that become dead letters': [
    `${TARGET}.DeadLetterConfig`,
    { Arn: DEAD_LETTER_QUEUE },
    'RunWokenRule: keeps a dead letter of work that the sweep repeats',
  ],
  'minutes of the sweep that become dead letters': [
    'Resources.SweepSchedule.Properties.Targets.0.DeadLetterConfig',
    { Arn: DEAD_LETTER_QUEUE },
    'SweepSchedule: keeps a dead letter of work that the sweep repeats',
  ],
  'a rule without a retry policy': [
    `${TARGET}.RetryPolicy`,
    undefined,
    'RunWokenRule: does not say how often it is tried',
  ],
  'a rule without the permission to invoke': [
    'Resources.RunWokenPermission',
    undefined,
    `RunWokenRule: may not reach ${RUN_STEP}`,
  ],
  'a permission with a source account, which keeps EventBridge out': [
    'Resources.RunWokenPermission.Properties.SourceAccount',
    { Ref: 'AWS::AccountId' },
    `RunWokenRule: may not reach ${RUN_STEP}`,
  ],
  'a permission that no rule uses': [
    'Resources.RunWokenPermission.Properties.SourceArn',
    { 'Fn::GetAtt': ['RequestRule', 'Arn'] },
    'RunWokenPermission: no rule uses it',
  ],
  'a rule under a name that the queue does not let in': [
    'Resources.ArrivalsRule.Properties.Name',
    'baton-prod-files',
    `ArrivalsRule: may not reach ${ARRIVALS}`,
  ],
  'a dead-letter queue that lets no rule in': [
    'Resources.DeadLettersPolicy.Properties.PolicyDocument.Statement.0.Condition.ArnLike.aws:SourceArn',
    'arn:aws:events:us-east-1:000000000000:rule/other-*',
    `RequestRule: may not fill ${DEAD_LETTERS}`,
  ],
  'a function without a destination for what fails': [
    'Resources.OperateLambdaEvConf',
    undefined,
    'OperateLambdaFunction: has no dead-letter queue',
  ],
  'a function that may not fill its destination': [
    'Resources.OperateLambdaEvConf.Properties.DestinationConfig.OnFailure.Destination',
    'arn:aws:sqs:us-east-1:000000000000:other',
    'OperateLambdaFunction: may not fill arn:aws:sqs:us-east-1:000000000000:other',
  ],
  'a failed invocation of run-step that becomes a dead letter': [
    'Resources.RunStepLambdaEvConf.Properties.DestinationConfig',
    { OnFailure: { Destination: DEAD_LETTER_QUEUE } },
    'RunStepLambdaFunction: keeps a dead letter of work that the sweep repeats',
  ],
  'a failed invocation of the sweep that becomes a dead letter': [
    'Resources.SweepLambdaEvConf.Properties.DestinationConfig',
    { OnFailure: { Destination: DEAD_LETTER_QUEUE } },
    'SweepLambdaFunction: keeps a dead letter of work that the sweep repeats',
  ],
  'a log that is kept for ever': [
    'Resources.SweepLogGroup.Properties.RetentionInDays',
    undefined,
    'SweepLambdaFunction: its log is kept for ever',
  ],
  'a message that comes back too early': [
    'Resources.Arrivals.Properties.VisibilityTimeout',
    30,
    'StartRunEventSourceMappingSQSArrivals: a message comes back before its function has had time',
  ],
  'a queue without a dead-letter queue': [
    'Resources.Arrivals.Properties.RedrivePolicy',
    undefined,
    'StartRunEventSourceMappingSQSArrivals: its queue has no dead-letter queue',
  ],
};
