/** Details of a call, besides its resource, that permissions depend on; extracted without parsing the whole body. */
import type { ServiceName } from './route.ts';

export type CallDetails = Readonly<Record<string, string>>;

/** Member of the request -> name in the record. */
const MEMBERS: Readonly<Partial<Record<ServiceName, Readonly<Record<string, string>>>>> = {
  dynamodb: { IndexName: 'index' },
  'redshift-data': {
    WorkgroupName: 'workgroup',
    ClusterIdentifier: 'cluster',
    Database: 'database',
    DbUser: 'user',
    SecretArn: 'secret',
    SessionId: 'session',
  },
  sqs: { QueueName: 'queue' },
  events: {
    Source: 'sources',
    DetailType: 'types',
    ArchiveName: 'archive',
    EventSourceArn: 'from',
    ReplayName: 'replay',
  },
};

/** `body`: of a JSON service. Several values of a member are joined by commas. Undefined where there is nothing. */
export function detailsOf(
  service: ServiceName,
  url: string,
  body: Buffer | undefined,
): CallDetails | undefined {
  const details: Record<string, string> = {};
  if (service === 's3') {
    const version = /[?&]versionId=([^&]+)/.exec(url)?.[1];
    if (version !== undefined) details['version'] = version;
  }
  const text = body?.toString('utf8') ?? '';
  for (const [member, name] of Object.entries(MEMBERS[service] ?? {})) {
    // Within a text (SQL, an event's detail) the quotes are escaped.
    const found = [...text.matchAll(new RegExp(`"${member}"\\s*:\\s*"([^"\\\\]{1,300})"`, 'g'))];
    if (found.length > 0) details[name] = [...new Set(found.map(([, value]) => value))].join(',');
  }
  return Object.keys(details).length > 0 ? details : undefined;
}
