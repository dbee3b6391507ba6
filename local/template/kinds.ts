/** One reader a resource type: resolved properties in, one entry of the lists out. */
import { defined } from '../../shared/run/defined.ts';
import { isObject, type JsonObject } from '../json-object.ts';
import { TemplateError, type Node } from './json.ts';
import type { Names } from './names.ts';
import type {
  ArchiveResource,
  AsyncSettings,
  BucketResource,
  FunctionResource,
  MappingResource,
  QueueResource,
  Resource,
  RuleResource,
  ScheduleResource,
  TableResource,
  TargetResource,
} from './resources.ts';

/** What CreateTable takes of a table's properties; the rest (recovery, streams, tags, keys) changes nothing here. */
const CREATE_TABLE_MEMBERS = [
  'AttributeDefinitions',
  'KeySchema',
  'BillingMode',
  'ProvisionedThroughput',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
];

export function readTable({ logicalId, properties }: Resource, names: Names): TableResource {
  const name = names.name(logicalId);
  const createTable: Record<string, unknown> = { TableName: name };
  for (const member of CREATE_TABLE_MEMBERS) {
    if (properties.has(member)) createTable[member] = properties.value[member];
  }
  for (const required of ['AttributeDefinitions', 'KeySchema']) {
    if (!properties.has(required)) properties.missing(required);
  }
  const ttl = properties.optionalNode('TimeToLiveSpecification');
  return {
    logicalId,
    name,
    arn: names.arn(logicalId),
    createTable,
    ...(ttl?.optionalBoolean('Enabled') === true && { ttlAttribute: ttl.text('AttributeName') }),
  };
}

export function readBucket({ logicalId, properties }: Resource, names: Names): BucketResource {
  const notifications = properties.optionalNode('NotificationConfiguration');
  // `EventBridgeConfiguration: {}` switches it on: its one member is true by default.
  const eventBridge = notifications?.optionalNode('EventBridgeConfiguration');
  return {
    logicalId,
    name: names.name(logicalId),
    eventBridge: eventBridge !== undefined && eventBridge.optionalBoolean('EventBridgeEnabled') !== false,
    deploymentOnly: logicalId === 'ServerlessDeploymentBucket',
  };
}

export function readFunction(
  { logicalId, properties }: Resource,
  names: Names,
  invokeConfigs: readonly Resource[],
): FunctionResource {
  const name = names.name(logicalId);
  const variables = properties.optionalNode('Environment')?.optionalNode('Variables');
  const environment: Record<string, string> = {};
  for (const key of Object.keys(variables?.value ?? {})) environment[key] = variables?.text(key) ?? '';
  const artifact = properties.optionalNode('Code')?.optionalText('S3Key')?.split('/').at(-1);
  const reserved = properties.optionalNumber('ReservedConcurrentExecutions');
  const config = invokeConfigs.find((each) => lastPart(each.properties.text('FunctionName')) === name);
  return {
    logicalId,
    name,
    arn: names.arn(logicalId),
    handler: properties.text('Handler'),
    ...(artifact !== undefined && { artifact: artifact.replace(/\.zip$/, '') }),
    environment,
    timeoutSeconds: properties.optionalNumber('Timeout') ?? 3,
    memoryMb: properties.optionalNumber('MemorySize') ?? 128,
    roleName: lastPart(properties.text('Role')),
    ...defined({ reservedConcurrency: reserved }),
    async: readAsyncSettings(config?.properties),
  };
}

function readAsyncSettings(config: Node | undefined): AsyncSettings {
  const onFailure = config
    ?.optionalNode('DestinationConfig')
    ?.optionalNode('OnFailure')
    ?.optionalText('Destination');
  return {
    retryAttempts: config?.optionalNumber('MaximumRetryAttempts') ?? 2,
    maximumAgeSeconds: config?.optionalNumber('MaximumEventAgeInSeconds') ?? 21_600,
    ...defined({ onFailure }),
  };
}

export function readQueue({ logicalId, properties }: Resource, names: Names): QueueResource {
  if (properties.optionalBoolean('FifoQueue') === true) {
    throw new TemplateError(`${properties.place}: the local AWS supports only standard queues`);
  }
  const policy = properties.value['RedrivePolicy'];
  const parsed: unknown = typeof policy === 'string' ? JSON.parse(policy) : policy;
  const redrive = isObject(parsed) ? parsed : undefined;
  return {
    logicalId,
    name: names.name(logicalId),
    arn: names.arn(logicalId),
    url: names.queueUrl(logicalId),
    visibilitySeconds: properties.optionalNumber('VisibilityTimeout') ?? 30,
    delaySeconds: properties.optionalNumber('DelaySeconds') ?? 0,
    retentionSeconds: properties.optionalNumber('MessageRetentionPeriod') ?? 345_600,
    ...(redrive !== undefined && {
      redrive: {
        deadLetterArn: String(redrive['deadLetterTargetArn']),
        maxReceiveCount: Number(redrive['maxReceiveCount']),
      },
    }),
  };
}

