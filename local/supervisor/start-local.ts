/**
 * Boots the local AWS from the compiled template: one supervisor, which holds the endpoint, S3, the event bus, the
 * queues and the clock, and three child processes: DynamoDB, the Redshift Data API with PostgreSQL, Lambda.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join, resolve } from 'node:path';

import { codeOf } from '../../shared/errors.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../account.ts';
import { EventFaults } from '../events/event-faults.ts';
import { CallFaults } from '../faults/call-faults.ts';
import { BadRequest } from '../bad-request.ts';
import { createAdmin } from '../gateway/admin.ts';
import { CallLog } from '../gateway/call-log.ts';
import { createGateway, openGateway, type Services } from '../gateway/gateway.ts';
import { listenLocally } from '../http.ts';
import { readTemplate, readTemplateFile } from '../template/read-template.ts';
import type { LocalResources } from '../template/resources.ts';
import { discardData } from './discard-data.ts';
import type { LocalOptions, LocalStack, ReadyInfo } from './local-stack.ts';
import { lockHome, type HomeLock } from './lock.ts';
import { Parts } from './parts.ts';
import { settle, type Activity } from './settle.ts';
import { storedClock } from './stored-clock.ts';

/**
 * Resolves when everything is ready; rejects with one clear sentence, and nothing is left running, when the home or
 * the port is taken, the template cannot be read or a process does not come up.
 */
