/**
 * EventBridge over HTTP: PutEvents, TestEventPattern, reading of the rules, archives and replays. Rules come from the
 * template.
 */
import { randomUUID } from 'node:crypto';

import {
  jsonHandler,
  optionalObjects,
  optionalText,
  optionalTexts,
  optionalTime,
  requiredText,
  type JsonInput,
} from '../aws-json.ts';
import { eventHead } from '../bus-event.ts';
import type { Handler } from '../http.ts';
import { ServiceError } from '../service-error.ts';
import type { RuleResource, TargetResource } from '../template/resources.ts';
import { archiveOperations } from './archive-api.ts';
import type { EventBus } from './bus.ts';
import { JsonError, parseJson, type JsonNode } from '../../shared/pipeline/event-pattern/json-text.ts';
import {
  EventFields,
  InvalidEventPatternError,
  Pattern,
} from '../../shared/pipeline/event-pattern/pattern.ts';

const MOST_ENTRIES = 10;
/** Of all entries together: 1 MB. */
const LARGEST_REQUEST_BYTES = 1024 * 1024;
/** What a `Time` counts for in the size of an entry. */
const TIME_BYTES = 14;
const NEEDED_IN_EVENT = ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type'];

export function eventsHandler(bus: EventBus): Handler {
  return jsonHandler({
    target: 'AWSEvents',
    version: '1.1',
    operations: {
      PutEvents: (input) => putEvents(bus, input),
      TestEventPattern: testEventPattern,
      ListRules: (input) => {
        onDefaultBus(input);
        const prefix = optionalText(input, 'NamePrefix') ?? '';
        return {
          Rules: bus
            .rules()
            .filter(({ name }) => name.startsWith(prefix))
            .map(describe),
        };
      },
      DescribeRule: (input) => describe(ruleNamed(bus, input, 'Name')),
      ListTargetsByRule: (input) => ({
        Targets: ruleNamed(bus, input, 'Rule').targets.map(describeTarget),
      }),
      ...archiveOperations(bus),
    },
    unsupported: (operation) =>
      new ServiceError(
        'UnknownOperationException',
        `the local EventBridge has no ${operation === '' ? 'such operation' : operation}: rules and targets come from serverless.yml, and it offers PutEvents, TestEventPattern, ListRules, DescribeRule, ListTargetsByRule, and archives and replays`,
      ),
  });
}

type PutResult = { readonly EventId: string } | { readonly ErrorCode: string; readonly ErrorMessage: string };

function putEvents(bus: EventBus, input: JsonInput): unknown {
  const entries = optionalObjects(input, 'Entries') ?? [];
  if (entries.length === 0 || entries.length > MOST_ENTRIES) {
    const limit =
      entries.length === 0 ? 'greater than or equal to 1' : `less than or equal to ${String(MOST_ENTRIES)}`;
    throw new ServiceError(
      'ValidationException',
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length ${limit}`,
    );
  }
  const size = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (size > LARGEST_REQUEST_BYTES) {
    throw new ServiceError(
      'ValidationException',
      'Total size of the entries in the request is over the limit.',
    );
  }
  const results = entries.map((entry) => putEvent(bus, entry));
  return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
}

function putEvent(bus: EventBus, entry: JsonInput): PutResult {
  const source = optionalText(entry, 'Source') ?? '';
  const detailType = optionalText(entry, 'DetailType') ?? '';
  const detail = optionalText(entry, 'Detail') ?? '';
  for (const [name, value] of Object.entries({ Source: source, DetailType: detailType, Detail: detail })) {
    if (value === '')
      return refused(
        'InvalidArgument',
        `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
      );
  }
  if (source.startsWith('aws.')) return refused('NotAuthorizedForSource', 'Not authorized for the source.');
  const busName = optionalText(entry, 'EventBusName') ?? 'default';
  if (busName.split('/').at(-1) !== 'default') {
    return refused(
      'InvalidArgument',
      `Parameter EventBusName is not valid. Reason: there is no event bus "${busName}" locally, only "default".`,
    );
  }
  if (!isJsonObject(detail)) return refused('MalformedDetail', 'Detail is malformed.');
  const time = optionalTime(entry, 'Time');
  const resources = optionalTexts(entry, 'Resources') ?? [];
  const id = randomUUID();
  const head = eventHead(id, source, detailType, time ?? bus.clock.now(), resources);
  // The detail is passed on unparsed: numbers are compared by their text.
  bus.publishText(head, `${JSON.stringify(head).slice(0, -1)},"detail":${detail}}`);
  return { EventId: id };
}

function refused(code: string, message: string): PutResult {
  return { ErrorCode: code, ErrorMessage: message };
}

function isJsonObject(text: string): boolean {
  try {
    return parseJson(text).kind === 'object';
  } catch {
    return false;
  }
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size */
function sizeOf(entry: JsonInput): number {
  let size = entry['Time'] === undefined ? 0 : TIME_BYTES;
  for (const name of ['Source', 'DetailType', 'Detail']) {
    size += Buffer.byteLength(optionalText(entry, name) ?? '');
  }
  for (const resource of optionalTexts(entry, 'Resources') ?? []) size += Buffer.byteLength(resource);
  return size;
}

function testEventPattern(input: JsonInput): unknown {
  const patternText = requiredText(input, 'EventPattern');
  const eventText = requiredText(input, 'Event');
  let event: JsonNode;
  try {
    event = parseJson(eventText);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new ServiceError('ValidationException', `Parameter Event is not valid. Reason: ${error.message}`);
  }
  const names = new Set(event.kind === 'object' ? event.entries.map(({ name }) => name) : []);
  const missing = NEEDED_IN_EVENT.filter((name) => !names.has(name));
  if (missing.length > 0) {
    throw new ServiceError(
      'ValidationException',
      `Parameter Event is not valid. Reason: mandatory fields are missing: ${missing.join(', ')}`,
    );
  }
  try {
    return { Result: new Pattern(patternText).matches(new EventFields(eventText)) };
  } catch (error) {
    if (error instanceof InvalidEventPatternError) throw new ServiceError(error.name, error.message);
    throw error;
  }
}

function onDefaultBus(input: JsonInput): void {
  const name = optionalText(input, 'EventBusName') ?? 'default';
  if (name.split('/').at(-1) !== 'default') {
    throw new ServiceError('ResourceNotFoundException', `Event bus ${name} does not exist.`);
  }
}

function ruleNamed(bus: EventBus, input: JsonInput, member: string): RuleResource {
  onDefaultBus(input);
  const name = requiredText(input, member);
  const rule = bus.rules().find((each) => each.name === name);
  if (rule !== undefined) return rule;
  throw new ServiceError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus default.`);
}

function describe(rule: RuleResource): unknown {
  return {
    Name: rule.name,
    Arn: rule.arn,
    EventBusName: 'default',
    State: rule.enabled ? 'ENABLED' : 'DISABLED',
    EventPattern: rule.pattern && JSON.stringify(rule.pattern),
    ScheduleExpression: rule.schedule,
  };
}

function describeTarget(target: TargetResource): unknown {
  return {
    Id: target.id,
    Arn: target.arn,
    Input: target.input,
    InputPath: target.inputPath,
    InputTransformer: target.inputTransformer && {
      InputPathsMap: target.inputTransformer.paths,
      InputTemplate: target.inputTransformer.template,
    },
    RetryPolicy: {
      MaximumRetryAttempts: target.retryAttempts,
      MaximumEventAgeInSeconds: target.maximumAgeSeconds,
    },
    DeadLetterConfig: target.deadLetterArn && { Arn: target.deadLetterArn },
  };
}
