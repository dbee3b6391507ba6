/** Replays of the stage's archive of file events. */
import {
  DescribeArchiveCommand,
  DescribeReplayCommand,
  EventBridgeClient,
  ListRulesCommand,
  StartReplayCommand,
} from '@aws-sdk/client-eventbridge';

import { isNamed } from '../../shared/errors.ts';
import { pages } from '../../shared/pages.ts';
import { defined } from '../../shared/run/defined.ts';
import { CommandError, EXIT, usageError } from '../exit.ts';
import type { ClientSettings } from './client-settings.ts';

interface ReplayRequest {
  readonly name: string;
  /** Ms since the epoch. Events know their time to the second: the seconds of both ends are taken whole. */
  readonly from: number;
  readonly to: number;
}

export interface ReplayProgress {
  /** `COMPLETED`, `FAILED` and `CANCELLED` are ends. */
  readonly state: string;
  readonly reason?: string;
  /** Time of the last event that was delivered again; ISO 8601. */
  readonly upTo?: string;
}

export interface Replayer {
  /**
   * Begins a replay of the events of files, to the rules that bring files to their pipelines and to no others.
   * @throws CommandError (exit 2): there is no archive or no such rule, or the name was used before
   */
  begin(request: ReplayRequest): Promise<ReplayProgress>;
  look(name: string): Promise<ReplayProgress>;
}

interface Names {
  readonly archive: string;
  /** What the names of the arrivals rules begin with; a number may follow. */
  readonly rules: string;
}

export function eventBridgeReplayer(settings: ClientSettings, names: Names): Replayer {
  const client = new EventBridgeClient(settings);
  return {
    begin: async ({ name, from, to }) => {
      const { ArchiveArn, EventSourceArn } = await describeArchive(client, names.archive);
      const FilterArns = await ruleArns(client, names.rules);
      if (FilterArns.length === 0) {
        throw usageError(
          `rule ${names.rules} not found: no deployed pipeline has an s3 trigger`,
          'deploy the stage first',
        );
      }
      try {
        const begun = await client.send(
          new StartReplayCommand({
            ReplayName: name,
            EventSourceArn: ArchiveArn,
            EventStartTime: new Date(Math.floor(from / 1000) * 1000),
            // It is excluded.
            EventEndTime: new Date((Math.floor(to / 1000) + 1) * 1000),
            Destination: { Arn: EventSourceArn, FilterArns },
          }),
        );
        return progress(begun);
      } catch (error) {
        if (!isNamed(error, 'ResourceAlreadyExistsException')) throw error;
        throw new CommandError(EXIT.usage, `a replay named ${name} already exists`, {
          hint: 'choose another name: a replay resumes a failed run once per name',
          cause: error,
        });
      }
    },
    look: async (name) => progress(await client.send(new DescribeReplayCommand({ ReplayName: name }))),
  };
}

async function describeArchive(
  client: EventBridgeClient,
  name: string,
): Promise<{ ArchiveArn: string | undefined; EventSourceArn: string | undefined }> {
  try {
    const { ArchiveArn, EventSourceArn } = await client.send(
      new DescribeArchiveCommand({ ArchiveName: name }),
    );
    return { ArchiveArn, EventSourceArn };
  } catch (error) {
    if (!isNamed(error, 'ResourceNotFoundException')) throw error;
    throw new CommandError(EXIT.usage, `archive ${name} not found`, {
      hint: 'deploy this version first: events are archived from then on',
      cause: error,
    });
  }
}

async function ruleArns(client: EventBridgeClient, prefix: string): Promise<string[]> {
  const arns: string[] = [];
  const read = (NextToken: string | undefined) =>
    client.send(new ListRulesCommand({ NamePrefix: prefix, NextToken }));
  for await (const page of pages(read)) {
    for (const { Name = '', Arn } of page.Rules ?? []) {
      // Excludes stages whose name merely begins with this one.
      if (Arn !== undefined && /^(-\d+)?$/.test(Name.slice(prefix.length))) arns.push(Arn);
    }
  }
  return arns;
}

function progress(answer: {
  State?: string | undefined;
  StateReason?: string | undefined;
  EventLastReplayedTime?: Date | undefined;
}): ReplayProgress {
  const { State = 'STARTING', StateReason, EventLastReplayedTime } = answer;
  return {
    state: State,
    ...defined({ reason: StateReason, upTo: EventLastReplayedTime?.toISOString() }),
  };
}
