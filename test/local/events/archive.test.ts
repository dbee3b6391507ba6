import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  CancelReplayCommand,
  CreateArchiveCommand,
  DeleteArchiveCommand,
  DescribeArchiveCommand,
  DescribeReplayCommand,
  EventBridgeClient,
  ListArchivesCommand,
  ListReplaysCommand,
  PutEventsCommand,
  StartReplayCommand,
  type CreateArchiveCommandInput,
  type DescribeReplayCommandOutput,
  type StartReplayCommandInput,
} from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { LocalClock } from '../../../local/clock.ts';
import { eventsHandler } from '../../../local/events/api.ts';
import type { BusEvent } from '../../../local/bus-event.ts';
import { EventBus, type BusSettings } from '../../../local/events/bus.ts';
import { EventFaults } from '../../../local/events/event-faults.ts';
import { listenLocally } from '../../../local/http.ts';
import type { ArchiveResource, RuleResource } from '../../../local/template/resources.ts';

const BUS = 'arn:aws:events:us-east-1:000000000000:event-bus/default';
const ARCHIVE = 'arn:aws:events:us-east-1:000000000000:archive/files';
const DAY_MS = 86_400_000;
const START = new Date('2026-11-23T10:00:00Z');
const END = new Date('2026-11-23T11:00:00Z');

function rule(name: string): RuleResource {
  return {
    logicalId: name,
    name,
    arn: `arn:aws:events:us-east-1:000000000000:rule/${name}`,
    enabled: true,
    pattern: { source: ['aws.s3'] },
    targets: [{ id: 't', arn: name, retryAttempts: 185, maximumAgeSeconds: 86_400 }],
  };
}

function event(id: string, time: string, more: Partial<BusEvent> = {}): BusEvent {
  return {
    version: '0',
    id,
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: '000000000000',
    time: `2026-11-23T${time}Z`,
    region: 'us-east-1',
    resources: [],
    detail: { object: { key: id } },
    ...more,
  };
}

const files: ArchiveResource = {
  logicalId: 'Files',
  name: 'files',
  arn: ARCHIVE,
  pattern: { source: ['aws.s3'] },
  retentionDays: 30,
};

const rules = [rule('arrivals'), rule('watch')];

let folder: string;
let clock: LocalClock;
let faults: EventFaults;
let delivered: { target: string; event: BusEvent; text: string }[];
let bus: EventBus;
let server: Server;
let client: EventBridgeClient;

