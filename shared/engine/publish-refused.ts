/** A message of the arrivals queue that cannot be understood: it starts nothing, whatever is tried, and people are told so. */
import type { QueueMessage } from '../events/queue-batch.ts';
import { commandLine } from '../run/command.ts';
import { shortened } from '../run/text.ts';
import type { MessageLines } from './failure-card.ts';
import { messageOf } from './message.ts';
import type { Engine } from './ports.ts';
import { matches } from './triggers/s3.ts';

const LONGEST_BODY = 500;

export async function publishRefused(message: QueueMessage, error: Error, engine: Engine): Promise<void> {
  const { stage } = engine.settings;
  const next = wayOut(message, engine);
  const lines: MessageLines = {
    title: `[${stage}] an event started nothing: it cannot be understood`,
    trigger: `message ${message.id} of the arrivals queue: ${shortened(message.body, LONGEST_BODY)}`,
    error: error.message,
    applied: 'no: no run was made',
    waiting: 'none',
    resume: 'is not possible: there is no run; the message becomes a dead letter after its last retry',
    next,
    more: 'the log of start-run has a line "this event started nothing" with this messageId',
  };
  const card = [
    lines.title,
    ...Object.entries(lines)
      .filter(([name]) => name !== 'title')
      .map(([name, line]) => `  ${name.padEnd(8)} ${String(line)}`),
  ].join('\n');
  engine.log('error', 'failure card', { messageId: message.id, card });
  const about = { id: message.id, thread: message.id, type: 'Event Refused', keywords: ['start-run'] };
  await engine.publisher.publish([
    {
      source: 'baton',
      type: 'Event Refused',
      detail: {
        stage,
        messageId: message.id,
        error: error.message,
        body: shortened(message.body, LONGEST_BODY),
        card,
        ...messageOf(about, lines, card, [next]),
      },
    },
  ]);
}

/** If it names an object that a pipeline loads, the file can be started by hand. */
function wayOut({ body }: QueueMessage, { plans, settings }: Engine): string {
  const { bucket, key } = objectIn(body);
  if (bucket === undefined || key === undefined) return 'correct what sends it, then send it again';
  const plan = plans
    .all()
    .find(({ triggers }) =>
      triggers.some((trigger) => matches(trigger, { bucket, key }, settings.landingBucket)),
    );
  if (plan === undefined) return 'nothing: no pipeline loads this file';
  const quoted = /^[\w./:=@%+-]+$/.test(key) ? key : `'${key.replaceAll("'", `'\\''`)}'`;
  return `to load the file: ${commandLine(settings.stage, `start ${plan.pipeline} --file s3://${bucket}/${quoted}`)}`;
}

function objectIn(body: string): { readonly bucket?: string; readonly key?: string } {
  try {
    const { detail } = JSON.parse(body) as {
      detail?: { bucket?: { name?: unknown }; object?: { key?: unknown } };
    };
    const [bucket, key] = [detail?.bucket?.name, detail?.object?.key];
    return typeof bucket === 'string' && typeof key === 'string' ? { bucket, key } : {};
  } catch {
    return {};
  }
}
