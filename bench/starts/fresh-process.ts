/** One invocation in a process of its own, as the first of an execution environment. */
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
  /** The most memory that the process had, in MB: Node itself is most of it. */
  readonly peakMb: number;
  /** Processor time of Node until then. */
  readonly nodeCpuMs: number;
}

const PROGRAM = `
const { file, event } = JSON.parse(process.argv[1]);
const before = process.cpuUsage();
const begin = performance.now();
const { handler } = await import(file);
const loaded = performance.now();
const answer = await handler(event, { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60000 });
const called = performance.now();
const cpu = process.cpuUsage(before);
process.stderr.write('START ' + JSON.stringify({
  answer,
  start: {
    cpuMs: (cpu.user + cpu.system) / 1000,
    importMs: loaded - begin,
    callMs: called - loaded,
    peakMb: process.resourceUsage().maxRSS / 1024,
    nodeCpuMs: (before.user + before.system) / 1000,
  },
}));
process.exit(0);
`;

/** @throws Error if the function does not give the `expected` members */
export async function freshStart(
  file: string,
  event: object,
  endpoint: string,
  expected: object,
): Promise<Start> {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--no-warnings', '--input-type=module', '--eval', PROGRAM, JSON.stringify({ file, event })],
    { env: environment(endpoint) },
  );
  const [, text = '{}'] = /START (.*)$/s.exec(stderr) ?? [];
  const { answer, start } = JSON.parse(text) as { readonly answer?: object; readonly start?: Start };
  const seen = JSON.stringify({ ...answer, ...expected });
  if (start === undefined || JSON.stringify({ ...answer }) !== seen)
    throw new Error(`${file} answered ${JSON.stringify(answer)}: ${stdout}${stderr}`);
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
