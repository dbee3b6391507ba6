/** The events that functions get, as AWS and people send them, and what today's readers make of them. */
import { parseObjectCreated } from '../../shared/events/object-created.ts';
import { parseRequest } from '../../shared/events/parse-request.ts';
import { parseWakeUp } from '../../shared/events/statement-ended.ts';
import type { Golden, GoldenEvent } from './golden.ts';

const STAGE = 'test';
const ROLE = 'baton-test-role';

/** What today's code reads in an event. */
export function read({ reader, event }: Pick<GoldenEvent, 'reader' | 'event'>): unknown {
  switch (reader) {
    case 'object-created':
      return parseObjectCreated(event);
    case 'wake-up':
      return parseWakeUp(event, STAGE, ROLE);
    case 'request':
      return parseRequest(event);
    default:
      return reader satisfies never;
  }
}

/** Of a golden run whose statement is under way: a completion event can be about it. */
export function underWay(goldens: readonly Golden[]): Golden {
  const found = goldens.find(({ name }) => name.startsWith('RUNNING-SUBMITTED'));
  if (found === undefined) throw new Error('no golden run has a statement under way');
  return found;
}

export function makeEvents(goldens: readonly Golden[]): GoldenEvent[] {
  const golden = underWay(goldens);
  const statement = golden.warehouse.statements.find(({ status }) => status === 'RUNNING');
  const envelope = {
    version: '0',
    id: '17793124-05d4-b198-2fde-7ededc63b103',
    account: '123456789012',
    time: '2026-11-24T08:00:00Z',
    region: 'eu-central-1',
  };
  const created = {
    ...envelope,
    'detail-type': 'Object Created',
    source: 'aws.s3',
    resources: ['arn:aws:s3:::landing'],
    detail: {
      version: '0',
      bucket: { name: 'landing' },
      object: {
        key: "orders/7 o'clock.csv",
        size: 10,
        etag: 'b1946ac92492d2347c6235b4d2611184',
        'version-id': 'IYV3p45BT0ac8hjHg1houSdS1a.Mro8e',
        sequencer: '00617F08299329D189',
      },
      'request-id': 'N4N7GDK58NMKJ12R',
      requester: '123456789012',
      'source-ip-address': '1.2.3.4',
      reason: 'PutObject',
    },
  };
  const { 'version-id': _, ...unversioned } = created.detail.object;
  const ended = {
    ...envelope,
    'detail-type': 'Redshift Data Statement Status Change',
    source: 'aws.redshift-data',
    resources: ['arn:aws:redshift-serverless:eu-central-1:123456789012:workgroup/etl'],
    detail: {
      principal: `arn:aws:sts::123456789012:assumed-role/${ROLE}/baton-test-run-step`,
      statementName: statement?.name ?? '',
      statementId: statement?.id ?? '',
      redshiftQueryId: 0,
      state: 'FINISHED',
      rows: 1,
      expireAt: 1795593600,
    },
  };
  const request = (type: string, detail: object) => ({
    ...envelope,
    'detail-type': type,
    source: 'baton.request',
    resources: [],
    detail: { requestId: 'request-1', stage: STAGE, actor: 'console', ...detail },
  });
  const { runId } = golden;
  const events: Omit<GoldenEvent, 'read'>[] = [
    { name: 'a file arrived', reader: 'object-created', event: created },
    {
      name: 'a file arrived in a bucket without versions',
      reader: 'object-created',
      event: { ...created, detail: { ...created.detail, object: unversioned } },
    },
    {
      name: 'a file arrived, replayed',
      reader: 'object-created',
      event: { ...created, 'replay-name': 'replay-2026-11-24' },
    },
    { name: 'a statement ended', reader: 'wake-up', of: golden.name, event: ended },
    {
      name: 'a statement ended, replayed',
      reader: 'wake-up',
      event: { ...ended, 'replay-name': 'replay-2026-11-24' },
    },
    {
      name: 'a run was woken',
      reader: 'wake-up',
      of: golden.name,
      event: request('Run Woken', { runId }),
    },
    { name: 'a resume from the console', reader: 'request', event: request('Resume Requested', { runId }) },
    {
      name: 'a resume from a step',
      reader: 'request',
      event: request('Resume Requested', { runId, from: '20_load.sql' }),
    },
    {
      name: 'a cancel',
      reader: 'request',
      event: request('Cancel Requested', { runId, reason: 'wrong file' }),
    },
    {
      name: 'a word on an unknown outcome',
      reader: 'request',
      event: request('Resolve Requested', { runId, verdict: 'applied' }),
    },
    {
      name: 'a start',
      reader: 'request',
      event: request('Run Requested', {
        pipeline: 'orders',
        file: 's3://landing/orders/1.csv',
        parameters: { region: 'eu' },
      }),
    },
    {
      name: 'an invocation by the command line',
      reader: 'request',
      event: { verb: 'resume', requestId: 'cli-1', runId, actor: 'somebody' },
    },
  ];
  return events.map((event) => Object.assign(event, { read: read(event) }));
}
