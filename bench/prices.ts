/**
 * What AWS charges, for every price that the benchmark and docs/cost.md work with: list prices of us-east-1 in USD, without free
 * tiers, as of November 2026.
 */

interface Price {
  readonly usd: number;
  /** So many units cost that. */
  readonly per: number;
  readonly unit: string;
  /** A price page of AWS. */
  readonly page: string;
}

export const PRICES_AS_OF = 'November 2026';

const LAMBDA = 'https://aws.amazon.com/lambda/pricing/';
const DYNAMODB = 'https://aws.amazon.com/dynamodb/pricing/on-demand/';
const STEP_FUNCTIONS = 'https://aws.amazon.com/step-functions/pricing/';
const S3 = 'https://aws.amazon.com/s3/pricing/';

const MILLION = 1_000_000;

export const PRICES = {
  lambdaRequest: { usd: 0.2, per: MILLION, unit: 'Lambda requests', page: LAMBDA },
  /** Billed by the millisecond. */
  lambdaGbSecond: { usd: 13.3334, per: MILLION, unit: 'Lambda GB-seconds, arm64', page: LAMBDA },
  /** Of a durable function: a step, a wait, a callback. By the page's example, read in September 2026. */
  durableOperation: { usd: 8, per: MILLION, unit: 'operations of durable functions', page: LAMBDA },
  writeUnit: { usd: 0.625, per: MILLION, unit: 'DynamoDB write units', page: DYNAMODB },
  readUnit: { usd: 0.125, per: MILLION, unit: 'DynamoDB read units', page: DYNAMODB },
  storedGbMonth: { usd: 0.25, per: 1, unit: 'GB-month in DynamoDB', page: DYNAMODB },
  /** Custom events. AWS does not say whether those of the Data API and of S3 are free: counted like custom ones. */
  event: {
    usd: 1,
    per: MILLION,
    unit: 'EventBridge events',
    page: 'https://aws.amazon.com/eventbridge/pricing/',
  },
  sqsRequest: { usd: 0.4, per: MILLION, unit: 'SQS requests', page: 'https://aws.amazon.com/sqs/pricing/' },
  s3Put: { usd: 0.005, per: 1000, unit: 'PUT requests of S3', page: S3 },
  s3Get: { usd: 0.0004, per: 1000, unit: 'GET and HEAD requests of S3', page: S3 },
  logsGb: { usd: 0.5, per: 1, unit: 'GB of logs', page: 'https://aws.amazon.com/cloudwatch/pricing/' },
  transition: { usd: 0.025, per: 1000, unit: 'transitions of Step Functions Standard', page: STEP_FUNCTIONS },
  expressRequest: {
    usd: 1,
    per: MILLION,
    unit: 'executions of Step Functions Express',
    page: STEP_FUNCTIONS,
  },
  /** In units of 64 MB and 100 ms. */
  expressGbSecond: {
    usd: 16.67,
    per: MILLION,
    unit: 'GB-seconds of Step Functions Express',
    page: STEP_FUNCTIONS,
  },
} as const satisfies Readonly<Record<string, Price>>;

/** USD for so many units. */
export function costOf(what: keyof typeof PRICES, units: number): number {
  const { usd, per } = PRICES[what];
  return (units * usd) / per;
}
