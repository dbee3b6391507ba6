// @ts-check
/** The landing and the artifacts bucket: created here, or existing ones that are used without changing them. */
const { createHash } = require('node:crypto');

const { isKeyArn, regionOfArn } = require('./arn.cjs');
const { listOf } = require('./settings.cjs');

/**
 * @typedef {import('./parameters.cjs').Parameters} Parameters
 * @typedef {InstanceType<typeof import('./problems.cjs').Problems>} Problems
 */

const NAME_RULE =
  'a bucket name (not an ARN or s3:// address) has 3 to 63 lower-case letters, digits, hyphens and dots';

/**
 * Bucket names are unique in all accounts and Regions of AWS, so that of a default has both in it. 63 characters are
 * allowed: -artifacts has 10 of them, -ACCOUNT 13, a Region at most 15 with its hyphen 16. A longer beginning is cut.
 */
const LONGEST_BEGINNING = 24;

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
 * @param {string} name `baton-<stage>`
 */
function uniqueBeginning(name) {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 6);
  const short = name.length <= LONGEST_BEGINNING ? name : `${name.slice(0, LONGEST_BEGINNING - 7)}-${hash}`;
  return `${short}-\${AWS::AccountId}-\${AWS::Region}`;
}

/**
 * As a value in the template: a default name has the account and the Region in it, which CloudFormation knows.
 *
 * @param {string} name
 * @returns {string | object}
 */
function nameInTemplate(name) {
  return name.includes('${') ? { 'Fn::Sub': name } : name;
}

/**
 * Whether a name from a pipeline or a parameter can be this one in some account.
 *
 * @param {string} given
 * @param {string} name
 */
function isBucket(given, name) {
  const account = '\\d{12}';
  const pattern = name
    .replaceAll('.', '\\.')
    .replace('${AWS::AccountId}', account)
    .replace('${AWS::Region}', '[a-z]{2}(-[a-z]+)+-\\d');
  return new RegExp(`^${pattern}$`).test(given);
}

/**
 * @param {Parameters} parameters
 * @param {{ historyDays: number, takeOver: boolean }} settings
 * @param {Problems} problems
 */
function bucketsOf(parameters, { historyDays, takeOver }, problems) {
  const chosen = parameters.text('buckets');
  const beginning = chosen === '' ? uniqueBeginning(`baton-${parameters.stage}`) : chosen;
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
    const name = existing === '' ? `${beginning}-${suffix}` : existing;
    if (existing !== '' && !isBucketName(name)) problems.add(parameters.cited(parameter), NAME_RULE);
    if (existing === '' && !takeOver) {
      resources[logicalId] = privateBucket(nameInTemplate(name), properties);
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
  const longest = `${chosen}-artifacts`;
  const uses = parameters.text('landingBucket') === '' || parameters.text('artifactsBucket') === '';
  if (uses && chosen !== '' && !isBucketName(longest))
    problems.add(`${parameters.cited('buckets')} makes ${longest}`, NAME_RULE);
  if (landing === artifacts) {
    problems.add(
      `${parameters.cited('landingBucket')} and ${parameters.cited('artifactsBucket')} are the same bucket`,
      "Baton's own files could start runs: use two buckets",
    );
  }
  // Buckets that are encrypted with a customer's key ask for rights on it too.
  const keys = listOf(parameters.text('bucketKeys'));
  if (!keys.every(isKeyArn)) {
    problems.add(
      parameters.cited('bucketKeys'),
      'must be ARNs of KMS keys, arn:aws:kms:REGION:ACCOUNT:key/ID, separated by commas',
    );
  } else if (keys.some((key) => regionOfArn(key) !== parameters.region)) {
    problems.add(
      parameters.cited('bucketKeys'),
      `the buckets of a stage are in its Region, and so are their keys: use keys in ${parameters.region}`,
    );
  }
  return { landing, artifacts, keys, resources };
}

/**
 * @param {string | object} name
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

module.exports = { bucketsOf, isBucket, isBucketName, nameInTemplate, NAME_RULE };
