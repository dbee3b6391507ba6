/**
 * Metrics as log lines: CloudWatch extracts them from the log (CloudWatch user guide: embedded metric format), so
 * that a metric costs no call.
 */
import process from 'node:process';

import type { MetricName, Ports } from '../engine/ports.ts';
import { defined } from '../run/defined.ts';

const NAMESPACE = 'Baton';

const SECONDS: ReadonlySet<MetricName> = new Set(['OldestUnfinishedRun']);

/**
 * One line for each value: of the stage and, with `byPipeline`, of the pipeline within it. CloudWatch bills each metric of each
 * pipeline; without it the line still names the pipeline, for log queries.
 */
export function meterOf(stage: string, byPipeline: boolean): Ports['meter'] {
  return (name, value, pipeline) => {
    const dimensions =
      pipeline === undefined || !byPipeline ? [['stage']] : [['stage'], ['stage', 'pipeline']];
    const line = JSON.stringify({
      _aws: {
        Timestamp: Date.now(),
        CloudWatchMetrics: [
          {
            Namespace: NAMESPACE,
            Dimensions: dimensions,
            Metrics: [{ Name: name, Unit: SECONDS.has(name) ? 'Seconds' : 'Count' }],
          },
        ],
      },
      stage,
      ...defined({ pipeline }),
      [name]: value,
    });
    process.stdout.write(`${line}\n`);
  };
}
