// @ts-check
/**
 * The table of runs, their history, plans and slots (ARCHITECTURE.md: Stored items): created here, or the one that an
 * earlier deployment of this stage left, which is used as it is.
 */
const { arn } = require('./arn.cjs');

/** @typedef {Record<string, unknown>} Properties */

/** @param {[name: string, type: 'S' | 'N'][]} attributes */
const attributes = (...attributes) =>
  attributes.map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }));

/**
 * @param {string} hash
 * @param {string} range
 */
const keys = (hash, range) => [
  { AttributeName: hash, KeyType: 'HASH' },
  { AttributeName: range, KeyType: 'RANGE' },
];

/**
 * @param {string} IndexName
 * @param {string} hash
 * @param {string} range
 */
const index = (IndexName, hash, range) => ({
  IndexName,
  KeySchema: keys(hash, range),
  Projection: { ProjectionType: 'KEYS_ONLY' },
});

/** What DynamoDB's CreateTable takes. */
const SHAPE = {
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: attributes(
    ['pk', 'S'],
    ['sk', 'S'],
    ['due', 'S'],
    ['next', 'N'],
    ['queue', 'S'],
    ['queuedAt', 'S'],
    ['pipeline', 'S'],
    ['createdAt', 'S'],
    ['fileKey', 'S'],
    ['notSucceeded', 'S'],
  ),
  KeySchema: keys('pk', 'sk'),
  GlobalSecondaryIndexes: [
    // Sparse: runs that are not at an end, or owe something. The sweep reads it.
    index('due', 'due', 'next'),
    // Sparse: runs that wait for a slot, oldest first.
    index('queue', 'queue', 'queuedAt'),
    // The list of runs.
    index('by-pipeline', 'pipeline', 'createdAt'),
    // Sparse: what has a file, by its key (shared/store/file-index.ts). DynamoDB makes one index in each update of a table.
    index('by-file', 'pipeline', 'fileKey'),
    // Sparse: runs that stopped, or ended in another way than SUCCEEDED, by state and pipeline.
    index('not-succeeded', 'notSucceeded', 'createdAt'),
  ],
};

const TIME_TO_LIVE = { AttributeName: 'expiresAt', Enabled: true };

/**
 * @typedef {object} Table
 * @property {string | object} name
 * @property {object} arn
 * @property {readonly object[]} workIndexes
 * @property {object} queueIndex
 * @property {readonly object[]} withIndexes
 * @property {Record<string, object>} resources
 *
 * @param {string} name
 * @param {{ protect: boolean, takeOver: boolean, tableKey: string }} settings
 * @returns {Table}
 */
function tableOf(name, { protect, takeOver, tableKey }) {
  const existing = arn(`dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/${name}`);
  const made = { 'Fn::GetAtt': ['Table', 'Arn'] };
  const tableArn = takeOver ? existing : made;
  /** @param {string} index */
  const indexArn = (index) => ({
    'Fn::Sub': `${takeOver ? existing['Fn::Sub'] : '${Table.Arn}'}/index/${index}`,
  });
  return {
    /** A reference, so that the functions are made after the table. */
    name: takeOver ? name : { Ref: 'Table' },
    arn: tableArn,
    /** What is due, and who waits for a slot. */
    workIndexes: [indexArn('due'), indexArn('queue')],
    queueIndex: indexArn('queue'),
    withIndexes: [tableArn, indexArn('*')],
    resources: takeOver ? {} : { Table: tableResource(name, protect, tableKey) },
  };
}

/**
 * @param {string} name
 * @param {boolean} protect
 * @param {string} key ARN of a customer's key; without one DynamoDB's own, which is the default and costs nothing
 */
function tableResource(name, protect, key) {
  return {
    Type: 'AWS::DynamoDB::Table',
    // What ran stays when the stack goes; a stack that could not be made leaves no table behind.
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      TableName: name,
      DeletionProtectionEnabled: protect,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: protect },
      ...SHAPE,
      ...(key !== '' && { SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: key } }),
      TimeToLiveSpecification: TIME_TO_LIVE,
    },
  };
}

module.exports = { tableOf };
