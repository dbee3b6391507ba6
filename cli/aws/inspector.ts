/** What a stage is made of, looked at and not touched. */
import { DescribeTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeArchiveCommand, EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import { GetBucketNotificationConfigurationCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';

import { pages } from '../../shared/pages.ts';
import { refused } from '../refused.ts';
import { defined } from '../../shared/run/defined.ts';
import type { ClientSettings } from './client-settings.ts';

export interface FunctionState {
  /** `Active` when it can be invoked. */
  readonly state: string;
  /** Of the last deployment: `Successful`, `InProgress`, `Failed`. */
  readonly lastUpdate: string;
  readonly reason?: string;
}

/** Each rejects with the SDK's own error where the thing is not there, or may not be looked at. */
export interface Inspector {
  /** The Region that is asked. */
  region(): Promise<string>;
  function(name: string): Promise<FunctionState>;
  /** What feeds a function: queues, by ARN. */
  sources(functionName: string): Promise<readonly { id: string; arn: string; enabled: boolean }[]>;
  /** `expires`: the attribute by which items expire, '' for none; absent if it may not be looked at. */
  table(name: string): Promise<{ status: string; indexes: readonly string[]; expires?: string }>;
  /** Rules of the default bus whose names begin so. `pattern`: JSON text; absent in a rule with a schedule. */
  rules(prefix: string): Promise<readonly { name: string; enabled: boolean; pattern?: string }[]>;
  archive(name: string): Promise<{ state: string; reason?: string }>;
  /** Messages that wait in a queue, about. */
  waiting(queue: string): Promise<number>;
  /** `region`: absent if S3 does not report it. */
  bucket(name: string): Promise<{ region?: string }>;
  /** Does the bucket send its events to EventBridge? */
  sendsEvents(bucket: string): Promise<boolean>;
  /** How far this machine's clock is ahead of the service's, in ms; undefined before the first answer. */
  clockAheadMs(): number | undefined;
}

const NAME = 'batonClock';

interface Answer {
  readonly headers?: Readonly<Record<string, string>>;
}

export function awsInspector(settings: ClientSettings): Inspector {
  let aheadMs: number | undefined;
  const lambda = new LambdaClient(settings);
  const dynamodb = new DynamoDBClient(settings);
  const events = new EventBridgeClient(settings);
  const sqs = new SQSClient(settings);
  const s3 = new S3Client({ ...settings, forcePathStyle: settings.endpoint !== undefined });
  lambda.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const date = Date.parse((result.response as Answer).headers?.['date'] ?? '');
      // The header knows seconds only.
      if (!Number.isNaN(date)) aheadMs = Date.now() - (date + 500);
      return result;
    },
    { step: 'deserialize', name: NAME, priority: 'low' },
  );
  return {
    region: async () => lambda.config.region(),
    clockAheadMs: () => aheadMs,
    function: async (FunctionName) => {
      const found = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
      const reason = found.StateReason ?? found.LastUpdateStatusReason;
      return {
        state: found.State ?? 'Active',
        lastUpdate: found.LastUpdateStatus ?? 'Successful',
        ...(reason && { reason }),
      };
    },
    sources: async (FunctionName) => {
      const found: { id: string; arn: string; enabled: boolean }[] = [];
      const read = (Marker: string | undefined) =>
        lambda.send(new ListEventSourceMappingsCommand({ FunctionName, Marker }));
      for await (const page of pages(read, ({ NextMarker }) => NextMarker))
        for (const { UUID = '', EventSourceArn = '', State } of page.EventSourceMappings ?? [])
          found.push({
            id: UUID,
            arn: EventSourceArn,
            enabled: State !== 'Disabled' && State !== 'Disabling',
          });
      return found;
    },
    table: async (TableName) => {
      const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
      const found = await dynamodb
        .send(new DescribeTimeToLiveCommand({ TableName }))
        .catch((error: unknown) => {
          if (refused(error) === undefined) throw error;
          return undefined;
        });
      const { TimeToLiveStatus: expiry, AttributeName: attribute } = found?.TimeToLiveDescription ?? {};
      const isOn = expiry === 'ENABLED' || expiry === 'ENABLING';
      return {
        ...(found !== undefined && { expires: isOn ? (attribute ?? '') : '' }),
        status: Table?.TableStatus ?? '',
        indexes: (Table?.GlobalSecondaryIndexes ?? []).map((index) => index.IndexName ?? ''),
      };
    },
    rules: async (NamePrefix) => {
      const found: { name: string; enabled: boolean; pattern?: string }[] = [];
      const read = (NextToken: string | undefined) =>
        events.send(new ListRulesCommand({ NamePrefix, NextToken }));
      for await (const page of pages(read))
        for (const { Name = '', State, EventPattern } of page.Rules ?? []) {
          const pattern = EventPattern === undefined ? {} : { pattern: EventPattern };
          found.push({ name: Name, enabled: State !== 'DISABLED', ...pattern });
        }
      return found;
    },
    archive: async (ArchiveName) => {
      const { State = '', StateReason } = await events.send(new DescribeArchiveCommand({ ArchiveName }));
      return { state: State, ...defined({ reason: StateReason }) };
    },
    waiting: async (QueueName) => {
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
      );
      return Number(Attributes?.['ApproximateNumberOfMessages'] ?? 0);
    },
    bucket: async (Bucket) => {
      const { BucketRegion } = await s3.send(new HeadBucketCommand({ Bucket }));
      return BucketRegion === undefined ? {} : { region: BucketRegion };
    },
    sendsEvents: async (Bucket) => {
      const found = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
      return found.EventBridgeConfiguration !== undefined;
    },
  };
}
