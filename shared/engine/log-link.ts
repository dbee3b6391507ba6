/** A link to the log lines of a run in CloudWatch Logs Insights. The console's address has no documentation: it is as the console itself writes it. */
import type { Run } from '../run/run.ts';
import { isAtRest } from '../run/run.ts';

const FUNCTIONS = ['start-run', 'run-step', 'sweep', 'operate'];

/** Before the run's first line and after its last, in ms. */
const MARGIN_MS = 60_000;

/** `region` absent: there is no console. */
export function logLink(run: Run, stage: string, region: string | undefined): string | undefined {
  if (region === undefined) return undefined;
  const from = Date.parse(run.createdAt) - MARGIN_MS;
  const endedAt = isAtRest(run) && 'endedAt' in run.life ? run.life.endedAt : run.createdAt;
  const query = [
    'fields @timestamp, level, message, step, error.message',
    `filter run = "${run.id}"`,
    'sort @timestamp asc',
    'limit 1000',
  ].join('\n| ');
  const groups = FUNCTIONS.map((name) => `~'${escaped(`/aws/lambda/baton-${stage}-${name}`)}`).join('');
  const detail = `~(end~'${escaped(iso(Date.parse(endedAt) + MARGIN_MS))}~start~'${escaped(iso(from))}~timeType~'ABSOLUTE~tz~'UTC~editorString~'${escaped(query)}~source~(${groups}))`;
  return `https://${region}.${domainOf(region)}/cloudwatch/home?region=${region}#logsV2:logs-insights$3FqueryDetail$3D${detail}`;
}

function domainOf(region: string): string {
  if (region.startsWith('cn-')) return 'console.amazonaws.cn';
  return region.startsWith('us-gov-') ? 'console.amazonaws-us-gov.com' : 'console.aws.amazon.com';
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Each character but letters, digits and a few more as `*` with its code. */
function escaped(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_.-]/g, (c) => `*${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
