/**
 * One whole local AWS and all that its functions do there: files that load, alone and together, fail, wait and are gone, a resume, a
 * cancel, a time limit, a lost session with an unknown outcome, a replay, dead letters. What was called is recorded at
 * the gateway, by whom.
 */
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DescribeStatementCommand, ExecuteStatementCommand } from '@aws-sdk/client-redshift-data';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

import type { Call } from '../../local/gateway/call-log.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { eventually, isDone, root, Stack } from '../e2e/stack.ts';
import { pipelinesOfVariant } from './variants.ts';

export interface Recorded {
  readonly calls: readonly Call[];
  /** Rule or schedule -> events that it had for a target. */
  readonly matched: Readonly<Record<string, number>>;
  /** Queue -> messages that lie in it at the end. */
  readonly messages: Readonly<Record<string, number>>;
  /** The calls of each verb of the command line. */
  readonly verbs: Readonly<Record<string, readonly Call[]>>;
  /** How each run ended. */
  readonly runs: readonly Pick<StoredRun, 'pipeline' | 'state' | 'generation' | 'trigger' | 'error'>[];
}

const HEADER = 'store_id,name,city,country,opened_on\n';
const store = (id: number, city = 'Lyon'): string => `${HEADER}${id},Store ${id},${city},FR,2020-01-01\n`;

export async function exercise(): Promise<Recorded> {
  const held = byEvents('stores');
  const stack = await Stack.start({
    pipelines: { ...pipelinesOfVariant('local'), stores: join(held, 'stores') },
  });
  try {
    const recorder = new Recorder(stack);
    await files(stack, recorder);
    await manyFiles(stack);
    await lostSession(stack);
    await lostIdleSession(stack);
    await stopped(stack);
    await again(stack, recorder);
    await malformed(stack);
    return await recorder.read();
  } finally {
    await stack.stop();
    rmSync(held, { recursive: true, force: true });
  }
}

/** A copy of the pipeline in a folder of its own, with which runs are held up by losing completion events. */
function byEvents(pipeline: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'baton-by-events-'));
  cpSync(join(root, 'sql', pipeline), join(folder, pipeline), { recursive: true });
  appendFileSync(join(folder, pipeline, 'pipeline.yml'), 'handoff: event\nfuse: off\n');
  return folder;
}

