// @ts-check
/** The landing and the artifacts bucket: created here, or existing ones that are used without changing them. */

const { listOf } = require('./settings.cjs');

/**
 * @typedef {import('./parameters.cjs').Parameters} Parameters
 * @typedef {InstanceType<typeof import('./problems.cjs').Problems>} Problems
 */

const KEY = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;

const NAME_RULE =
  'a bucket name (not an ARN or s3:// address) has 3 to 63 lower-case letters, digits, hyphens and dots';

const UNFINISHED_UPLOADS = {
  Id: 'unfinished-uploads',
  Status: 'Enabled',
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
};

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 *
 * @param {string} name
 */
function isBucketName(name) {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !/^(xn--|sthree-|amzn-s3-demo-)/.test(name) &&
    !/(-s3alias|--ol-s3|--x-s3|\.mrap|--table-s3)$/.test(name)
  );
}

/**
 * @param {Parameters} parameters
 * @param {number} historyDays
 * @param {Problems} problems
 */
function bucketsOf(parameters, historyDays, problems) {
  /** @type {Record<string, object>} */
  const resources = {};
  /**
   * @param {string} parameter names one that exists
   * @param {string} suffix of one that is made
   * @param {string} logicalId
   * @param {object} properties of one that is made
   */
  const bucket = (parameter, suffix, logicalId, properties) => {
    const existing = parameters.text(parameter);
    const name = existing === '' ? `${parameters.text('buckets')}-${suffix}` : existing;
    if (existing !== '' && !isBucketName(name)) problems.add(parameters.cited(parameter), NAME_RULE);
    if (existing === '') {
      resources[logicalId] = privateBucket(name, properties);
      resources[`${logicalId}Policy`] = tlsOnly(logicalId);
    }
    return name;
  };
  // The landing bucket. Its files belong to the uploader: Baton deletes none.
  const landing = bucket('landingBucket', 'landing', 'LandingBucket', {
    NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    LifecycleConfiguration: { Rules: [UNFINISHED_UPLOADS] },
  });
  // Manifests are written here. No events: nothing that Baton writes may start a run.
  const artifacts = bucket('artifactsBucket', 'artifacts', 'ArtifactsBucket', {
    LifecycleConfiguration: {
      Rules: [
        UNFINISHED_UPLOADS,
        // A run that can be resumed needs its manifest, which goes no earlier than the run may be forgotten.
        {
          Id: 'manifests-of-forgotten-runs',
          Status: 'Enabled',
          Prefix: 'manifests/',
          ExpirationInDays: historyDays,
        },
        // There are none, unless versioning is enabled on the bucket.
        { Id: 'old-versions', Status: 'Enabled', NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
      ],
    },
  });
  const made = Object.keys(resources).length > 0;
  const longest = `${parameters.text('buckets')}-artifacts`;
  if (made && !isBucketName(longest))
    problems.add(`${parameters.cited('buckets')} makes ${longest}`, NAME_RULE);
  if (landing === artifacts) {
    problems.add(
      `${parameters.cited('landingBucket')} and ${parameters.cited('artifactsBucket')} are the same bucket`,
      "Baton's own files could start runs: use two buckets",
    );
  }
  // Buckets that are encrypted with a customer's key ask for rights on it too.
  const keys = listOf(parameters.text('bucketKeys'));
  if (!keys.every((key) => KEY.test(key))) {
    problems.add(
      parameters.cited('bucketKeys'),
      'must be ARNs of KMS keys, arn:aws:kms:REGION:ACCOUNT:key/ID, separated by commas',
    );
  }
  return { landing, artifacts, keys, resources };
}

/**
 * @param {string} name
 * @param {object} properties
 */
function privateBucket(name, properties) {
  return {
    Type: 'AWS::S3::Bucket',
    // What is in it stays when the stack goes; a stack that could not be made leaves no bucket behind.
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketName: name,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      ...properties,
    },
  };
}

/** @param {string} logicalId */
function tlsOnly(logicalId) {
  return {
    Type: 'AWS::S3::BucketPolicy',
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      Bucket: { Ref: logicalId },
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'OnlyEncryptedConnections',
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:*',
            Resource: [{ 'Fn::GetAtt': [logicalId, 'Arn'] }, { 'Fn::Sub': `\${${logicalId}.Arn}/*` }],
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      },
    },
  };
}

module.exports = { bucketsOf };