export async function startLocal(options: LocalOptions): Promise<LocalStack> {
  const home = resolve(options.home);
  for (const folder of ['logs', 'state', 's3']) mkdirSync(join(home, folder), { recursive: true });
  const lock = await lockHome(home);
  const gateway = createGateway();
  const stack = new Stack({ ...options, home }, lock, gateway);
  try {
    await stack.start();
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

class Stack implements LocalStack {
  readonly stopped: Promise<void>;
  readonly #options: LocalOptions;
  readonly #lock: HomeLock;
  readonly #gateway: Server;
  readonly #clock: ReturnType<typeof storedClock>;
  readonly #calls: CallLog;
  readonly #callFaults = new CallFaults();
  readonly #eventFaults = new EventFaults();
  readonly #startedAt = Date.now();
  /** Of the last start or reload that was accepted. */
  #template: LocalOptions['template'];
  #parts: Parts | undefined;
  /** Absent while the data is discarded. */
  #services: Services | undefined;
  #emptying: Promise<void> | undefined;
  #ready: ReadyInfo | undefined;
  #stopping: Promise<void> | undefined;
  #tellStopped: () => void = () => undefined;

  constructor(options: LocalOptions, lock: HomeLock, gateway: Server) {
    this.#options = options;
    this.#template = options.template;
    this.#lock = lock;
    this.#gateway = gateway;
    this.#clock = storedClock(join(options.home, 'state', 'clock.json'));
    this.#calls = new CallLog(join(options.home, 'logs', 'calls.jsonl'));
    this.stopped = new Promise((done) => {
      this.#tellStopped = done;
    });
  }

  get ready(): ReadyInfo {
    if (this.#ready === undefined) throw new Error('the local AWS is not ready yet');
    return this.#ready;
  }

  async start(): Promise<void> {
    const { home, log } = this.#options;
    const endpoint = `http://127.0.0.1:${String(await this.#listen())}`;
    const resources = this.#read(this.#template, endpoint);
    const parts = this.#make(resources, endpoint);
    this.#services = parts.services();
    openGateway(this.#gateway, {
      services: () => this.#services,
      admin: createAdmin({
        clock: this.#clock,
        calls: this.#calls,
        callFaults: this.#callFaults,
        eventFaults: this.#eventFaults,
        advance: (ms) => this.#moveClock(this.#clock.offsetMs + ms),
        setClock: (now) => this.#moveClock(now - Date.now()),
        status: () => this.#status(),
        messages: () => this.#here().messages(),
        settle: (limitMs) => settle(this.#activity(), limitMs),
        forget: () => this.#here().forget(),
        reload: async () => {
          await this.reload();
          return { reloaded: true };
        },
        killSession: (sessionId) => this.#here().killSession(sessionId),
        setSwitches: (switches) => this.#here().setSwitches(switches),
        tables: () => this.#here().tables(),
        emptyWarehouse: () => this.#here().emptyWarehouse(),
        reset: async (data) => {
          this.#callFaults.remove();
          this.#eventFaults.clear();
          if (!data) return { faults: 0 };
          await this.#emptyAll(endpoint);
          return { faults: 0, data: 'removed' };
        },
        stop: () => {
          void this.stop();
        },
      }),
      faults: this.#callFaults,
      calls: this.#calls,
      clock: this.#clock,
      killFunction: (name) => this.#here().killFunction(name),
    });
    await parts.start();
    this.#ready = {
      endpoint,
      region: LOCAL_REGION,
      table: resources.tables[0]?.name ?? '',
      buckets: resources.buckets
        .filter(({ deploymentOnly }) => !deploymentOnly)
        .map(({ name }) => ({ name, folder: join(home, 's3', name) })),
      home,
      pid: process.pid,
    };
    writeFileSync(join(home, 'local.json'), `${JSON.stringify(this.#ready)}\n`);
    parts.warmUp().catch((error: unknown) => {
      log(`lambda: ${String(error)}`);
    });
  }

  async reload(template = this.#template): Promise<void> {
    const { endpoint } = this.ready;
    await this.#emptying?.catch(() => undefined);
    await this.#parts?.reload(this.#read(template, endpoint));
    this.#template = template;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const closed = new Promise<void>((done) => {
      this.#gateway.close(() => {
        done();
      });
    });
    this.#gateway.closeAllConnections();
    // Its processes would outlive this one.
    await this.#emptying?.catch(() => undefined);
    await this.#parts?.stop();
    await closed;
    this.#calls.close();
    rmSync(join(this.#options.home, 'local.json'), { force: true });
    await this.#lock.release();
    this.#tellStopped();
  }

  /** Starts the processes. */
  #make(resources: LocalResources, endpoint: string): Parts {
    this.#parts = new Parts(resources, {
      options: this.#options,
      endpoint,
      clock: this.#clock,
      calls: this.#calls,
      eventFaults: this.#eventFaults,
    });
    return this.#parts;
  }

  /** @throws BadRequest while the data is discarded */
  #here(): Parts {
    if (this.#parts !== undefined && this.#services !== undefined) return this.#parts;
    throw new BadRequest('the local AWS is being emptied: try again in a few seconds');
  }

  /**
   * Ends every process, discards what they stored, and starts them again: nothing that is under way, or remembered by a
   * function, survives. Two requests at once are one.
   */
  #emptyAll(endpoint: string): Promise<void> {
    this.#emptying ??= this.#restartEmpty(endpoint).finally(() => {
      this.#emptying = undefined;
    });
    return this.#emptying;
  }

  async #restartEmpty(endpoint: string): Promise<void> {
    const before = this.#here();
    if (this.#stopping !== undefined) throw new BadRequest('the local AWS is stopping');
    // Read while the old parts are still there: a template that is wrong changes nothing.
    const resources = this.#read(this.#template, endpoint);
    const { home, log } = this.#options;
    this.#services = undefined;
    try {
      await before.stop();
      discardData(home);
      const parts = this.#make(resources, endpoint);
      await parts.start();
      await parts.emptyWarehouse();
      this.#services = parts.services();
      await parts.warmUp();
    } catch (error) {
      log(
        'the local AWS could not be started again after its data was removed; it stops: start it again with `npm start`',
      );
      setImmediate(() => void this.stop());
      throw error;
    }
  }

  async #listen(): Promise<number> {
    try {
      return await listenLocally(this.#gateway, this.#options.port);
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE') throw error;
      throw new Error(
        `port ${String(this.#options.port)} is in use; stop the process that uses it, or choose another port (BATON_PORT)`,
        { cause: error },
      );
    }
  }

  #read(template: LocalOptions['template'], endpoint: string): LocalResources {
    const surroundings = {
      region: LOCAL_REGION,
      account: LOCAL_ACCOUNT,
      stackName: `baton-${this.#options.stage}`,
      endpoint,
    };
    return typeof template === 'string'
      ? readTemplateFile(template, surroundings)
      : readTemplate(template, surroundings);
  }

  #activity(): Activity {
    return {
      underWay: () => this.#here().underWay(),
      statements: () => this.#here().statements(),
      waiting: () => this.#here().waiting(),
      calls: () => this.#calls.last,
      clock: this.#clock,
    };
  }

  /** Children first: what they must have noticed by then comes before what falls due here. */
  async #moveClock(offsetMs: number): Promise<void> {
    const parts = this.#here();
    const isBack = offsetMs < this.#clock.offsetMs;
    await parts.moveClock(offsetMs);
    this.#clock.moveTo(offsetMs);
    if (isBack) parts.clockWentBack();
  }

  #status(): unknown {
    return {
      ...this.#ready,
      stage: this.#options.stage,
      startedAt: new Date(this.#startedAt).toISOString(),
      now: new Date(this.#clock.now()).toISOString(),
      offsetMs: this.#clock.offsetMs,
      ...this.#here().status(),
    };
  }
}
