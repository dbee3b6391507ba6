/** S3, bus and queue in one process, as the supervisor puts them together: for the test that kills it. */
import { createServer } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';

import { LocalClock } from '../../../local/clock.ts';
import { EventBus } from '../../../local/events/bus.ts';
import { EventFaults } from '../../../local/events/event-faults.ts';
import { listenLocally } from '../../../local/http.ts';
import { QueueSet } from '../../../local/queues/queue-set.ts';
import { LocalS3 } from '../../../local/s3/local-s3.ts';

const home = process.argv[2] ?? '';
const clock = new LocalClock();
const log = (): void => undefined;
const arn = 'arn:aws:sqs:us-east-1:000000000000:arrivals';
const queues = new QueueSet(
  join(home, 'state/queues'),
  [
    {
      logicalId: 'Arrivals',
      name: 'arrivals',
      arn,
      url: 'http://127.0.0.1/000000000000/arrivals',
      visibilitySeconds: 30,
      delaySeconds: 0,
      retentionSeconds: 345_600,
    },
  ],
  clock,
  log,
);
const bus = new EventBus(
  {
    file: join(home, 'state/bus/deliveries.jsonl'),
    rules: [
      {
        logicalId: 'Rule',
        name: 'rule',
        arn: 'arn:rule',
        enabled: true,
        pattern: { source: ['aws.s3'] },
        targets: [{ id: 't', arn, retryAttempts: 185, maximumAgeSeconds: 86_400 }],
      },
    ],
  },
  {
    clock,
    faults: new EventFaults(),
    deliver: (targetArn, payload) => {
      queues.find(targetArn)?.send(payload);
      return Promise.resolve();
    },
    sendDeadLetter: () => Promise.resolve(),
    log,
  },
);
const s3 = new LocalS3({
  root: join(home, 's3'),
  buckets: [{ name: 'landing', eventBridge: true }],
  clock,
  sink: (event) => bus.publish(event),
  log,
  watch: { settleMs: 60, lookEveryMs: 15 },
});
const server = createServer((request, response) => void s3.handle(request, response));
const port = await listenLocally(server);
await s3.start();
bus.start();
process.stdout.write(`${String(port)}\n`);
