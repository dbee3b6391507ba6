/**
 * The step function's start: its bundle beside two plain ones that esbuild makes of the same source, minified and in one
 * file with everything included: as it is, and with every SDK client imported and made at the start, as handlers mostly
 * are written. Fresh processes in turns; the first call reads one item from a stand-in for DynamoDB.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

import { build, type BuildOptions } from 'esbuild';

import { ensureFunctionBundles } from '../build/bundle-functions.ts';
import { packageRoot } from '../build/project.ts';
import { listenLocally } from '../local/http.ts';
import { figure, type PartReport, times } from './report.ts';
import { median } from './statistics.ts';

const ROUNDS = 11;
const MOST_BYTES = 250_000;

interface Start {
  readonly importMs: number;
  readonly firstCallMs: number;
}

interface Measured {
  readonly bytes: number;
  readonly starts: readonly Start[];
}

export async function bundle(): Promise<PartReport> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-bench-bundle-'));
  // The table is empty: the function has no run to drive, and returns.
  const standIn = createServer((request, response) => {
    request
      .resume()
      .on('end', () => response.setHeader('content-type', 'application/x-amz-json-1.0').end('{}'));
  });
  try {
    const port = await listenLocally(standIn);
    const bundles = {
      ours: await bundledFunction(),
      plain: await plainBundle(folder),
      eager: await eagerBundle(folder),
    };
    const measured = {
      ours: measuring(bundles.ours),
      plain: measuring(bundles.plain),
      eager: measuring(bundles.eager),
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const kind of ['ours', 'plain', 'eager'] as const) {
        measured[kind].starts.push(await freshStart(bundles[kind].file, port));
      }
    }
    return reportOf(measured);
  } finally {
    standIn.close();
    standIn.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Bundled {
  readonly file: string;
  /** Loaded at the start. */
  readonly bytes: number;
}

function measuring({ bytes }: Bundled): { readonly bytes: number; readonly starts: Start[] } {
  return { bytes, starts: [] };
}

async function bundledFunction(): Promise<Bundled> {
  const { folder, report } = await ensureFunctionBundles();
  return { file: join(folder, 'run-step', 'index.mjs'), bytes: report['run-step']?.eagerBytes ?? Number.NaN };
}

async function plainBundle(folder: string): Promise<Bundled> {
  return oneFile(join(folder, 'plain.cjs'), { entryPoints: ['functions/run-step.ts'] });
}

/** The four services that the function speaks to. */
const EAGER = `
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { S3Client } from '@aws-sdk/client-s3';
export const clients = [DynamoDBClient, EventBridgeClient, RedshiftDataClient, S3Client].map((Client) => new Client({}));
export { handler } from './functions/run-step.ts';
`;

async function eagerBundle(folder: string): Promise<Bundled> {
  return oneFile(join(folder, 'eager.cjs'), {
    stdin: { contents: EAGER, resolveDir: packageRoot, loader: 'ts' },
  });
}

async function oneFile(file: string, source: Pick<BuildOptions, 'entryPoints' | 'stdin'>): Promise<Bundled> {
  await build({
    absWorkingDir: packageRoot,
    ...source,
    outfile: file,
    bundle: true,
    minify: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    logLevel: 'error',
  });
  return { file, bytes: statSync(file).size };
}

const PROGRAM = `
const begin = performance.now();
const { handler } = await import(process.argv[1]);
const loaded = performance.now();
const event = { source: 'baton.request', 'detail-type': 'Run Woken', detail: { runId: 'nobody-0' } };
await handler(event, { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60000 });
const called = performance.now();
process.stderr.write(JSON.stringify({ importMs: loaded - begin, firstCallMs: called - loaded }));
process.exit(0);
`;

async function freshStart(file: string, port: number): Promise<Start> {
  const { stderr } = await promisify(execFile)(
    process.execPath,
    ['--no-warnings', '--input-type=module', '--eval', PROGRAM, file],
    { env: environment(port) },
  );
  const found = /\{"importMs":.*\}$/.exec(stderr)?.[0];
  if (found === undefined) throw new Error(`${file} did not start: ${stderr}`);
  return JSON.parse(found) as Start;
}

function environment(port: number): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${String(port)}`,
    BATON_STAGE: 'local',
    BATON_TABLE: 'baton-local',
    BATON_LANDING_BUCKET: 'baton-local-landing',
    BATON_ARTIFACTS_BUCKET: 'baton-local-artifacts',
    BATON_WORKGROUP: 'local',
    BATON_ROLE_NAME: 'baton-local-functions',
  };
}

function reportOf({
  ours,
  plain,
  eager,
}: Readonly<Record<'ours' | 'plain' | 'eager', Measured>>): PartReport {
  const kb = ({ bytes }: Measured): number => bytes / 1000;
  const importMs = ({ starts }: Measured): number => median(starts.map((start) => start.importMs));
  const startMs = ({ starts }: Measured): number =>
    median(starts.map((start) => start.importMs + start.firstCallMs));
  const row = (what: string, of: (measured: Measured) => number): string[] => [
    what,
    figure(Math.round(of(ours))),
    figure(Math.round(of(plain))),
    times(of(ours) / of(plain)),
    figure(Math.round(of(eager))),
    times(of(ours) / of(eager)),
  ];
  const figures = (measured: Measured): object => ({
    bytes: measured.bytes,
    importMs: importMs(measured),
    startMs: startMs(measured),
  });
  return {
    part: 'bundle',
    title: `start of the step function, medians of ${String(ROUNDS)} fresh processes each, in turns`,
    columns: ['', 'baton', 'plain', 'ratio', 'all clients eager', 'ratio'],
    rows: [
      row('loaded at the start, KB', kb),
      row('import, ms', importMs),
      row('import and first call, ms', startMs),
    ],
    notes: [],
    bars: [
      {
        what: `loads less than ${String(MOST_BYTES / 1000)} KB at its start`,
        seen: `${String(Math.round(kb(ours)))} KB`,
        ok: ours.bytes < MOST_BYTES,
      },
      {
        what: 'starts and answers sooner than either plain bundle',
        seen: `${times(startMs(ours) / startMs(plain))}, ${times(startMs(ours) / startMs(eager))}`,
        ok: startMs(ours) < Math.min(startMs(plain), startMs(eager)),
      },
    ],
    figures: { baton: figures(ours), plain: figures(plain), eager: figures(eager) },
  };
}
