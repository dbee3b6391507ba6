/** What serverless.yml takes from parameters and pipelines, without osls. */
import { deployment } from '../../build/serverless/deployment.cjs';

/** What serverless.yml gives where nobody gives anything. */
const DEFAULTS: Readonly<Record<string, string>> = {
  database: 'dev',
  copyRole: 'default',
  archiveDays: '30',
  historyDays: '400',
  logRetentionDays: '30',
  watch: 'true',
  pipelineMetrics: 'true',
  runQueries: 'true',
  oldestRunHours: '13',
  memory: '256',
};

export interface Given {
  readonly stage?: string;
  readonly plans?: readonly object[];
}

/** The stage dev in us-east-1 with these parameters, all on the command line. */
export async function deploymentWith(
  parameters: Readonly<Record<string, string>>,
  { stage = 'dev', plans = [] }: Given = {},
) {
  const variables = new Map<string, unknown>([
    ['sls:stage', stage],
    ['self:provider.region', 'us-east-1'],
    ["opt:param, ''", Object.entries(parameters).map(([name, value]) => `${name}=${value}`)],
    ["file(plans.json), ''", { plans: plans.map((plan) => ({ triggers: [], ...plan })) }],
    ...Object.entries({ ...DEFAULTS, ...parameters }).map(([name, value]): [string, string] => [
      `param:${name}`,
      value,
    ]),
  ]);
  return deployment({
    resolveVariable: async (variable) => Promise.resolve(variables.get(variable) ?? null),
  });
}
