/** Invocations in a process of their own: the first is the first of an execution environment. */
import { execFile } from 'node:child_process';
import process from 'node:process';
import { promisify } from 'node:util';

import { TABLE } from './stand-in.ts';

export interface Start {
  /** Processor time in ms: of import and first call, without the start of Node. */
  readonly cpuMs: number;
  /** By the clock. */
  readonly importMs: number;
  readonly callMs: number;
  /** Of each further call. */
  readonly warmCpuMs: readonly number[];
  /** The most memory that the process had, in MB: Node itself is most of it. */
  readonly peakMb: number;
  /** Processor time of Node's own start. */
  readonly nodeCpuMs: number;
}

const PROGRAM = `
const { file, events } = JSON.parse(process.argv[1]);
const cpuSince = (before) => {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};
const before = process.cpuUsage();
const begin = performance.now();
const { handler } = await import(file);
const loaded = performance.now();
const call = (event) => handler(event, { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60000 });
const answers = [await call(events[0])];
const called = performance.now();
const cpuMs = cpuSince(before);
const warmCpuMs = [];
for (const event of events.slice(1)) {
  const before = process.cpuUsage();
  answers.push(await call(event));
  warmCpuMs.push(cpuSince(before));
}
process.stderr.write('START ' + JSON.stringify({
  answers,
  start: {
    cpuMs,
    importMs: loaded - begin,
    callMs: called - loaded,
    warmCpuMs,
    peakMb: process.resourceUsage().maxRSS / 1024,
    nodeCpuMs: (before.user + before.system) / 1000,
  },
}));
process.exit(0);
`;

/** The events one after the other. @throws Error if the function fails one, or gives none of the `expected` members */
export async function freshStart(
  file: string,
  events: readonly object[],
  endpoint: string,
  expected: object,
): Promise<Start> {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--no-warnings', '--input-type=module', '--eval', PROGRAM, JSON.stringify({ file, events })],
    { env: environment(endpoint) },
  );
  const [, text = '{}'] = /START (.*)$/s.exec(stderr) ?? [];
  const { answers = [], start } = JSON.parse(text) as { readonly answers?: object[]; readonly start?: Start };
  const seen = answers.map((answer) => JSON.stringify(answer) === JSON.stringify({ ...answer, ...expected }));
  if (start === undefined || seen.includes(false))
    throw new Error(`${file} answered ${JSON.stringify(answers)}: ${stdout}${stderr}`);
  return start;
}

function environment(endpoint: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_ENDPOINT_URL: endpoint,
    BATON_STAGE: 'local',
    BATON_TABLE: TABLE,
    BATON_LANDING_BUCKET: 'baton-local-landing',
    BATON_ARTIFACTS_BUCKET: 'baton-local-artifacts',
    BATON_WORKGROUP: 'local',
    BATON_ROLE_NAME: 'baton-local-functions',
  };
}