class Recorder {
  readonly #stack: Stack;
  readonly #verbs: Record<string, readonly Call[]> = {};

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /** Runs the command; what it called counts as the verb's. */
  async verb(...words: string[]): Promise<void> {
    const [name = ''] = words;
    const before = (await this.#calls()).length;
    const { code, stderr } = await this.#stack.baton(...words);
    // With findings the doctor ends with 1.
    if (code !== 0 && !(name === 'doctor' && code === 1))
      throw new Error(`baton ${words.join(' ')}: ${stderr}`);
    const made = (await this.#calls()).slice(before).filter(({ caller }) => caller === 'baton-cli');
    this.#verbs[name] = [...(this.#verbs[name] ?? []), ...made];
  }

  async read(): Promise<Recorded> {
    const { matched, waiting } = (await this.#stack.admin('GET', 'status')) as {
      matched: Record<string, number>;
      waiting: { messages: Record<string, { visible: number; inFlight: number }> };
    };
    const runs = await Promise.all(
      ['stores', ...Object.keys(pipelinesOfVariant('local'))].map(async (pipeline) =>
        this.#stack.runs(pipeline),
      ),
    );
    return {
      calls: await this.#calls(),
      matched,
      messages: Object.fromEntries(
        Object.entries(waiting.messages).map(([name, counts]) => [name, counts.visible + counts.inFlight]),
      ),
      verbs: this.#verbs,
      runs: runs.flat(),
    };
  }

  async #calls(): Promise<readonly Call[]> {
    const { calls } = (await this.#stack.admin('GET', 'calls?since=0&detail')) as { calls: Call[] };
    return calls;
  }
}

/** What goes on by itself mostly has by then; a run that backs off waits for the sweep. */
const PATIENCE_MS = 5000;

/** The run once it is at rest; the sweep helps when it takes long, or at once. */
async function ended(stack: Stack, id: string, patienceMs = PATIENCE_MS): Promise<StoredRun> {
  const began = Date.now();
  return eventually(
    `${id} at rest`,
    async () => {
      const run = await stack.run(id);
      if (run !== undefined && isDone(run)) return run;
      if (Date.now() - began >= patienceMs) await stack.sweep();
      return undefined;
    },
    90_000,
  );
}

/** The first run of the pipeline once it is at rest. */
async function firstOf(stack: Stack, pipeline: string): Promise<StoredRun> {
  const { id } = await eventually(`a run of ${pipeline}`, async () => (await stack.runs(pipeline))[0]);
  return ended(stack, id);
}

/** The file's run once it is so. */
async function runOf(
  stack: Stack,
  pipeline: string,
  key: string,
  fits: (run: StoredRun) => boolean,
): Promise<StoredRun> {
  const began = Date.now();
  return eventually(`the run of ${key}`, async () => {
    const runs = await stack.runs(pipeline);
    const found = runs.find((run) => fileOf(run.trigger)?.key === key && fits(run));
    if (found === undefined && Date.now() - began >= PATIENCE_MS) await stack.sweep();
    return found;
  });
}

async function files(stack: Stack, recorder: Recorder): Promise<void> {
  await stack.put('stores/good.csv', store(1));
  await ended(stack, (await runOf(stack, 'stores', 'stores/good.csv', () => true)).id);
  await stack.put('stores/bad.csv', `${HEADER}one,Store,Lyon,FR,2020-01-01\n`);
  const bad = await ended(stack, (await runOf(stack, 'stores', 'stores/bad.csv', () => true)).id);
  await stack.put('stores/gone.csv', store(2));
  const gone = await runOf(stack, 'stores', 'stores/gone.csv', ({ state }) => state === 'QUEUED');
  await stack.s3.send(new DeleteObjectCommand({ Bucket: 'baton-local-landing', Key: 'stores/gone.csv' }));
  await stack.put('stores/behind.csv', store(3));
  const behind = await runOf(stack, 'stores', 'stores/behind.csv', ({ state }) => state === 'QUEUED');
  // Looks at the heads of queues.
  await stack.sweep();
  await recorder.verb('runs');
  await recorder.verb('runs', '--state', 'failed');
  await recorder.verb('files', '--key', 'stores/');
  await recorder.verb('doctor');
  await recorder.verb('run', bad.id);
  // The file is as it was, and so is the end.
  await stack.baton('resume', bad.id);
  await recorder.verb('cancel', bad.id);
  await ended(stack, gone.id);
  await ended(stack, behind.id);
}

/** They wait for each other; one cannot be loaded, and is set aside. Then a folder with its marker. */
async function manyFiles(stack: Stack): Promise<void> {
  await stack.put('many/a.csv', store(1));
  await stack.put('many/b.csv', store(2));
  await stack.put('many/bad.csv', `${HEADER}one,Store,Lyon,FR,2020-01-01\n`);
  const { into = '' } = await runOf(stack, 'many', 'many/a.csv', ({ state }) => state === 'ABSORBED');
  await ended(stack, into);
  // Its two steps are sent together once their durations are known, and their rows written together.
  for (let day = 0, isFused = false; day < 6 && !isFused; day += 1) {
    await stack.put(`folders/day${day || ''}/part-0.csv`, store(7));
    await stack.put(`folders/day${day || ''}/_SUCCESS`, new Uint8Array());
    const { id } = await runOf(stack, 'many', `folders/day${day || ''}/_SUCCESS`, () => true);
    await ended(stack, id);
    const [first, second] = await stack.store.history(id);
    isFused = first?.statementId === second?.statementId;
  }
}

/** Another session, with something open in it. */
async function holder(stack: Stack, sql: string): Promise<{ release(): Promise<void> }> {
  const { SessionId } = await stack.redshift.send(
    new ExecuteStatementCommand({
      WorkgroupName: 'local',
      Database: 'dev',
      Sql: 'BEGIN',
      SessionKeepAliveSeconds: 3600,
      WaitTimeSeconds: 10,
    }),
  );
  const send = async (Sql: string): Promise<void> => {
    await stack.redshift.send(new ExecuteStatementCommand({ SessionId, Sql, WaitTimeSeconds: 10 }));
  };
  await send(sql);
  return { release: async () => send('ROLLBACK') };
}

/** Killed under its commit: what became of it is asked by marker, and the session is made anew. */
async function lostSession(stack: Stack): Promise<void> {
  const held = await holder(stack, 'UPDATE mart.stores SET city = city WHERE store_id = 1');
  await stack.put('stores/lost.csv', store(1, 'Paris'));
  const merging = await runOf(
    stack,
    'stores',
    'stores/lost.csv',
    (run) => run.cursor === 2 && run.phase === 'SUBMITTED',
  );
  await stack.admin('POST', 'kill-session', { sessionId: merging.sessionId });
  // Released earlier, it could still commit.
  await eventually('the end of the merge', async () => {
    const { Status } = await stack.redshift.send(new DescribeStatementCommand({ Id: merging.statementId }));
    return Status === 'FAILED' ? true : undefined;
  });
  await held.release();
  await ended(stack, merging.id, 0);
}

/** Gone while nothing ran in it, seen at the next submission: the session and the claim's name are looked for. */
async function lostIdleSession(stack: Stack): Promise<void> {
  const pattern = { detail: { statementName: [{ wildcard: 'baton:local:stores*:1:1:*' }] } };
  await stack.admin('POST', 'faults', {
    target: 'event',
    match: { source: 'aws.redshift-data', pattern: JSON.stringify(pattern) },
    effect: { kind: 'drop' },
  });
  await stack.put('stores/idle.csv', store(6));
  const loaded = await runOf(
    stack,
    'stores',
    'stores/idle.csv',
    (run) => run.cursor === 1 && run.phase === 'SUBMITTED',
  );
  await eventually('the end of the load', async () => {
    const { Status } = await stack.redshift.send(new DescribeStatementCommand({ Id: loaded.statementId }));
    return Status === 'FINISHED' ? true : undefined;
  });
  await stack.admin('POST', 'kill-session', { sessionId: loaded.sessionId });
  await stack.admin('DELETE', 'faults');
  await ended(stack, loaded.id, 0);
}

/** A statement under way is stopped: on request (by an event), and when its time is up. */
async function stopped(stack: Stack): Promise<void> {
  const held = await holder(stack, 'LOCK mart.stores');
  await stack.put('stores/stopped.csv', store(4));
  await stack.put('late/late.csv', store(5));
  const waits = (run: StoredRun): boolean => run.phase === 'SUBMITTED' && run.state === 'RUNNING';
  const [stop, late] = await Promise.all([
    runOf(stack, 'stores', 'stores/stopped.csv', waits),
    runOf(stack, 'late', 'late/late.csv', waits),
  ]);
  await stack.events.send(
    new PutEventsCommand({
      Entries: [
        {
          Source: 'baton.request',
          DetailType: 'Cancel Requested',
          Detail: JSON.stringify({
            stage: 'local',
            runId: stop.id,
            requestId: 'exercise',
            actor: 'exercise',
          }),
        },
      ],
    }),
  );
  await ended(stack, stop.id);
  await stack.advance(61_000);
  await ended(stack, late.id, 0);
  await held.release();
}

/** The files' events are delivered again: what had failed is resumed, and starts what is behind it. */
async function again(stack: Stack, recorder: Recorder): Promise<void> {
  await recorder.verb('replay', '--from', '1h', '--name', 'exercise');
  await firstOf(stack, 'behind_late');
  // All were loaded by their events.
  await recorder.verb('backfill', 'stores');
}

/** What cannot be read comes again and again, and ends among the dead letters. */
async function malformed(stack: Stack): Promise<void> {
  const sqs = new SQSClient({
    endpoint: stack.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'tester', secretAccessKey: 'any' },
  });
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: `${stack.endpoint}/000000000000/baton-local-arrivals`,
      MessageBody: '{"detail-type":"Object Created","source":"aws.s3","detail":{}}',
    }),
  );
  sqs.destroy();
  await eventually('a dead letter', async () => {
    // The time for which a message is hidden.
    await stack.advance(180_000);
    const { waiting } = (await stack.admin('GET', 'status')) as {
      waiting: { messages: Record<string, { visible: number }> };
    };
    return (waiting.messages['baton-local-dead-letters']?.visible ?? 0) > 0 ? true : undefined;
  });
  await firstOf(stack, 'timed');
  await stack.events.send(
    new PutEventsCommand({
      Entries: [{ Source: 'shop.stores', DetailType: 'Store Closed', Detail: '{"country":"DE"}' }],
    }),
  );
  const { id } = await eventually('a run of the event', async () =>
    (await stack.runs('timed')).find(({ trigger }) => trigger.kind === 'event'),
  );
  await ended(stack, id);
}
