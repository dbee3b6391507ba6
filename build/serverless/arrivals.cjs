// @ts-check
/**
 * What the s3 triggers of the pipelines need in the template: the rules that bring their objects to the queue, and
 * what the functions may read, and the archive that keeps their events. Read by serverless.yml; the triggers come from .build/plans.json.
 */

/**
 * EventBridge's quota for a pattern is 2,048 characters; the stage's own names must fit beside the prefixes.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
 */
const PATTERN_LIMIT = 1900;

/** A run is remembered for 400 days: a file that is replayed later would start a second one. */
const LONGEST_RETENTION_DAYS = 399;

/**
 * @typedef {{ kind: string, bucket?: string, prefix: string }} Trigger
 * @typedef {{ plans: readonly { triggers: readonly Trigger[] }[] }} Plans
 */

/** @param {{ resolveVariable: (variable: string) => Promise<unknown> }} variables */
module.exports = async function arrivals({ resolveVariable }) {
  const plans = /** @type {Plans | null} */ (await resolveVariable('file(.build/plans.json)'));
  if (plans === null) throw new Error('.build/plans.json is missing: `npm run package` makes it');
  const landing = `${String(await resolveVariable('param:buckets'))}-landing`;
  const name = `${String(await resolveVariable('self:custom.name'))}-arrivals`;

  /** @type {Record<string, object>} */
  const rules = {};
  const prefixes = prefixesByBucket(plans, landing);
  const patterns = [...prefixes].flatMap(([bucket, list]) => patternsOf(bucket, list));
  for (const [index, pattern] of patterns.entries()) {
    const suffix = index === 0 ? '' : String(index + 1);
    rules[`ArrivalsRule${suffix}`] = arrivalsRule(suffix === '' ? name : `${name}-${suffix}`, pattern);
  }
  const buckets = [...new Set([landing, ...prefixes.keys()])];
  const retentionDays = await resolveVariable('param:archiveDays');
  return {
    rules,
    archive: { EventPattern: archivePattern(buckets), RetentionDays: checkedDays(retentionDays) },
    buckets: buckets.map((bucket) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${bucket}` })),
    objects: buckets.map((bucket) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${bucket}/*` })),
  };
};

/**
 * The prefixes of each bucket, sorted, without those that another one covers.
 *
 * @param {Plans} plans
 * @param {string} landing
 * @returns {Map<string, string[]>}
 */
function prefixesByBucket({ plans }, landing) {
  /** @type {Map<string, Set<string>>} */
  const found = new Map();
  for (const { kind, bucket = landing, prefix } of plans.flatMap((plan) => plan.triggers)) {
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
      bucket: { name: [bucket] },
      // The whole bucket needs no condition on the key.
      ...(!list.includes('') && { object: { key: list.map((prefix) => ({ prefix })) } }),
    },
  });
  /** @type {string[][]} */
  const groups = [];
  for (const prefix of prefixes) {
    const last = groups.at(-1);
    if (last !== undefined && JSON.stringify(pattern([...last, prefix])).length <= PATTERN_LIMIT) {
      last.push(prefix);
    } else groups.push([prefix]);
  }
  return groups.map(pattern);
}

/**
 * Every object of the buckets: which of them is a file of a pipeline may change until it is replayed.
 *
 * @param {string[]} buckets
 */
function archivePattern(buckets) {
  const pattern = {
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: { bucket: { name: buckets } },
  };
  const { length } = JSON.stringify(pattern);
  if (length <= PATTERN_LIMIT) return pattern;
  throw new Error(
    `the names of the ${buckets.length} buckets that start pipelines do not fit into the archive's pattern (${length} characters, ${PATTERN_LIMIT} are allowed): let pipelines share buckets`,
  );
}

/** @param {unknown} value */
function checkedDays(value) {
  const days = Number(value);
  if (Number.isInteger(days) && days >= 1 && days <= LONGEST_RETENTION_DAYS) return days;
  throw new Error(
    `--param archiveDays=${String(value)}: must be a whole number of days from 1 to ${LONGEST_RETENTION_DAYS}`,
  );
}

/**
 * @param {string} name
 * @param {object} pattern
 */
function arrivalsRule(name, pattern) {
  return {
    Type: 'AWS::Events::Rule',
    Properties: {
      Name: name,
      EventPattern: pattern,
      Targets: [
        {
          Id: 'arrivals',
          Arn: { 'Fn::GetAtt': ['Arrivals', 'Arn'] },
          RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } },
        },
      ],
    },
  };
}
