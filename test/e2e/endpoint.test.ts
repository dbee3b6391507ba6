/**
 * Every verb of the command on a stage that is not `local`, from a plain environment: an endpoint, a Region, any
 * credentials, the stage's name. Nothing but the endpoint differs from AWS, so nothing of this machine's own may be asked:
 * a door in front of the endpoint sees every request, and would tell.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { ExecuteStatementCommand, ListStatementsCommand } from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Check } from '../../cli/doctor/check.ts';
import type { RunJson } from '../../cli/runs/run-json.ts';
import { eventually, root, Stack } from './stack.ts';
import { isLong } from '../long.ts';

const STAGE = 'dev';
const HEADER = 'store_id,name,city,country,opened_on\n';

let stack: Stack;
let door: Server;
let elsewhere: string;
let odd: string;
/** Method and path of every request that came through the door. */
const asked: string[] = [];
/** Host and authorization of each. */
const signed: string[] = [];

/** Passes everything on as it came. */
function openDoor(to: string): Promise<Server> {
  const { hostname, port } = new URL(to);
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method ?? ''} ${incoming.url ?? ''}`);
    signed.push(incoming.headers.authorization ?? '');
    const { method, url, headers } = incoming;
    const onward = forward({ hostname, port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(server);
    });
  });
}

beforeAll(async () => {
  elsewhere = mkdtempSync(join(tmpdir(), 'baton-elsewhere-'));
  odd = join(elsewhere, 'odd');
  const setup = join(elsewhere, 'setup');
  for (const folder of [odd, setup]) mkdirSync(folder);
  // A step that cannot be seen through, and waits for a row when another session holds it.
  writeFileSync(join(odd, 'pipeline.yml'), 'on:\n  - s3: { prefix: odd/ }\n');
  writeFileSync(join(odd, '10_touch.sql'), 'CALL mart.touch();\n');
  writeFileSync(
    join(setup, '90_touch.sql'),
    'CREATE OR REPLACE PROCEDURE mart.touch() AS $$ BEGIN UPDATE mart.stores SET city = city; END; $$ LANGUAGE plpgsql;\n',
  );
  stack = await Stack.start({
    stage: STAGE,
    pipelines: { odd, setup },
    environment: { BATON_WORKGROUP: 'etl', BATON_WORKGROUP_ID: '2f1c6a3e-0000-4000-8000-0123456789ab' },
  });
  door = await openDoor(stack.endpoint);
});
afterAll(async () => {
  door.close();
  door.closeAllConnections();
  await stack.stop();
  rmSync(elsewhere, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command as on a machine that knows of AWS only what is given here. */
async function baton(words: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const endpoint = `http://127.0.0.1:${String((door.address() as AddressInfo).port)}`;
  const child = spawn(process.execPath, [join(root, 'bin/baton.js'), ...words], {
    cwd: stack.home,
    env: {
      PATH: process.env['PATH'],
      HOME: elsewhere,
      BATON_HOME: elsewhere,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'AKIDPLAIN',
      AWS_SECRET_ACCESS_KEY: 'plain',
      BATON_STAGE: STAGE,
      ...more,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number>((ended) => child.once('close', (exit) => ended(exit ?? -1)));
  return { code, stdout, stderr };
}

async function ends(code: number, ...words: readonly string[]): Promise<Ended> {
  const ended = await baton(words);
  expect({ words, ...ended }).toMatchObject({ words, code });
  return ended;
}

function file(name: string, text: string): string {
  const path = join(elsewhere, name);
  writeFileSync(path, text);
  return path;
}

function idIn(stdout: string): string {
  return stdout.split(' ')[0] ?? '';
}

describe('the command with only an endpoint and a stage', () => {
  it('validate and plan call no service', async () => {
    const before = asked.length;
    await ends(0, 'validate');
    expect((await ends(0, 'plan', 'stores', '--statements')).stdout).toContain(
      's3://baton-dev-account-region-artifacts/',
    );
    expect(asked.length).toBe(before);
  });

  it('setup applies its files, and prints the grants that the functions need', async () => {
    expect((await ends(0, 'setup')).stderr).toContain('setup/00_baton.sql');
    const { stdout } = await ends(0, 'setup', '--grants');
    expect(stdout).toContain('CREATE USER "IAMR:baton-dev-functions" PASSWORD DISABLE;\n');
    expect(stdout).toContain('GRANT SELECT, INSERT ON baton.step_marker TO "IAMR:baton-dev-functions";\n');
    expect(stdout).toContain('GRANT EXECUTE ON ALL PROCEDURES IN SCHEMA mart TO');
    // A local warehouse has one user: there is none to make, and what is granted has no effect.
    const grants = stdout.split(';\n').filter((one) => one.startsWith('GRANT'));
    expect(grants.length).toBeGreaterThan(8);
    for (const sql of grants) await stack.query(sql);
  });

  it('doctor has no findings', async () => {
    const { stdout, stderr } = await ends(0, 'doctor');
    expect(stdout).toContain('stage dev in us-east-1');
    expect(stdout).not.toMatch(/^(?:finding|unchecked)/m);
    expect(stderr).toMatch(/^0 problems in \d+ checks\n$/);
  });

  it('query uses the warehouse of the deployed functions', async () => {
    expect(JSON.parse((await ends(0, 'query', '--json', 'SELECT 1 AS n')).stdout)).toEqual([{ n: 1 }]);
    expect((await ends(1, 'query', 'SELECT * FROM nothing')).stderr).toContain('does not exist');
    const listed = await stack.redshift.send(
      new ListStatementsCommand({ WorkgroupName: 'etl', Status: 'ALL' }),
    );
    expect(listed.Statements?.length).toBeGreaterThan(1);
  });

  it('drop, runs, run and start handle the run of a file, and another run of the same file', async () => {
    const path = file('good.csv', `${HEADER}1,Lyon Est,Lyon,FR,2020-01-01\n`);
    const dropped = await ends(0, 'drop', path, '--to', 'stores/');
    expect(dropped.stdout).toMatch(/^stores-[a-z2-7]{26} {2}SUCCEEDED\n$/);
    expect(dropped.stderr).toContain(
      'uploaded s3://baton-dev-000000000000-us-east-1-landing/stores/good.csv',
    );
    const listed = JSON.parse((await ends(0, 'runs', '--json')).stdout) as RunJson[];
    expect(listed.map(({ id }) => id)).toEqual([idIn(dropped.stdout)]);
    const shown = await ends(0, 'run', idIn(dropped.stdout));
    expect(shown.stdout).toContain('state      SUCCEEDED');
    const started = await ends(
      0,
      'start',
      'stores',
      '--file',
      's3://baton-dev-000000000000-us-east-1-landing/stores/good.csv',
    );
    expect(started.stdout).toMatch(/ {2}SUCCEEDED\n$/);
    expect(idIn(started.stdout)).not.toBe(idIn(dropped.stdout));
  });

  it('resume continues a failed run, and doctor reports the failed run until then', async () => {
    await stack.query('ALTER TABLE baton.step_marker RENAME COLUMN birth TO born');
    const failed = await ends(
      1,
      'drop',
      file('late.csv', `${HEADER}2,B,Bern,CH,2020-01-01\n`),
      '--to',
      'stores/',
    );
    const id = idIn(failed.stdout);
    expect(failed.stdout).toBe(`${id}  FAILED\n`);
    const { checks } = JSON.parse((await ends(1, 'doctor', '--json')).stdout) as { checks: Check[] };
    const findings = checks.filter(({ status }) => status === 'finding');
    expect(findings.map(({ name }) => name)).toEqual(['marker table', 'runs']);
    expect(findings[1]?.remedy).toContain(`baton run ${id} --stage dev`);
    await stack.query('ALTER TABLE baton.step_marker RENAME COLUMN born TO birth');
    expect((await ends(0, 'resume', id)).stdout).toBe(`${id}  SUCCEEDED\n`);
  });

  it('cancel ends a run whose file is invalid', async () => {
    const failed = await ends(
      1,
      'drop',
      file('bad.csv', `${HEADER}x,B,Bern,CH,2020-01-01\n`),
      '--to',
      'stores/',
    );
    expect((await ends(0, 'cancel', idIn(failed.stdout))).stdout).toMatch(/ {2}CANCELLED\n$/);
  });

  it('replay delivers file events again, and starts no run twice', async () => {
    const before = (await stack.runs('stores')).length;
    expect((await ends(0, 'replay', '--from', '1h')).stdout).toMatch(
      /^baton-dev-\d{8}T\d{6}Z {2}COMPLETED\n$/,
    );
    expect((await stack.runs('stores')).length).toBe(before);
  });

  it.runIf(isLong)('errors end with the same exit codes as on the local stage', async () => {
    const missing = await baton(['doctor'], { BATON_STAGE: 'prod' });
    expect(missing.code).toBe(1);
    expect(missing.stdout).toContain('stage prod in us-east-1 not found');
    const runs = await baton(['runs', '--stage', 'prod']);
    expect(runs).toMatchObject({ code: 3, stdout: '' });
    expect(runs.stderr).toContain('check that the stage exists');
    const query = await baton(['query', 'SELECT 1', '--stage', 'prod']);
    expect(query.code).toBe(3);
    expect(query.stderr).toContain('stage prod not found');
    const anonymous = await baton(['runs'], { AWS_ACCESS_KEY_ID: '', AWS_EC2_METADATA_DISABLED: 'true' });
    expect(anonymous.code).toBe(3);
    expect(anonymous.stderr).toContain('no AWS credentials');
    const nowhere = await baton(['doctor'], { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' });
    expect(nowhere.code).toBe(3);
    expect(nowhere.stderr).toContain('cannot connect to http://127.0.0.1:9');
  });

  it.runIf(isLong)('resolve applies a person’s decision about a step that is not analyzable', async () => {
    const { SessionId } = await stack.redshift.send(
      new ExecuteStatementCommand({
        WorkgroupName: 'etl',
        Database: 'dev',
        Sql: 'BEGIN',
        SessionKeepAliveSeconds: 3600,
        WaitTimeSeconds: 10,
      }),
    );
    const inTransaction = (Sql: string): Promise<unknown> =>
      stack.redshift.send(new ExecuteStatementCommand({ SessionId, Sql, WaitTimeSeconds: 10 }));
    await inTransaction('UPDATE mart.stores SET city = city');
    await ends(0, 'drop', file('any.txt', 'x\n'), '--to', 'odd/', '--no-wait');
    const waiting = await eventually('the call under way', async () =>
      (await stack.runs('odd')).find((run) => run.phase === 'SUBMITTED'),
    );
    await stack.admin('POST', 'kill-session', { sessionId: waiting.sessionId });
    await inTransaction('ROLLBACK');
    const stopped = await eventually('the run to stop', async () => {
      const run = await stack.run(waiting.id);
      if (run?.state === 'NEEDS_DECISION' && run.pendingActions === undefined) return run;
      await stack.sweep();
      return undefined;
    });
    const resolved = await ends(0, 'resolve', stopped.id, '--applied', '--reason', 'looked');
    expect(resolved.stdout).toBe(`${stopped.id}  SUCCEEDED\n`);
  });

  it('all requests went to AWS APIs, signed with the given credentials', () => {
    expect(asked.length).toBeGreaterThan(100);
    expect(asked.filter((one) => one.includes('/_local'))).toEqual([]);
    expect(signed.filter((one) => !one.includes('Credential=AKIDPLAIN/'))).toEqual([]);
  });
});
