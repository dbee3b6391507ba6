/** EventBridge over HTTP: archives and replays. */
import { defined } from '../../shared/run/defined.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../account.ts';
import {
  optionalNumber,
  optionalObject,
  optionalText,
  optionalTexts,
  optionalTime,
  requiredText,
  type JsonInput,
  type JsonOperation,
} from '../aws-json.ts';
import { ServiceError } from '../service-error.ts';
import { archiveArn, type Archive } from './archive.ts';
import type { EventBus } from './bus.ts';
import { InvalidEventPatternError } from '../../shared/pipeline/event-pattern/pattern.ts';
import { replayArn, type Replay } from './replay.ts';

const BUS_ARN = `arn:aws:events:${LOCAL_REGION}:${LOCAL_ACCOUNT}:event-bus/default`;

const LONGEST_ARCHIVE_NAME = 48;
const LONGEST_REPLAY_NAME = 64;
const MOST_REPLAYS_AT_ONCE = 10;
const PAGE = 100;

export function archiveOperations(bus: EventBus): Readonly<Record<string, JsonOperation>> {
  const { archives, replays } = bus;
  return {
    CreateArchive: (input) => createArchive(bus, input),
    DescribeArchive: (input) => {
      const archive = archiveNamed(bus, input);
      const { description, pattern } = archive;
      return {
        ...summary(bus, archive),
        ArchiveArn: archiveArn(archive.name),
        Description: description,
        EventPattern: pattern,
      };
    },
    ListArchives: (input) => {
      const matches = filter(input, 'ListArchives');
      const found = archives.all().filter(({ name }) => matches({ name, state: 'ENABLED', source: BUS_ARN }));
      return page(input, 'Archives', found, (archive) => summary(bus, archive));
    },
    DeleteArchive: (input) => {
      archives.delete(archiveNamed(bus, input).name);
      return {};
    },
    StartReplay: (input) => startReplay(bus, input),
    DescribeReplay: (input) => {
      const replay = replayNamed(bus, input);
      const { name, description, busArn, ruleArns } = replay;
      return {
        ...replaySummary(replay),
        ReplayArn: replayArn(name),
        Description: description,
        Destination: { Arn: busArn, FilterArns: ruleArns },
      };
    },
    ListReplays: (input) => {
      const matches = filter(input, 'ListReplays');
      const found = replays
        .all()
        .filter(({ name, state, archive }) => matches({ name, state, source: archiveArn(archive) }));
      return page(input, 'Replays', found, replaySummary);
    },
    CancelReplay: (input) => {
      const { name, state } = replayNamed(bus, input);
      const cancelled = replays.cancel(name);
      if (cancelled === undefined) {
        throw new ServiceError(
          'IllegalStatusException',
          `Replay ${name} is not in a valid state for this operation: it is ${state}.`,
        );
      }
      return { ReplayArn: replayArn(name), State: cancelled.state };
    },
  };
}

function createArchive({ archives }: EventBus, input: JsonInput): unknown {
  const name = checkedName(input, 'ArchiveName', LONGEST_ARCHIVE_NAME);
  const source = requiredText(input, 'EventSourceArn');
  if (source !== BUS_ARN) {
    throw new ServiceError('ResourceNotFoundException', `Event bus ${source} does not exist.`);
  }
  const retentionDays = optionalNumber(input, 'RetentionDays') ?? 0;
  if (retentionDays < 0 || !Number.isInteger(retentionDays)) {
    throw constraint(
      String(retentionDays),
      'RetentionDays',
      'Member must have value greater than or equal to 0',
    );
  }
  if (archives.find(name) !== undefined) {
    throw new ServiceError('ResourceAlreadyExistsException', `Archive ${name} already exists.`);
  }
  const description = checkedDescription(input);
  const pattern = optionalText(input, 'EventPattern');
  try {
    const { createdAt } = archives.create(defined({ name, retentionDays, description, pattern }));
    return { ArchiveArn: archiveArn(name), State: 'ENABLED', CreationTime: createdAt / 1000 };
  } catch (error) {
    if (error instanceof InvalidEventPatternError) throw new ServiceError(error.name, error.message);
    throw error;
  }
}

function startReplay(bus: EventBus, input: JsonInput): unknown {
  const { replays, archives } = bus;
  const name = checkedName(input, 'ReplayName', LONGEST_REPLAY_NAME);
  const source = requiredText(input, 'EventSourceArn');
  const archive = /^arn:aws:events:[^:]*:[^:]*:archive\/(.+)$/.exec(source)?.[1];
  if (archive === undefined) throw invalid('EventSourceArn', 'Must contain an archive ARN.');
  const destination = optionalObject(input, 'Destination');
  if (destination === undefined) throw invalid('Destination', 'Destination is a required argument.');
  const busArn = requiredText(destination, 'Arn');
  if (!/^arn:aws:events:[^:]*:[^:]*:event-bus\//.test(busArn)) {
    throw invalid('Destination.Arn', 'Must contain an event bus ARN.');
  }
  if (archiveArn(archive) !== source || archives.find(archive) === undefined) {
    throw new ServiceError('ResourceNotFoundException', `Archive ${archive} does not exist.`);
  }
  if (busArn !== BUS_ARN) throw invalid('Destination.Arn', 'Cross event bus replay is not permitted.');
  const from = requiredTime(input, 'EventStartTime');
  const to = requiredTime(input, 'EventEndTime');
  if (from >= to) throw invalid('EventEndTime', 'EventStartTime must be before EventEndTime.');
  const ruleArns = optionalTexts(destination, 'FilterArns') ?? [];
  const known = new Set(bus.rules().map(({ arn }) => arn));
  const unknown = ruleArns.find((arn) => !known.has(arn));
  if (unknown !== undefined) {
    throw invalid('Destination.FilterArns', `Rule ${unknown} does not exist on EventBus default.`);
  }
  if (replays.find(name) !== undefined) {
    throw new ServiceError('ResourceAlreadyExistsException', `Replay ${name} already exists.`);
  }
  if (replays.active >= MOST_REPLAYS_AT_ONCE) {
    throw new ServiceError(
      'LimitExceededException',
      `The requested resource exceeds the maximum number allowed: ${String(MOST_REPLAYS_AT_ONCE)} replays at once.`,
    );
  }
  const description = checkedDescription(input);
  const { state, startedAt } = replays.begin({
    name,
    archive,
    from,
    to,
    busArn,
    ...defined({ description }),
    // An empty list is none.
    ...(ruleArns.length > 0 && { ruleArns }),
  });
  return { ReplayArn: replayArn(name), State: state, ReplayStartTime: startedAt / 1000 };
}

