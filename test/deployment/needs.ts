/**
 * What a call at the local gateway would need on AWS: action, resource and condition keys, after AWS's Service
 * Authorization Reference (https://docs.aws.amazon.com/service-authorization/latest/reference/).
 */
import type { Call } from '../../local/gateway/call-log.ts';
import { ACCOUNT, REGION, type Need } from './policy.ts';

/** Warehouse of a stage, as its policies name it. */
export interface WarehouseNames {
  /** Workgroup -> the id that its ARN ends in. */
  readonly workgroupIds: Readonly<Record<string, string>>;
  /** ARN of the stage's own warehouse. */
  readonly own: string;
}

const arn = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;

/** A call may need several things; none: it needs no permission of the caller's role. */
export function needsOf(call: Call, warehouse: WarehouseNames): readonly Need[] {
  const from = `${call.service}.${call.operation} by ${call.caller}`;
  const need = (action: string, resource: string, context?: Need['context']): Need => ({
    action,
    resource,
    ...(context !== undefined && { context }),
    from,
  });
  switch (call.service) {
    case 'dynamodb':
      return [need(`dynamodb:${call.operation}`, tableArn(call))];
    case 's3':
      return objectNeeds(call).map(([action, resource]) => need(action, resource));
    case 'events':
      return eventNeeds(call).map(([action, resource, context]) => need(action, resource, context));
    case 'sqs':
      return [
        need(
          `sqs:${call.operation}`,
          arn('sqs', call.resource?.split('/').at(-1) ?? call.details?.['queue'] ?? ''),
        ),
      ];
    case 'lambda':
      return functionNeeds(call).map(([action, resource]) => need(action, resource));
    case 'redshift-data':
      return statementNeeds(call, warehouse).map(([action, resource]) => need(action, resource));
    default:
      throw new Error(`what ${from} needs is not known here`);
  }
}

function functionNeeds({ operation, resource = '' }: Call): [string, string][] {
  // Knows no resource.
  if (operation === 'ListEventSourceMappings') return [['lambda:ListEventSourceMappings', '*']];
  const action = operation === 'Invoke' ? 'lambda:InvokeFunction' : `lambda:${operation}`;
  return [[action, arn('lambda', `function:${resource}`)]];
}

function tableArn({ resource = '', details }: Call): string {
  const index = details?.['index'];
  return arn('dynamodb', `table/${resource}${index === undefined ? '' : `/index/${index}`}`);
}

/** HeadObject has no action of its own. A key that is not there is "not found" only for who may list the bucket. */
function objectNeeds({ operation, resource = '', details, outcome, status }: Call): [string, string][] {
  const path = decodeURIComponent(resource);
  const bucket = path.split('/')[0] ?? '';
  const object = `arn:aws:s3:::${path}`;
  switch (operation) {
    case 'HeadObject':
    case 'GetObject': {
      const action = details?.['version'] === undefined ? 's3:GetObject' : 's3:GetObjectVersion';
      const missing = status === 404 || outcome === 'NoSuchKey';
      return [
        [action, object],
        ...(missing ? [['s3:ListBucket', `arn:aws:s3:::${bucket}`] as [string, string]] : []),
      ];
    }
    case 'ListObjectVersions':
      return [['s3:ListBucketVersions', `arn:aws:s3:::${bucket}`]];
    case 'ListObjectsV2':
    case 'HeadBucket':
      return [['s3:ListBucket', `arn:aws:s3:::${bucket}`]];
    case 'GetBucketNotificationConfiguration':
      return [['s3:GetBucketNotification', `arn:aws:s3:::${bucket}`]];
    case 'PutObject':
    case 'DeleteObject':
      return [[`s3:${operation}`, object]];
    default:
      throw new Error(`what s3.${operation} needs is not known here`);
  }
}

function eventNeeds({ operation, details = {} }: Call): [string, string, Need['context']?][] {
  const action = `events:${operation}`;
  const bus = arn('events', 'event-bus/default');
  const { sources = '', types = '', archive, from = '', replay = '' } = details;
  switch (operation) {
    case 'PutEvents':
      // Each entry is judged by itself; the functions put one source and type at a time.
      return sources
        .split(',')
        .flatMap((source) =>
          types
            .split(',')
            .map((type): [string, string, Need['context']] => [
              action,
              bus,
              { 'events:source': source, 'events:detail-type': type },
            ]),
        );
    case 'DescribeArchive':
      return [[action, arn('events', `archive/${archive ?? ''}`)]];
    case 'StartReplay':
      return [from, bus, arn('events', `replay/${replay}`)].map((resource) => [action, resource]);
    case 'DescribeReplay':
    case 'CancelReplay':
      return [[action, arn('events', `replay/${replay}`)]];
    case 'ListRules':
      return [[action, '*']];
    default:
      throw new Error(`what ${action} needs is not known here`);
  }
}

/** Named by resource where AWS knows one: which is asked for a call with only a session is not documented. */
function statementNeeds({ operation, details = {} }: Call, warehouse: WarehouseNames): [string, string][] {
  if (operation !== 'ExecuteStatement' && operation !== 'BatchExecuteStatement') {
    return [[`redshift-data:${operation}`, '*']];
  }
  const { workgroup, cluster, database = '', user, secret, session } = details;
  const action = `redshift-data:${operation}`;
  // Goes on where its session was opened: on the stage's own warehouse, or one of those that the opening calls name.
  if (session !== undefined) return [[action, warehouse.own]];
  if (workgroup !== undefined) {
    const id = warehouse.workgroupIds[workgroup] ?? `(workgroup ${workgroup} has no id here)`;
    const workgroupArn = arn('redshift-serverless', `workgroup/${id}`);
    return [
      [action, workgroupArn],
      secret === undefined
        ? ['redshift-serverless:GetCredentials', workgroupArn]
        : ['secretsmanager:GetSecretValue', secret],
    ];
  }
  const name = cluster ?? '(no warehouse)';
  return [[action, arn('redshift', `cluster:${name}`)], ...clusterSignIn(name, database, user, secret)];
}

function clusterSignIn(
  cluster: string,
  database: string,
  user: string | undefined,
  secret: string | undefined,
): [string, string][] {
  if (secret !== undefined) return [['secretsmanager:GetSecretValue', secret]];
  const databaseArn = arn('redshift', `dbname:${cluster}/${database}`);
  if (user === undefined) return [['redshift:GetClusterCredentialsWithIAM', databaseArn]];
  return [
    ['redshift:GetClusterCredentials', arn('redshift', `dbuser:${cluster}/${user}`)],
    ['redshift:GetClusterCredentials', databaseArn],
  ];
}
