/** Wires the real ports, clock and randomness in one place, once per cold start. */
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';

import { defined } from '../run/defined.ts';
import { PlanCache } from '../engine/plan-cache.ts';
import type { Ports } from '../engine/ports.ts';
import { DynamoDbRunStore } from '../store/dynamodb-run-store.ts';
import { DataApiWarehouse } from '../warehouse/data-api.ts';
import { randomFraction, randomToken } from './chance.ts';
import type { Config } from './config.ts';
import { autoWaitMsAt, readConfig } from './config.ts';
import { S3FileStore } from './files.ts';
import { laterThrough } from './later.ts';
import { log } from './log.ts';
import { meterOf } from './meter.ts';
import { EventBridgePublisher } from './publisher.ts';
import { todaysPlans } from './todays-plans.ts';

export interface Wiring {
  readonly config: Config;
  readonly ports: Ports;
  readonly plans: PlanCache;
}

let wired: Wiring | undefined;

/** @throws Error if the environment is invalid */
export function wiring(): Wiring {
  wired ??= wire();
  return wired;
}

function wire(): Wiring {
  const { AWS_ENDPOINT_URL, AWS_LAMBDA_FUNCTION_MEMORY_SIZE, AWS_REGION } = process.env;
  const config = readConfig(process.env);
  const store = new DynamoDbRunStore(new DynamoDBClient({}), config.table, config.historyDays);
  const ports: Ports = {
    store,
    warehouse: new DataApiWarehouse(
      new RedshiftDataClient({}),
      config.connection,
      randomToken,
      config.warehouses,
      new RedshiftDataClient({ maxAttempts: 1 }),
    ),
    files: new S3FileStore(config.artifactsBucket),
    publisher: new EventBridgePublisher(),
    later: laterThrough(config.arrivalsQueue),
    // Only AWS has a console to link to.
    settings: {
      ...config,
      autoWaitMs: autoWaitMsAt(AWS_LAMBDA_FUNCTION_MEMORY_SIZE),
      ...defined({ region: AWS_ENDPOINT_URL === undefined ? AWS_REGION : undefined }),
    },
    now: Date.now,
    randomToken,
    randomFraction,
    pause: (ms) => wait(ms),
    meter: meterOf(config.stage, config.pipelineMetrics),
    log,
  };
  return { config, ports, plans: new PlanCache(store, todaysPlans) };
}
