/**
 * Does everything that is sent arrive, or lie where somebody finds it? Each target of a rule or schedule, each function
 * and each queue: who may deliver, how often it is tried, and where it goes in the end.
 */
import {
  allowedBy,
  type Need,
  propertiesOf,
  ACCOUNT,
  REGION,
  type Statement,
  statementsOf,
  trustOf,
} from './policy.ts';
import { isObject, type Json, type JsonObject, sectionOf } from './references.ts';

export function idsOf(template: JsonObject, type: string): readonly string[] {
  return Object.entries(sectionOf(template, 'Resources')).flatMap(([id, resource]) =>
    isObject(resource) && resource['Type'] === type ? [id] : [],
  );
}

/** Their work is repeated by the next sweep: a dead letter of it would hide the ones that stand for lost work. */
const REPEATED_BY_SWEEP = /:function:[\w-]+-(?:run-step|sweep)$/;

/** Work that nothing repeats is kept as a dead letter, and nothing else is. */
function keepsWhatIsLost(functionOrQueueArn: string, deadLetters: string): readonly [boolean, string] {
  return REPEATED_BY_SWEEP.test(functionOrQueueArn)
    ? [deadLetters === '', 'keeps a dead letter of work that the sweep repeats']
    : [deadLetters !== '', 'has no dead-letter queue'];
}

const objectsOf = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : [];

const textIn = (value: Json | undefined, ...path: readonly string[]): string => {
  let at = value;
  for (const key of path) at = isObject(at) ? at[key] : undefined;
  return typeof at === 'string' ? at : '';
};

/** Statements of every queue's policy. */
function queueStatements(template: JsonObject): readonly Statement[] {
  return idsOf(template, 'AWS::SQS::QueuePolicy').flatMap((id) => statementsOf(template, id));
}

/** May the service fill the queue on behalf of this rule? */
function mayFill(template: JsonObject, queueArn: string, ruleArn: string): boolean {
  const need: Need = {
    action: 'sqs:SendMessage',
    resource: queueArn,
    context: { 'aws:SourceArn': ruleArn, 'aws:SecureTransport': 'true' },
    from: ruleArn,
  };
  const ofService = queueStatements(template).filter(
    ({ principal }) => principal === '*' || textIn(principal, 'Service') === 'events.amazonaws.com',
  );
  return allowedBy(ofService, need).length > 0;
}

/** May the rule publish to the topic? The policy of one that exists is its owner's. */
function mayPublish(template: JsonObject, topicArn: string, ruleArn: string): boolean {
  const policies = idsOf(template, 'AWS::SNS::TopicPolicy');
  const statements = policies.flatMap((id) => statementsOf(template, id));
  const need: Need = {
    action: 'sns:Publish',
    resource: topicArn,
    context: { 'aws:SourceArn': ruleArn },
    from: ruleArn,
  };
  const ofService = statements.filter(
    ({ principal }) => textIn(principal, 'Service') === 'events.amazonaws.com',
  );
  return idsOf(template, 'AWS::SNS::Topic').length === 0 || allowedBy(ofService, need).length > 0;
}

/** May the rule invoke the function? A condition on the source account would keep EventBridge out. */
function mayInvoke(template: JsonObject, functionArn: string, ruleArn: string): boolean {
  return idsOf(template, 'AWS::Lambda::Permission').some((id) => {
    const permission = propertiesOf(template, id);
    return (
      permission['FunctionName'] === functionArn &&
      permission['Principal'] === 'events.amazonaws.com' &&
      permission['Action'] === 'lambda:InvokeFunction' &&
      permission['SourceArn'] === ruleArn &&
      !('SourceAccount' in permission)
    );
  });
}

export function deliveryProblems(template: JsonObject): readonly string[] {
  return [
    ...idsOf(template, 'AWS::Events::Rule').flatMap((id) => ruleProblems(template, id)),
    ...idsOf(template, 'AWS::Scheduler::Schedule').flatMap((id) => scheduleProblems(template, id)),
    ...idsOf(template, 'AWS::Lambda::Function').flatMap((id) => functionProblems(template, id)),
    ...idsOf(template, 'AWS::Lambda::EventSourceMapping').flatMap((id) => mappingProblems(template, id)),
    ...idsOf(template, 'AWS::Lambda::Permission').flatMap((id) => permissionProblems(template, id)),
  ];
}

function ruleProblems(template: JsonObject, id: string): readonly string[] {
  const properties = propertiesOf(template, id);
  const targets = objectsOf(properties['Targets']);
  const ruleArn = `arn:aws:events:${REGION}:${ACCOUNT}:rule/${textIn(properties, 'Name')}`;
  if (targets.length === 0) return [`${id}: has no target`];
  return targets.flatMap((target) => {
    const targetArn = textIn(target, 'Arn');
    const deadLetters = textIn(target, 'DeadLetterConfig', 'Arn');
    const may = { sqs: mayFill, sns: mayPublish }[targetArn.split(':')[2] ?? ''] ?? mayInvoke;
    const reached = may(template, targetArn, ruleArn);
    const filled = deadLetters === '' || mayFill(template, deadLetters, ruleArn);
    return unless(id, [
      [reached, `may not reach ${targetArn}`],
      keepsWhatIsLost(targetArn, deadLetters),
      [filled, `may not fill ${deadLetters}`],
      [isObject(target['RetryPolicy']), 'does not say how often it is tried'],
    ]);
  });
}