export function readRule({ logicalId, properties }: Resource, names: Names): RuleResource {
  const bus = properties.optionalText('EventBusName') ?? 'default';
  if (lastPart(bus) !== 'default') {
    throw new TemplateError(`${properties.place}.EventBusName: the local AWS supports only the default bus`);
  }
  const pattern = properties.value['EventPattern'];
  const schedule = properties.optionalText('ScheduleExpression');
  if (pattern === undefined && schedule === undefined) {
    throw new TemplateError(`${properties.place}: EventPattern or ScheduleExpression is missing`);
  }
  return {
    logicalId,
    name: names.name(logicalId),
    arn: names.arn(logicalId),
    enabled: (properties.optionalText('State') ?? 'ENABLED').startsWith('ENABLED'),
    ...(pattern !== undefined && { pattern: parsePattern(pattern, properties) }),
    ...defined({ schedule }),
    targets: properties.nodes('Targets').map(readTarget),
  };
}

export function readArchive({ logicalId, properties }: Resource, names: Names): ArchiveResource {
  if (lastPart(properties.text('SourceArn')) !== 'default') {
    throw new TemplateError(`${properties.place}.SourceArn: the local AWS supports only the default bus`);
  }
  const description = properties.optionalText('Description');
  const pattern = properties.value['EventPattern'];
  return {
    logicalId,
    name: names.name(logicalId),
    arn: names.arn(logicalId),
    ...defined({ description }),
    ...(pattern !== undefined && { pattern: parsePattern(pattern, properties) }),
    retentionDays: properties.optionalNumber('RetentionDays') ?? 0,
  };
}

function parsePattern(pattern: unknown, properties: Node): JsonObject {
  const parsed: unknown = typeof pattern === 'string' ? JSON.parse(pattern) : pattern;
  return isObject(parsed) ? parsed : properties.wrong('EventPattern', 'an object');
}

function readTarget(target: Node): TargetResource {
  const transformer = target.optionalNode('InputTransformer');
  const retry = target.optionalNode('RetryPolicy');
  const deadLetterArn = target.optionalNode('DeadLetterConfig')?.optionalText('Arn');
  const input = target.optionalText('Input');
  const inputPath = target.optionalText('InputPath');
  return {
    id: target.optionalText('Id') ?? 'target',
    arn: target.text('Arn'),
    ...defined({ input, inputPath }),
    ...(transformer !== undefined && {
      inputTransformer: {
        paths: textMap(transformer.optionalNode('InputPathsMap')),
        template: transformer.text('InputTemplate'),
      },
    }),
    ...defined({ deadLetterArn }),
    retryAttempts: retry?.optionalNumber('MaximumRetryAttempts') ?? 185,
    maximumAgeSeconds: retry?.optionalNumber('MaximumEventAgeInSeconds') ?? 86_400,
  };
}

function textMap(node: Node | undefined): Readonly<Record<string, string>> {
  if (node === undefined) return {};
  return Object.fromEntries(Object.keys(node.value).map((key) => [key, node.text(key)]));
}

export function readMapping({ logicalId, properties }: Resource): MappingResource {
  const queueArn = properties.text('EventSourceArn');
  if (!queueArn.startsWith('arn:aws:sqs:')) {
    throw new TemplateError(
      `${properties.place}.EventSourceArn: the local AWS supports only queues as event sources`,
    );
  }
  const maximumConcurrency = properties.optionalNode('ScalingConfig')?.optionalNumber('MaximumConcurrency');
  return {
    logicalId,
    queueArn,
    functionName: lastPart(properties.text('FunctionName')),
    batchSize: properties.optionalNumber('BatchSize') ?? 10,
    batchWindowSeconds: properties.optionalNumber('MaximumBatchingWindowInSeconds') ?? 0,
    enabled: properties.optionalBoolean('Enabled') ?? true,
    reportBatchItemFailures: properties.texts('FunctionResponseTypes').includes('ReportBatchItemFailures'),
    ...defined({ maximumConcurrency }),
  };
}

export function readSchedule({ logicalId, properties }: Resource, names: Names): ScheduleResource {
  const window = properties.node('FlexibleTimeWindow');
  if (window.text('Mode') !== 'OFF')
    throw new TemplateError(`${window.place}.Mode: the local AWS supports only OFF`);
  for (const limit of ['StartDate', 'EndDate']) {
    if (properties.has(limit))
      throw new TemplateError(`${properties.place}.${limit}: local schedules begin at once and have no end`);
  }
  return {
    logicalId,
    name: names.name(logicalId),
    arn: names.arn(logicalId),
    group: names.scheduleGroup(logicalId),
    expression: properties.text('ScheduleExpression'),
    timeZone: properties.optionalText('ScheduleExpressionTimezone') ?? 'UTC',
    enabled: (properties.optionalText('State') ?? 'ENABLED') === 'ENABLED',
    roleArn: properties.node('Target').text('RoleArn'),
    target: readTarget(properties.node('Target')),
  };
}

/** `my-function` of `arn:aws:lambda:us-east-1:000000000000:function:my-function`, `role` of `…:role/path/role`. */
function lastPart(arnOrName: string): string {
  return arnOrName.split(/[:/]/).at(-1) ?? arnOrName;
}
