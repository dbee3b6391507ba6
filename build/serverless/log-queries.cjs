// @ts-check
/** The usual questions to the logs, as saved queries of CloudWatch Logs Insights: folder `baton/<stage>` of its console. */

/** What a person puts the run's id in place of. */
const RUN = 'RUN-ID';

/**
 * Name -> query. Members of our own lines: shared/middleware/log.ts. Lambda's: `platform.report`
 * (Lambda developer guide: Telemetry API, event schema).
 */
const QUERIES = {
  'one run': [
    'fields @timestamp, level, message, step, attempt, status, rows, error.message, function_name',
    `filter run = "${RUN}"`,
    'sort @timestamp',
    'limit 1000',
  ],
  'failed and undecided runs': [
    'fields @timestamp, pipeline, run, step, class, error.message',
    'filter message in ["run FAILED", "run NEEDS_DECISION"]',
    'sort @timestamp desc',
    'limit 200',
  ],
  'failed attempts, by step': [
    'filter message = "step ended" and status != "FINISHED"',
    'stats count(*) as attempts, latest(error.message) as latest_error by pipeline, step',
    'sort attempts desc',
  ],
  'warnings and errors': [
    'fields @timestamp, function_name, message, run, error.message',
    'filter level in ["ERROR", "WARN"]',
    'sort @timestamp desc',
    'limit 50',
  ],
  'events and files that started nothing': [
    'fields @timestamp, message, bucket, key, error.message, body',
    'filter message in ["this event started nothing", "no pipeline matches this file", "ignored a file in the artifacts bucket"]',
    'sort @timestamp desc',
    'limit 200',
  ],
  'one invocation': [
    'fields @timestamp, level, message, run, error.name, error.message, error.stack',
    'filter function_request_id = "REQUEST-ID"',
    'sort @timestamp',
  ],
  'duration, memory and cold starts of the functions': [
    'filter type = "platform.report"',
    'stats count(*) as invocations, pct(record.metrics.durationMs, 50) as p50_ms, pct(record.metrics.durationMs, 99) as p99_ms, ' +
      'max(record.metrics.maxMemoryUsedMB) as memory_mb, count(record.metrics.initDurationMs) as cold_starts, ' +
      'max(record.metrics.initDurationMs) as longest_init_ms by @log',
  ],
};

/**
 * @param {keyof typeof QUERIES} name
 * @returns {string} the query's text, one command after another
 */
function queryOf(name) {
  return QUERIES[name].join(' | ');
}

/**
 * @param {{ stage: string, functions: readonly string[] }} stage
 * @returns {Record<string, object>}
 */
function logQueriesOf({ stage, functions }) {
  return Object.fromEntries(
    Object.entries(QUERIES).map(([name, commands]) => [
      `LogQuery${logicalNameOf(name)}`,
      {
        Type: 'AWS::Logs::QueryDefinition',
        Properties: {
          Name: `baton/${stage}/${name}`,
          LogGroupNames: functions.map((each) => `/aws/lambda/${each}`),
          QueryString: commands.join('\n| '),
        },
      },
    ]),
  );
}

/** @param {string} name `one run` -> `OneRun` */
function logicalNameOf(name) {
  const words = name.split(/\W+/);
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

module.exports = { logQueriesOf, QUERIES, queryOf };