/** The problems whose condition does not hold. */
function unless(
  id: string,
  checks: readonly (readonly [holds: boolean, problem: string])[],
): readonly string[] {
  return checks.flatMap(([holds, problem]) => (holds ? [] : `${id}: ${problem}`));
}

function scheduleProblems(template: JsonObject, id: string): readonly string[] {
  const { Target: target = {} } = propertiesOf(template, id);
  const role = idsOf(template, 'AWS::IAM::Role').find((each) =>
    textIn(target, 'RoleArn').endsWith(`/${nameOf(template, each)}`),
  );
  if (role === undefined) return [`${id}: has no role`];
  const statements = statementsOf(template, role);
  const may = (action: string, resource: string): boolean =>
    allowedBy(statements, { action, resource, from: id }).length > 0;
  const invoked = textIn(target, 'Arn');
  const deadLetters = textIn(target, 'DeadLetterConfig', 'Arn');
  return unless(id, [
    [trustOf(template, role).includes('scheduler.amazonaws.com'), "its role is not EventBridge Scheduler's"],
    [may('lambda:InvokeFunction', invoked), `may not invoke ${invoked}`],
    [deadLetters !== '', 'has no dead-letter queue'],
    [deadLetters === '' || may('sqs:SendMessage', deadLetters), `may not fill ${deadLetters}`],
    [isObject((target as JsonObject)['RetryPolicy']), 'does not say how often it is tried'],
  ]);
}

function nameOf(template: JsonObject, id: string): string {
  return textIn(propertiesOf(template, id), 'RoleName');
}

function functionProblems(template: JsonObject, id: string): readonly string[] {
  const properties = propertiesOf(template, id);
  const name = textIn(properties, 'FunctionName');
  const role = textIn(properties, 'Role');
  const config = idsOf(template, 'AWS::Lambda::EventInvokeConfig')
    .map((each) => propertiesOf(template, each))
    .find((each) => each['FunctionName'] === name);
  const destination = textIn(config, 'DestinationConfig', 'OnFailure', 'Destination');
  const owner = idsOf(template, 'AWS::IAM::Role').find((each) => role.endsWith(`/${nameOf(template, each)}`));
  if (owner === undefined) return [`${id}: has no role`];
  const statements = statementsOf(template, owner);
  const may = (action: string, resource: string): boolean =>
    allowedBy(statements, { action, resource, from: id }).length > 0;
  const groupName = `/aws/lambda/${name}`;
  const stream = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${groupName}:log-stream:x`;
  const group = idsOf(template, 'AWS::Logs::LogGroup')
    .map((each) => propertiesOf(template, each))
    .find((each) => each['LogGroupName'] === groupName);
  return unless(id, [
    [trustOf(template, owner).includes('lambda.amazonaws.com'), "its role is not Lambda's"],
    keepsWhatIsLost(`:function:${name}`, destination),
    [destination === '' || may('sqs:SendMessage', destination), `may not fill ${destination}`],
    [may('logs:PutLogEvents', stream), 'may not write its log'],
    [typeof group?.['RetentionInDays'] === 'number', 'its log is kept for ever'],
    [typeof properties['Timeout'] === 'number', 'has no timeout of its own'],
    [typeof properties['MemorySize'] === 'number', 'has no memory of its own'],
  ]);
}

function mappingProblems(template: JsonObject, id: string): readonly string[] {
  const mapping = propertiesOf(template, id);
  const queue = idsOf(template, 'AWS::SQS::Queue')
    .map((each) => propertiesOf(template, each))
    .find((each) => textIn(mapping, 'EventSourceArn').endsWith(`:${textIn(each, 'QueueName')}`));
  const taker = idsOf(template, 'AWS::Lambda::Function')
    .map((each) => propertiesOf(template, each))
    .find((each) => textIn(mapping, 'FunctionName').endsWith(`:${textIn(each, 'FunctionName')}`));
  if (queue === undefined || taker === undefined) return [`${id}: has no queue or no function`];
  // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
  const hidden = Number(queue['VisibilityTimeout']) >= 6 * Number(taker['Timeout']);
  const deadLetters = textIn(queue, 'RedrivePolicy', 'deadLetterTargetArn');
  return unless(id, [
    [hidden, 'a message comes back before its function has had time'],
    [deadLetters !== '', 'its queue has no dead-letter queue'],
  ]);
}

/** A permission that no rule uses. */
function permissionProblems(template: JsonObject, id: string): readonly string[] {
  const permission = propertiesOf(template, id);
  const used = idsOf(template, 'AWS::Events::Rule').some((rule) => {
    const properties = propertiesOf(template, rule);
    return (
      textIn(permission, 'SourceArn').endsWith(`:rule/${textIn(properties, 'Name')}`) &&
      objectsOf(properties['Targets']).some((target) => target['Arn'] === permission['FunctionName'])
    );
  });
  return used ? [] : [`${id}: no rule uses it`];
}
