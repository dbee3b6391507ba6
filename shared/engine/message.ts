/** A message for people as a part of an event, in both forms that the rule of messages sends. */
import { shortened } from '../run/text.ts';
import type { MessageLines } from './failure-card.ts';

interface About {
  /** Two messages with the same one are one, sent twice. */
  readonly id: string;
  /** Messages with the same one are shown together. */
  readonly thread: string;
  /** The event's detail-type. */
  readonly type: string;
  readonly keywords: readonly string[];
}

/**
 * Both forms that the rule of messages sends (build/serverless/messages.cjs): single lines, and the schema of custom
 * notifications of Amazon Q Developer in chat applications. All messages of a run are one thread.
 * https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
 */
export function messageOf(about: About, lines: MessageLines, text: string, steps: readonly string[]): object {
  const title = shortened(lines.title, LONGEST_TITLE);
  return {
    message: Object.fromEntries(
      Object.entries(lines).map(([name, line]) => [name, singleLine(String(line))]),
    ),
    notification: {
      version: '1.0',
      source: 'custom',
      id: about.id,
      content: {
        textType: 'client-markdown',
        title,
        // As it is written: no marks for bold and italics in SQL.
        description: `\`\`\`\n${shortened(text.replaceAll('```', "'''"), LONGEST_DESCRIPTION)}\n\`\`\``,
        ...(steps.length > 0 && { nextSteps: steps }),
        keywords: about.keywords,
      },
      metadata: { threadId: about.thread, summary: title, eventType: about.type },
    },
  };
}

/** Of a title, and of a description: what chat clients show of one message. */
const LONGEST_TITLE = 240;
const LONGEST_DESCRIPTION = 6_000;

const LONGEST_LINE = 1_500;

/** An input transformer does not escape what it inserts into a string: no quotation mark, backslash or control character. */
function singleLine(text: string): string {
  const plain = text
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replaceAll('"', "'")
    .replaceAll('\\', '/');
  return shortened(plain, LONGEST_LINE);
}
