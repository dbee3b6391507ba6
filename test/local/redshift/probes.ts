/**
 * Runs probes, statements with what Redshift gives, and says of each whether it is right, refused by name, wrong or unclear:
 * `node test/local/redshift/probes.ts FILE.json [FAMILY]`.
 */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
} from '@aws-sdk/client-redshift-data';
import type { Field } from '@aws-sdk/client-redshift-data';

import { type LocalRedshift, startLocalRedshift, WORKGROUP } from './local-redshift.ts';

export interface Probe {
  readonly family: string;
  readonly setup: readonly string[];
  readonly sql: string;
  /** Rows as JSON, `error`, `ok`, `null` (not known), or words. */
  readonly redshift: string;
}

/** `unclear`: refused, in words that do not name what is missing. `open`: the expectation is words for a person. */
type Verdict = 'right' | 'refused' | 'wrong' | 'unclear' | 'open';

export interface Probed {
  readonly probe: Probe;
  readonly verdict: Verdict;
  /** Rows as JSON, or `ERROR: …`. */
  readonly here: string;
}

export function readProbes(file: string): readonly Probe[] {
  return JSON.parse(readFileSync(file, 'utf8')) as readonly Probe[];
}

/** One after another, each in a session of its own. Those that need objects which are not there are left out. */
export async function runProbes(probes: readonly Probe[]): Promise<readonly Probed[]> {
  const local = await startLocalRedshift();
  try {
    const done: Probed[] = [];
    for (const probe of probes) {
      if (
        JSON.stringify(probe).includes('s3://') ||
        probe.sql.includes('; then ') ||
        probe.sql.includes('  -- ')
      )
        continue;
      const here = await outcomeOf(local, probe);
      done.push({ probe, here, verdict: verdictOf(probe.redshift, here) });
    }
    return done;
  } finally {
    await local.stop();
  }
}

async function outcomeOf(local: LocalRedshift, { setup, sql }: Probe): Promise<string> {
  let SessionId: string | undefined;
  let outcome = '';
  for (const text of [...setup, sql]) {
    const where = SessionId === undefined ? WORKGROUP : { SessionId };
    const started = await local.client.send(
      new ExecuteStatementCommand({ ...where, Sql: text, SessionKeepAliveSeconds: 60, WaitTimeSeconds: 30 }),
    );
    SessionId = started.SessionId;
    const end = await local.client.send(
      new DescribeStatementCommand({ Id: started.Id, WaitTimeSeconds: 30 }),
    );
    if (end.Status !== 'FINISHED')
      return `${text === sql ? '' : 'setup: '}ERROR: ${String(end.Error).replace(/^ERROR: /, '')}`;
    outcome = String(end.ResultRows);
    if (end.HasResultSet !== true) continue;
    const { Records = [] } = await local.client.send(new GetStatementResultCommand({ Id: started.Id }));
    outcome = JSON.stringify(Records.map((record) => record.map(valueOf)));
  }
  return outcome;
}

function valueOf(field: Field): unknown {
  return field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue ?? null;
}

function verdictOf(redshift: string, here: string): Verdict {
  const isError = /^(?:setup: )?ERROR: /.test(here);
  if (redshift.startsWith('error')) return isError ? 'right' : 'wrong';
  if (redshift === 'ok') return isError ? refusalOf(here) : 'right';
  if (!redshift.startsWith('[')) return isError ? refusalOf(here) : 'open';
  if (isError) return refusalOf(here);
  return isDeepStrictEqual(JSON.parse(redshift), parsed(here)) ? 'right' : 'wrong';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function refusalOf(here: string): Verdict {
  return here.includes('is not supported by the local warehouse') ? 'refused' : 'unclear';
}

const [, program = '', file, family] = process.argv;
if (program.endsWith('probes.ts') && file !== undefined) {
  const probes = readProbes(file).filter((probe) => family === undefined || probe.family === family);
  const done = await runProbes(probes);
  for (const { probe, verdict, here } of done) {
    if (verdict === 'right' && family === undefined) continue;
    process.stdout.write(
      `${verdict.padEnd(8)} ${probe.family}: ${[...probe.setup, probe.sql].join('; ')}\n           here     ${here.split('\n').join(' / ')}\n           redshift ${probe.redshift}\n`,
    );
  }
  const verdicts = ['right', 'refused', 'wrong', 'unclear', 'open'] as const;
  const counts = verdicts.map(
    (each) => `${String(done.filter(({ verdict }) => verdict === each).length)} ${each}`,
  );
  process.stdout.write(`${counts.join(', ')}\n`);
}