function summary({ archives }: EventBus, { name, retentionDays, createdAt }: Archive): object {
  const { events, bytes } = archives.size(name);
  return {
    ArchiveName: name,
    EventSourceArn: BUS_ARN,
    State: 'ENABLED',
    RetentionDays: retentionDays,
    SizeBytes: bytes,
    EventCount: events,
    CreationTime: createdAt / 1000,
  };
}

function replaySummary({
  name,
  archive,
  state,
  reason,
  from,
  to,
  lastEvent,
  startedAt,
  endedAt,
}: Replay): object {
  return {
    ReplayName: name,
    EventSourceArn: archiveArn(archive),
    State: state,
    StateReason: reason,
    EventStartTime: from / 1000,
    EventEndTime: to / 1000,
    EventLastReplayedTime: lastEvent && lastEvent / 1000,
    ReplayStartTime: startedAt / 1000,
    ReplayEndTime: endedAt && endedAt / 1000,
  };
}

function archiveNamed({ archives }: EventBus, input: JsonInput): Archive {
  const name = checkedName(input, 'ArchiveName', LONGEST_ARCHIVE_NAME);
  const archive = archives.find(name);
  if (archive !== undefined) return archive;
  throw new ServiceError('ResourceNotFoundException', `Archive ${name} does not exist.`);
}

function replayNamed({ replays }: EventBus, input: JsonInput): Replay {
  const name = checkedName(input, 'ReplayName', LONGEST_REPLAY_NAME);
  const replay = replays.find(name);
  if (replay !== undefined) return replay;
  throw new ServiceError('ResourceNotFoundException', `Replay ${name} does not exist.`);
}

interface Filtered {
  readonly name: string;
  readonly state: string;
  readonly source: string;
}

/** By one of the three, as the service has it. */
function filter(input: JsonInput, operation: string): (one: Filtered) => boolean {
  const prefix = optionalText(input, 'NamePrefix');
  const state = optionalText(input, 'State');
  const source = optionalText(input, 'EventSourceArn');
  if ([prefix, state, source].filter((each) => each !== undefined).length > 1) {
    throw new ServiceError(
      'ValidationException',
      `At most one filter is allowed for ${operation}. Use either : State, EventSourceArn, or NamePrefix.`,
    );
  }
  return (one) =>
    (prefix === undefined || one.name.startsWith(prefix)) &&
    (state === undefined || one.state === state) &&
    (source === undefined || one.source === source);
}

function page<T>(input: JsonInput, member: string, all: readonly T[], show: (one: T) => object): unknown {
  const limit = optionalNumber(input, 'Limit') ?? PAGE;
  if (limit < 1 || limit > PAGE) {
    throw constraint(String(limit), 'Limit', `Member must have value between 1 and ${String(PAGE)}`);
  }
  const token = optionalText(input, 'NextToken') ?? '0';
  const start = Number(token);
  if (!Number.isInteger(start) || start < 0) throw invalid('NextToken', 'it is not one of this service.');
  const end = start + limit;
  return {
    [member]: all.slice(start, end).map(show),
    NextToken: end < all.length ? String(end) : undefined,
  };
}

function checkedName(input: JsonInput, member: string, longest: number): string {
  const name = requiredText(input, member);
  if (name.length < 1 || name.length > longest) {
    throw constraint(name, member, `Member must have length between 1 and ${String(longest)}`);
  }
  if (/^[.\-_A-Za-z0-9]+$/.test(name)) return name;
  throw constraint(name, member, 'Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+');
}

function checkedDescription(input: JsonInput): string | undefined {
  const text = optionalText(input, 'Description');
  if (text === undefined || text.length <= 512) return text;
  throw constraint(text, 'Description', 'Member must have length less than or equal to 512');
}

/** Ms since the epoch. */
function requiredTime(input: JsonInput, member: string): number {
  const time = optionalTime(input, member);
  if (time !== undefined) return time;
  throw invalid(member, `${member} is a required argument.`);
}

function invalid(parameter: string, reason: string): ServiceError {
  return new ServiceError('ValidationException', `Parameter ${parameter} is not valid. Reason: ${reason}`);
}

function constraint(value: string, member: string, rule: string): ServiceError {
  const name = `${member.slice(0, 1).toLowerCase()}${member.slice(1)}`;
  return new ServiceError(
    'ValidationException',
    `1 validation error detected: Value '${value}' at '${name}' failed to satisfy constraint: ${rule}`,
  );
}
