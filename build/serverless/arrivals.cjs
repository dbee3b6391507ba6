// @ts-check
/**
 * What the s3 triggers of the pipelines need in the template: the rules that bring their objects to the queue, the
 * archive that keeps their events, and what the functions may look at.
 */

const { arn } = require('./arn.cjs');
const { isBucket, nameInTemplate } = require('./buckets.cjs');
const { inPatterns, numbered, PATTERN_LIMIT } = require('./rule.cjs');

/**
 * @typedef {InstanceType<typeof import('./problems.cjs').Problems>} Problems
 *
 * @typedef {{ kind: string, bucket?: string, prefix?: string }} Trigger
 * @typedef {{ pipeline: string, triggers: readonly Trigger[] }} Plan
 */

/**
 * The buckets whose files start runs, the landing bucket among them: their ARNs, and those of what is in them.
 *
 * @param {readonly Plan[]} plans
 * @param {string} landing
 */
function sourcesOf(plans, landing) {
  const buckets = bucketsOf(plans, landing);
  return {
    buckets: buckets.map(bucketArn),
    objects: buckets.map((bucket) => bucketArn(`${bucket}/*`)),
  };
}

/**
 * @param {readonly Plan[]} plans
 * @param {string} landing
 */
function bucketsOf(plans, landing) {
  return [...new Set([landing, ...prefixesByBucket(plans, landing).keys()])];
}

/**
 * @param {readonly Plan[]} plans
 * @param {{ name: string, landing: string, artifacts: string, archiveDays: number }} stage `name`: `baton-<stage>`
 * @param {Problems} problems
 * @returns {Record<string, object>}
 */
function resourcesOf(plans, { name, landing, artifacts, archiveDays }, problems) {
  for (const { pipeline, triggers } of plans) {
    if (
      triggers.some(
        ({ kind, bucket }) => kind === 's3' && bucket !== undefined && isBucket(bucket, artifacts),
      )
    ) {
      problems.add(
        `pipeline ${pipeline} starts with files of ${artifacts}, the artifacts bucket`,
        "Baton's own files could start runs: use another bucket in its pipeline.yml",
      );
    }
  }
  const patterns = [...prefixesByBucket(plans, landing)].flatMap(([bucket, list]) =>
    patternsOf(bucket, list),
  );
  return {
    ...numbered('ArrivalsRule', `${name}-arrivals`, patterns),
    // What `baton replay` delivers again: the events of files only, never a request or a wake-up.
    FilesArchive: {
      Type: 'AWS::Events::Archive',
      Properties: {
        ArchiveName: `${name}-files`,
        SourceArn: {
          'Fn::Sub': 'arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default',
        },
        EventPattern: archivePattern(bucketsOf(plans, landing), problems),
        RetentionDays: archiveDays,
      },
    },
  };
}

/** @param {string} rest */
function bucketArn(rest) {
  return arn(`s3:::${rest}`);
}

/**
 * The prefixes of each bucket, sorted, without those that another one covers.
 *
 * @param {readonly Plan[]} plans
 * @param {string} landing
 * @returns {Map<string, string[]>}
 */
function prefixesByBucket(plans, landing) {
  /** @type {Map<string, Set<string>>} */
  const found = new Map();
  for (const { kind, bucket = landing, prefix = '' } of plans.flatMap((plan) => plan.triggers)) {
    if (kind !== 's3') continue;
    found.set(bucket, (found.get(bucket) ?? new Set()).add(prefix));
  }
  /** @type {Map<string, string[]>} */
  const result = new Map();
  for (const bucket of [...found.keys()].sort()) {
    const all = [...(found.get(bucket) ?? [])].sort();
    result.set(
      bucket,
      all.filter((prefix) => !all.some((other) => other !== prefix && prefix.startsWith(other))),
    );
  }
  return result;
}

/**
 * By bucket and prefix only: a prefix and a suffix in one list would be "or". start-run matches exactly.
 *
 * @param {string} bucket
 * @param {string[]} prefixes
 * @returns {object[]}
 */
function patternsOf(bucket, prefixes) {
  /** @param {string[]} list */
  const pattern = (list) => ({
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: {
      bucket: { name: [nameInTemplate(bucket)] },
      // The whole bucket needs no condition on the key.
      ...(!list.includes('') && { object: { key: list.map((prefix) => ({ prefix })) } }),
    },
  });
  return inPatterns(prefixes, pattern);
}

/**
 * Every object of the buckets: which of them is a file of a pipeline may change until it is replayed.
 *
 * @param {string[]} buckets
 * @param {Problems} problems
 */
function archivePattern(buckets, problems) {
  const pattern = {
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: { bucket: { name: buckets.map(nameInTemplate) } },
  };
  const { length } = JSON.stringify(pattern);
  if (length > PATTERN_LIMIT) {
    problems.add(
      `the names of the ${buckets.length} buckets that start pipelines do not fit into the archive's pattern (${length} characters, at most ${PATTERN_LIMIT} are allowed)`,
      'use fewer buckets',
    );
  }
  return pattern;
}

module.exports = { arrivals: { rules: 'arrivals*', resourcesOf }, sourcesOf };
