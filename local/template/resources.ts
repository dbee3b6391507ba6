/** What the local AWS takes from a compiled template: one list a kind, every name and ARN resolved. */
import { type JsonObject } from '../json-object.ts';
import type { Node } from './json.ts';

/** A resource that is present on this stage, its functions resolved. */
export interface Resource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Node;
}

export interface LocalResources {
  readonly tables: readonly TableResource[];
  readonly buckets: readonly BucketResource[];
  readonly functions: readonly FunctionResource[];
  readonly queues: readonly QueueResource[];
  readonly rules: readonly RuleResource[];
  readonly archives: readonly ArchiveResource[];
  readonly mappings: readonly MappingResource[];
  readonly schedules: readonly ScheduleResource[];
}

export interface TableResource {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  /** The input of DynamoDB's CreateTable. */
  readonly createTable: JsonObject;
  /** Attribute that holds the time to live, when it is switched on. */
  readonly ttlAttribute?: string;
}

export interface BucketResource {
  readonly logicalId: string;
  readonly name: string;
  /** True when the bucket sends its events to EventBridge. */
  readonly eventBridge: boolean;
  /** True for the bucket that only the deployment tool uses: it has no place on this machine. */
  readonly deploymentOnly: boolean;
}

export interface FunctionResource {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  /** `index.handler`: file without extension, and export. */
  readonly handler: string;
  /** File name of the code's zip without its extension: the bundle's folder name. */
  readonly artifact?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly roleName: string;
  /** Absent: no limit of its own. */
  readonly reservedConcurrency?: number;
  readonly async: AsyncSettings;
}

/** Of asynchronous invocations; the defaults are Lambda's. */
export interface AsyncSettings {
  /** 0 to 2, after the first attempt. */
  readonly retryAttempts: number;
  /** 60 to 21,600. */
  readonly maximumAgeSeconds: number;
  /** ARN of an SQS queue, a function or an event bus. */
  readonly onFailure?: string;
}

export interface QueueResource {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly visibilitySeconds: number;
  readonly delaySeconds: number;
  readonly retentionSeconds: number;
  readonly redrive?: { readonly deadLetterArn: string; readonly maxReceiveCount: number };
}

export interface RuleResource {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  readonly enabled: boolean;
  readonly pattern?: JsonObject;
  /** `rate(1 minute)` or `cron(...)`. */
  readonly schedule?: string;
  readonly targets: readonly TargetResource[];
}

/** Of the default bus. */
export interface ArchiveResource {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  readonly description?: string;
  /** Absent: every event. */
  readonly pattern?: JsonObject;
  /** 0: for ever. */
  readonly retentionDays: number;
}

export interface TargetResource {
  readonly id: string;
  readonly arn: string;
  /** Constant JSON text that replaces the event. */
  readonly input?: string;
  readonly inputPath?: string;
  readonly inputTransformer?: { readonly paths: Readonly<Record<string, string>>; readonly template: string };
  readonly deadLetterArn?: string;
  readonly retryAttempts: number;
  readonly maximumAgeSeconds: number;
}

/** A queue that feeds a function. */
export interface MappingResource {
  readonly logicalId: string;
  readonly queueArn: string;
  readonly functionName: string;
  readonly batchSize: number;
  readonly batchWindowSeconds: number;
  readonly enabled: boolean;
  readonly reportBatchItemFailures: boolean;
  readonly maximumConcurrency?: number;
}

/** Of EventBridge Scheduler. */
export interface ScheduleResource {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  /** The name of its schedule group. */
  readonly group: string;
  readonly expression: string;
  readonly timeZone: string;
  readonly enabled: boolean;
  /** As which the target is invoked. */
  readonly roleArn: string;
  readonly target: TargetResource;
}
