// @ts-check
/**
 * KMS keys of the customer: what a principal of the stage needs on each, always by way of the service that uses it. What
 * the key's own policy must say is in docs/deployment-parameters.md.
 */
const { isKeyArn, regionOfArn } = require('./arn.cjs');

/**
 * @typedef {import('./parameters.cjs').Parameters} Parameters
 * @typedef {InstanceType<typeof import('./problems.cjs').Problems>} Problems
 *
 * @typedef {object} Keys ARNs; '': none
 * @property {string} tableKey
 * @property {string} queuesKey
 * @property {string} logsKey
 * @property {string} topicKey
 * @property {readonly string[]} bucketKeys
 */

/**
 * @param {Parameters} parameters
 * @param {Problems} problems
 */
function keysOf(parameters, problems) {
  /** @param {string} name */
  const key = (name) => {
    const value = parameters.text(name);
    if (value !== '' && !isKeyArn(value)) {
      problems.add(
        parameters.cited(name),
        'must be the ARN of a KMS key (not of an alias), arn:aws:kms:REGION:ACCOUNT:key/ID',
      );
    } else if (value !== '' && regionOfArn(value) !== parameters.region) {
      problems.add(
        parameters.cited(name),
        `a key works in its own Region only: use one in ${parameters.region}`,
      );
    }
    return value;
  };
  if (parameters.text('topicKeyArn') !== '' && parameters.text('alarmsEmail') === '') {
    problems.add(
      `${parameters.cited('topicKeyArn')} without a topic that is created`,
      'set alarmsEmail too, or remove it: an existing topic has a key of its own',
    );
  }
  return {
    tableKey: key('tableKeyArn'),
    queuesKey: key('queuesKeyArn'),
    logsKey: key('logsKeyArn'),
    topicKey: key('topicKeyArn'),
  };
}

/**
 * The functions: files and manifests, items, messages.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
 *
 * @param {Keys} keys
 */
function functionStatements({ bucketKeys, tableKey, queuesKey }) {
  return [
    ...allowVia('UseBucketKeys', 's3', ['kms:Decrypt', 'kms:GenerateDataKey'], bucketKeys),
    ...allowVia(
      'UseTableKey',
      'dynamodb',
      ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
      given(tableKey),
    ),
    ...sendStatements({ queuesKey }),
  ];
}

/**
 * Whoever puts messages into an encrypted queue: the functions, and schedules.
 *
 * @param {Pick<Keys, 'queuesKey'>} keys
 */
function sendStatements({ queuesKey }) {
  return allowVia('UseQueuesKey', 'sqs', ['kms:Decrypt', 'kms:GenerateDataKey'], given(queuesKey));
}

/**
 * People who look at runs, and at the lists of batches.
 *
 * @param {Keys} keys
 */
function readStatements({ bucketKeys, tableKey }) {
  return [
    ...allowVia('ReadBucketKeys', 's3', 'kms:Decrypt', bucketKeys),
    ...allowVia('ReadTableKey', 'dynamodb', ['kms:Decrypt', 'kms:DescribeKey'], given(tableKey)),
  ];
}

/** @param {string} key */
function given(key) {
  return key === '' ? [] : [key];
}

/**
 * https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
 *
 * @param {string} Sid
 * @param {string} service
 * @param {string | string[]} Action
 * @param {readonly string[]} keys
 */
function allowVia(Sid, service, Action, keys) {
  if (keys.length === 0) return [];
  return [
    {
      Sid,
      Effect: 'Allow',
      Action,
      Resource: keys,
      Condition: { StringLike: { 'kms:ViaService': `${service}.*` } },
    },
  ];
}

module.exports = { functionStatements, keysOf, readStatements, sendStatements };
