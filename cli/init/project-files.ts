/** The files of a new project: a stage to deploy to, an example pipeline with its data, and a workflow for its repository. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { isInstalled, packageRoot } from '../../build/project.ts';
import manifest from '../../package.json' with { type: 'json' };
import { packageName, version } from '../version.ts';

export interface ProjectFile {
  /** Below the project. */
  readonly path: string;
  readonly content: string | Buffer;
}

/** One of Baton's samples, with what it needs. */
const EXAMPLE = [
  'sql/pipeline.schema.json',
  'sql/test.schema.json',
  'sql/stores',
  'sql/setup/10_mart.sql',
  'sql/setup/30_stores.sql',
  'samples/stores.csv',
  'samples/more-stores.csv',
  'samples/bad-stores.csv',
];

/** What `npm test` runs. */
const CHECKS = ['baton validate', 'baton test'];
/** What a pull request must pass. */
const CHECKS_OF_A_CHANGE = [...CHECKS, 'baton test --crash'];

/** @param baton what package.json depends on */
export function projectFiles(name: string, baton: string): ProjectFile[] {
  const upgrade = baton.startsWith('file:')
    ? baton
        .replace(/^file:(?=\w)/, './')
        .replace(/^file:/, '')
        .replace(version, 'VERSION')
    : `${packageName}@VERSION`;
  return [
    { path: 'package.json', content: packageJson(name, baton) },
    { path: 'baton.yml', content: BATON_YML },
    { path: '.gitignore', content: 'node_modules/\n.baton/\n.build/\n' },
    { path: 'README.md', content: readme(name, upgrade) },
    ...EXAMPLE.flatMap(copyOf),
    { path: '.github/workflows/baton.yml', content: WORKFLOW },
    { path: '.github/deploy-role/trust.json', content: TRUST },
    { path: '.github/deploy-role/permissions.json', content: `${deployerPolicy()}\n` },
  ];
}

function copyOf(path: string): ProjectFile[] {
  const from = join(packageRoot, path);
  if (path.includes('.')) return [{ path, content: readFileSync(from) }];
  return readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ path: relative(packageRoot, file), content: readFileSync(file) }));
}

/** The policy of the page on deployment, which every test of that page is about. */
function deployerPolicy(): string {
  const page = join(isInstalled ? dirname(packageRoot) : packageRoot, 'docs', 'deployment.md');
  const [, policy] = /^## Who deploys$[^]*?^```json\n([^]*?)\n```$/m.exec(readFileSync(page, 'utf8')) ?? [];
  if (policy === undefined) throw new Error(`${relative('.', page)} has no policy under "Who deploys"`);
  return policy;
}

function packageJson(name: string, baton: string): string {
  const content = {
    name,
    private: true,
    scripts: { start: 'baton up', test: CHECKS.join(' && ') },
    dependencies: { [packageName]: baton },
    // No package needs its install script.
    allowScripts: manifest.allowScripts,
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

const BATON_YML = `# The stages of this project: where \`npx baton deploy --stage dev\` deploys to, and with which parameters. The command line
# (--region, --param NAME=VALUE) takes precedence. Every parameter: node_modules/${packageName}/docs/deployment-parameters.md
stages:
  dev:
    region: eu-central-1
    # The warehouse, Redshift Serverless: name and id of the workgroup (the id is not the name) ...
    # workgroup: etl
    # workgroupId: 00000000-0000-4000-8000-000000000000
    # ... or a provisioned cluster:
    # cluster: etl
    # database: dev
    # Who signs in: the functions' role, unless a secret (or a database user of a cluster) is named.
    # secretArn: arn:aws:secretsmanager:eu-central-1:ACCOUNT:secret:NAME
    # dbUser: etl
    # What COPY runs as: the default role of the warehouse, unless another is named.
    # copyRole: arn:aws:iam::ACCOUNT:role/baton-copy
    # Whom the alarms tell:
    # alarmsEmail: data@example.com
    # Whose credentials are used: a profile of the AWS configuration. Leave it out where the workflow deploys.
    # profile: data-dev

  # prod:
  #   region: eu-central-1
  #   workgroup: etl
  #   workgroupId: 00000000-0000-4000-8000-000000000000
  #   protect: true
`;

function readme(name: string, upgrade: string): string {
  return `# ${name}

Pipelines for Amazon Redshift, run by Baton: each folder of \`sql/\` is one, its numbered files are its steps; \`sql/setup/\` has the tables.

    npm install && npx baton up                            # a local AWS, without an account; keep it running
    npx baton drop samples/stores.csv --to stores/         # in another terminal: a file arrives, its pipeline runs
    npx baton new orders && npx baton validate             # a pipeline of your own, checked
    npx baton test                                         # the tests of all pipelines: sql/PIPELINE/tests/
    npx baton deploy --stage dev                           # after the stage's parameters are in baton.yml
    npx baton setup --stage dev && npx baton doctor --stage dev

\`.github/workflows/baton.yml\` checks pull requests and deploys \`main\`. To upgrade: \`npm install ${upgrade}\`. All pages: \`node_modules/${packageName}/docs/\`.
`;
}

const WORKFLOW = `# Checks every pull request; deploys stage dev when something arrives on main.
#
# To let it deploy, an administrator of the account does this once. In both files of .github/deploy-role put the number of
# your account for ACCOUNT, and your repository for OWNER/REPOSITORY; then:
#   aws iam create-open-id-connect-provider --url https://token.actions.githubusercontent.com --client-id-list sts.amazonaws.com
#   aws iam create-role --role-name baton-deploy-dev --assume-role-policy-document file://.github/deploy-role/trust.json
#   aws iam put-role-policy --role-name baton-deploy-dev --policy-name deploy --policy-document file://.github/deploy-role/permissions.json
# and set the repository's variable BATON_DEPLOY_ROLE to arn:aws:iam::ACCOUNT:role/baton-deploy-dev. Until then nothing is deployed.
name: baton
on:
  pull_request:
  push:
    branches: [main]

permissions:
  contents: read

jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 24, cache: npm }
      - run: npm ci
${CHECKS_OF_A_CHANGE.map((check) => `      - run: npx ${check}`).join('\n')}

  deploy:
    needs: check
    if: github.event_name == 'push' && vars.BATON_DEPLOY_ROLE != ''
    runs-on: ubuntu-latest
    permissions:
      contents: read
      id-token: write
    # One deployment after another; none is cancelled half way.
    concurrency: { group: baton-deploy-dev, cancel-in-progress: false }
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 24, cache: npm }
      # Without what only the local AWS needs: PostgreSQL and Node itself.
      - run: npm ci --omit=optional
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: \${{ vars.BATON_DEPLOY_ROLE }}
          aws-region: eu-central-1
      - run: npx baton deploy --stage dev
`;

const TRUST = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": { "Federated": "arn:aws:iam::ACCOUNT:oidc-provider/token.actions.githubusercontent.com" },
      "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": {
        "StringEquals": {
          "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
          "token.actions.githubusercontent.com:sub": "repo:OWNER/REPOSITORY:ref:refs/heads/main"
        }
      }
    }
  ]
}
`;