function openBus(more: Partial<BusSettings> = {}): void {
  bus = new EventBus(
    { file: join(folder, 'deliveries.jsonl'), rules, ...more },
    {
      clock,
      faults,
      deliver: (target, text) => {
        delivered.push({ target, event: JSON.parse(text) as BusEvent, text });
        return Promise.resolve();
      },
      sendDeadLetter: () => Promise.resolve(),
      log: () => undefined,
    },
  );
  bus.start();
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-archive-'));
  clock = new LocalClock();
  faults = new EventFaults();
  delivered = [];
  openBus();
  server = createServer((request, response) => void eventsHandler(bus)(request, response));
  client = new EventBridgeClient({
    endpoint: `http://127.0.0.1:${String(await listenLocally(server))}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
  });
});

afterEach(async () => {
  client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  bus.stop();
  await rm(folder, { recursive: true, force: true });
});

function createArchive(more: Partial<CreateArchiveCommandInput> = {}): Promise<unknown> {
  return client.send(
    new CreateArchiveCommand({
      ArchiveName: 'files',
      EventSourceArn: BUS,
      EventPattern: '{"source":["aws.s3"]}',
      RetentionDays: 30,
      ...more,
    }),
  );
}

function startReplay(more: Partial<StartReplayCommandInput> = {}) {
  return client.send(
    new StartReplayCommand({
      ReplayName: 'again',
      EventSourceArn: ARCHIVE,
      EventStartTime: START,
      EventEndTime: END,
      Destination: { Arn: BUS },
      ...more,
    }),
  );
}

async function completed(name = 'again'): Promise<DescribeReplayCommandOutput> {
  const replay = await vi.waitFor(async () => {
    const seen = await client.send(new DescribeReplayCommand({ ReplayName: name }));
    expect(seen.State).toBe('COMPLETED');
    return seen;
  });
  await bus.settled();
  return replay;
}

async function publish(...events: readonly BusEvent[]): Promise<void> {
  for (const each of events) await bus.publish(each);
  await bus.settled();
}

async function eventCount(): Promise<number | undefined> {
  return (await client.send(new DescribeArchiveCommand({ ArchiveName: 'files' }))).EventCount;
}

describe('an archive', () => {
  it('is created, described, listed and deleted', async () => {
    const made = await createArchive({ Description: 'of files' });
    expect(made).toMatchObject({ ArchiveArn: ARCHIVE, State: 'ENABLED' });
    await createArchive({ ArchiveName: 'all', EventPattern: undefined, RetentionDays: undefined });
    await publish(event('a', '10:00:00'));
    expect(await client.send(new DescribeArchiveCommand({ ArchiveName: 'files' }))).toMatchObject({
      ArchiveName: 'files',
      ArchiveArn: ARCHIVE,
      EventSourceArn: BUS,
      Description: 'of files',
      EventPattern: '{"source":["aws.s3"]}',
      State: 'ENABLED',
      RetentionDays: 30,
      EventCount: 1,
      SizeBytes: JSON.stringify(event('a', '10:00:00')).length,
      CreationTime: expect.any(Date) as Date,
    });
    const listed = await client.send(new ListArchivesCommand({ EventSourceArn: BUS, Limit: 1 }));
    expect(listed.Archives?.map((each) => [each.ArchiveName, each.RetentionDays])).toEqual([['all', 0]]);
    const rest = await client.send(
      new ListArchivesCommand({ EventSourceArn: BUS, Limit: 1, NextToken: listed.NextToken }),
    );
    expect(rest.Archives?.map((each) => each.ArchiveName)).toEqual(['files']);
    expect(rest.NextToken).toBeUndefined();
    const file = join(folder, 'archives', 'files.jsonl');
    expect(existsSync(file)).toBe(true);
    await client.send(new DeleteArchiveCommand({ ArchiveName: 'files' }));
    expect(existsSync(file)).toBe(false);
    await expect(eventCount()).rejects.toThrow('Archive files does not exist.');
  });

  it('keeps events that match its pattern, from PutEvents and services, even if their delivery is lost', async () => {
    await createArchive({ EventPattern: '{"source":["aws.s3","mine"]}' });
    faults.set({ effect: { kind: 'drop' } });
    await publish(event('a', '10:00:00'), event('b', '10:00:00', { source: 'aws.redshift-data' }));
    await client.send(
      new PutEventsCommand({
        Entries: [
          { Source: 'mine', DetailType: 'T', Detail: '{"n":1.50}' },
          { Source: 'other', DetailType: 'T', Detail: '{}' },
        ],
      }),
    );
    expect(delivered).toEqual([]);
    expect(await eventCount()).toBe(2);
    // As it was written.
    expect(readFileSync(join(folder, 'archives', 'files.jsonl'), 'utf8')).toContain('{\\"n\\":1.50}');
  });

  it('deletes events after its number of days, by the local clock', async () => {
    await createArchive({ RetentionDays: 2 });
    await publish(event('a', '10:00:00'));
    clock.advance(1.5 * DAY_MS);
    await publish(event('b', '10:00:00'));
    expect(await eventCount()).toBe(2);
    clock.advance(DAY_MS);
    expect(await eventCount()).toBe(1);
    await startReplay();
    await completed();
    expect(delivered.filter((each) => 'replay-name' in each.event).map((each) => each.event.id)).toEqual([
      'b',
      'b',
    ]);
  });

  it('exists with its events after a restart, except for a partial line of a killed process', async () => {
    await createArchive();
    await publish(event('a', '10:00:00'));
    bus.stop();
    appendFileSync(join(folder, 'archives', 'files.jsonl'), '{"at":1,"event":"{');
    openBus();
    await publish(event('b', '10:00:01'));
    expect(await eventCount()).toBe(2);
  });

  it('of the template is created at start, changed without a loss, and deleted with its resource', async () => {
    bus.stop();
    openBus({ archives: [files] });
    await createArchive({ ArchiveName: 'by-hand' });
    await publish(event('a', '10:00:00'));
    bus.setRules(rules, [], [{ ...files, retentionDays: 7 }]);
    expect(await client.send(new DescribeArchiveCommand({ ArchiveName: 'files' }))).toMatchObject({
      EventCount: 1,
      RetentionDays: 7,
    });
    expect(() => {
      bus.setRules([], [], [{ ...files, pattern: { source: 'aws.s3' } }]);
    }).toThrow('archive files: Event pattern is not valid');
    expect(bus.rules()).toHaveLength(2);
    bus.setRules(rules, [], []);
    expect(bus.archives.all().map(({ name }) => name)).toEqual(['by-hand']);
  });

  it.each([
    ['a name taken', {}, 'ResourceAlreadyExistsException', 'Archive files already exists.'],
    ['no name', { ArchiveName: 'no name' }, 'ValidationException', "'no name' at 'archiveName'"],
    ['a long name', { ArchiveName: 'n'.repeat(49) }, 'ValidationException', 'between 1 and 48'],
    ['another bus', { EventSourceArn: `${BUS}2` }, 'ResourceNotFoundException', 'does not exist'],
    ['days below 0', { ArchiveName: 'new', RetentionDays: -1 }, 'ValidationException', 'retentionDays'],
    [
      'a pattern that is none',
      { ArchiveName: 'new', EventPattern: '{"source":"aws.s3"}' },
      'InvalidEventPatternException',
      'Event pattern is not valid',
    ],
  ])('with %s is refused', async (_, input, name, message) => {
    await createArchive();
    const refused = createArchive(input);
    await expect(refused).rejects.toMatchObject({ name });
    await expect(refused).rejects.toThrow(message);
    expect(bus.archives.all()).toHaveLength(1);
  });
});

describe('a replay', () => {
  beforeEach(() => createArchive());

  it('delivers the events of its time range again, oldest first, unchanged except for its name', async () => {
    const b = event('b', '10:30:00');
    const a = event('a', '10:00:00');
    await publish(b, a, event('early', '09:59:59'), event('late', '11:00:00'));
    delivered = [];
    expect(await startReplay()).toMatchObject({
      ReplayArn: 'arn:aws:events:us-east-1:000000000000:replay/again',
      State: 'STARTING',
      ReplayStartTime: expect.any(Date) as Date,
    });
    const replay = await completed();
    expect(delivered.filter(({ target }) => target === 'watch').map((each) => each.event)).toEqual([
      { ...a, 'replay-name': 'again' },
      { ...b, 'replay-name': 'again' },
    ]);
    expect(delivered).toHaveLength(4);
    expect(replay).toMatchObject({
      ReplayName: 'again',
      EventSourceArn: ARCHIVE,
      Destination: { Arn: BUS },
      EventStartTime: START,
      EventEndTime: END,
      EventLastReplayedTime: new Date(b.time),
      ReplayEndTime: expect.any(Date) as Date,
    });
  });

  it('reaches only the rules that it names', async () => {
    await publish(event('a', '10:00:00'));
    delivered = [];
    await startReplay({ Destination: { Arn: BUS, FilterArns: [rules[0]?.arn ?? ''] } });
    await completed();
    expect(delivered.map(({ target }) => target)).toEqual(['arrivals']);
  });

  it('is never archived, so a second one delivers each event once', async () => {
    await publish(event('a', '10:00:00'));
    await startReplay();
    await completed();
    expect(await eventCount()).toBe(1);
    delivered = [];
    await startReplay({ ReplayName: 'once-more' });
    await completed('once-more');
    expect(delivered.map((each) => each.event['replay-name'])).toEqual(['once-more', 'once-more']);
    const { Replays } = await client.send(new ListReplaysCommand({ NamePrefix: 'once' }));
    expect(Replays?.map((each) => [each.ReplayName, each.State])).toEqual([['once-more', 'COMPLETED']]);
  });

  it('that was interrupted continues when the next process starts', async () => {
    await publish(event('a', '10:00:00'), event('b', '10:30:00'));
    delivered = [];
    bus.replays.begin({
      name: 'again',
      archive: 'files',
      from: START.getTime(),
      to: END.getTime(),
      busArn: BUS,
    });
    bus.stop();
    expect(delivered).toEqual([]);
    openBus();
    await completed();
    expect(delivered.map((each) => each.event.id).sort()).toEqual(['a', 'a', 'b', 'b']);
  });

  it('of more events than fit in one part continues after each part', async () => {
    const count = 120;
    const at = (i: number): string =>
      `10:${String(Math.floor(i / 60)).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}`;
    await publish(...Array.from({ length: count }, (_, i) => event(`e${String(i)}`, at(i))));
    delivered = [];
    bus.replays.begin({
      name: 'again',
      archive: 'files',
      from: START.getTime(),
      to: END.getTime(),
      busArn: BUS,
    });
    // One turn of the loop is one part of the replay.
    await new Promise((resolve) => setImmediate(resolve));
    expect(bus.replays.find('again')?.state).toBe('RUNNING');
    bus.stop();
    openBus();
    await completed();
    const ids = new Set(delivered.map((each) => each.event.id));
    expect(ids.size).toBe(count);
    // The second it had come to is delivered twice at most.
    expect(delivered.length).toBeLessThanOrEqual(2 * (count + 1));
  });

  it('is cancelled before its next part, and cannot be cancelled at its end', async () => {
    await publish(event('a', '10:00:00'));
    delivered = [];
    bus.replays.begin({
      name: 'again',
      archive: 'files',
      from: START.getTime(),
      to: END.getTime(),
      busArn: BUS,
    });
    expect(bus.replays.cancel('again')?.state).toBe('CANCELLING');
    await vi.waitFor(() => {
      expect(bus.replays.find('again')?.state).toBe('CANCELLED');
    });
    expect(delivered).toEqual([]);
    await expect(client.send(new CancelReplayCommand({ ReplayName: 'again' }))).rejects.toMatchObject({
      name: 'IllegalStatusException',
    });
  });

  it('of an archive that was deleted before it began fails with the reason', async () => {
    bus.replays.begin({
      name: 'again',
      archive: 'files',
      from: START.getTime(),
      to: END.getTime(),
      busArn: BUS,
    });
    bus.archives.delete('files');
    await vi.waitFor(async () => {
      expect(await client.send(new DescribeReplayCommand({ ReplayName: 'again' }))).toMatchObject({
        State: 'FAILED',
        StateReason: 'archive files was deleted',
      });
    });
  });

  it.each([
    ['a name used before', {}, 'ResourceAlreadyExistsException', 'Replay again already exists.'],
    ['no name', { ReplayName: 'a b' }, 'ValidationException', "'a b' at 'replayName'"],
    ['no archive', { EventSourceArn: `${ARCHIVE}2` }, 'ResourceNotFoundException', 'Archive files2 does not'],
    ['a bus as its source', { EventSourceArn: BUS }, 'ValidationException', 'Must contain an archive ARN'],
    ['another bus', { Destination: { Arn: `${BUS}2` } }, 'ValidationException', 'Cross event bus'],
    ['an end before its start', { EventEndTime: new Date(0) }, 'ValidationException', 'must be before'],
    [
      'a rule that is not there',
      { ReplayName: 'new', Destination: { Arn: BUS, FilterArns: ['arn:none'] } },
      'ValidationException',
      'Rule arn:none does not exist',
    ],
  ])('with %s is refused', async (_, input, name, message) => {
    await startReplay();
    await completed();
    const refused = startReplay(input);
    await expect(refused).rejects.toMatchObject({ name });
    await expect(refused).rejects.toThrow(message);
    expect(bus.replays.all()).toHaveLength(1);
  });

  it('that was never started is not found', async () => {
    await expect(client.send(new DescribeReplayCommand({ ReplayName: 'none' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});
