/** The commands as a person calls them: what is refused before anything is deployed, and what really goes to AWS. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { functionNames } from '../../build/bundle-functions.ts';
import { packageRoot as root } from '../../build/project.ts';
import { copySampleSql } from '../../cli/demo/sample-sql.ts';
import { FakeDeploymentServices } from './fake-deployment-services.ts';

// Each of these packages a whole stage, in several processes.
vi.setConfig({ testTimeout: 180_000 });

/** Not sql/ itself, where people keep pipelines of their own. */
const SAMPLES = mkdtempSync(join(tmpdir(), 'baton-samples-'));
copySampleSql(SAMPLES);
afterAll(() => {
  rmSync(SAMPLES, { recursive: true });
});

const REGION = ['--region', 'eu-central-1'];
const CLUSTER = ['--param', 'cluster=old'];

let aws: FakeDeploymentServices;
let endpoint: string;

beforeEach(async () => {
  aws = new FakeDeploymentServices();
  endpoint = await aws.start();
});

afterEach(() => {
  aws.stop();
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function command(
  name: 'deploy' | 'remove',
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  cwd = root,
): Promise<Ended> {
  const samples = name === 'deploy' && !words.includes('--sql') ? ['--sql', SAMPLES] : [];
  return started([join(root, 'bin', 'baton.js'), name, ...samples, ...words], environment, cwd);
}

/** A program of Node that talks to the fake services. */
async function started(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
  cwd: string,
): Promise<Ended> {
  const env = {
    PATH: process.env['PATH'],
    HOME: tmpdir(),
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any',
    // osls looks after a stack every few seconds otherwise.
    SLS_AWS_MONITORING_FREQUENCY: '10',
    ...environment,
  };
  return new Promise((done) => {
    execFile(process.execPath, [...words], { env, cwd }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

/** A folder with a baton.yml, whose stage dev lies in eu-central-1 and has the profile work. */
function projectWith(parameters: string): string {
  const project = mkdtempSync(join(SAMPLES, '.project-'));
  const settings = `stages:\n  dev:\n    region: eu-central-1\n    profile: work\n${parameters}`;
  writeFileSync(join(project, 'baton.yml'), settings);
  return project;
}

describe('a deployment is refused before anything is deployed or read:', () => {
  test.each<[string, 'deploy' | 'remove', readonly string[], RegExp]>([
    ['no stage', 'deploy', REGION, /^baton: --stage is missing\n {7}pass the stage with --stage NAME/],
    [
      'an unknown option',
      'deploy',
      ['--stage', 'dev', '--force'],
      /^baton: unknown option --force\n {7}see: baton deploy --help/,
    ],
    [
      'no region',
      'deploy',
      ['--stage', 'dev', ...CLUSTER],
      /^baton: no Region is set: pass --region, or set AWS_REGION/,
    ],
    [
      'no real region',
      'deploy',
      ['--stage', 'dev', '--region', 'europe'],
      /^baton: region "europe" is not a Region: pass one like eu-central-1/,
    ],
    [
      'this machine',
      'deploy',
      ['--stage', 'local', ...REGION],
      /^baton: stage local runs on this machine, not on AWS: start it with `npm start`/,
    ],
    [
      'a parameter without value',
      'deploy',
      ['--stage', 'dev', ...REGION, '--param', 'cluster='],
      /^baton: --param cluster=: must be NAME=VALUE/,
    ],
    [
      'no warehouse',
      'deploy',
      ['--stage', 'dev', ...REGION],
      /^baton: stage "dev" has no warehouse: set --param workgroup=NAME/,
    ],
    ['no stage to remove', 'remove', REGION, /^baton: --stage is missing\n/],
    [
      'a stage that cannot be one',
      'remove',
      ['--stage', '../x', ...REGION, '--yes'],
      /^baton: stage "\.\.\/x" is not valid: it must be a lower-case letter/,
    ],
    [
      'a removal that nobody confirmed',
      'remove',
      ['--stage', 'dev', ...REGION, '--aws-profile', 'work'],
      /^warning: --aws-profile is now called --profile: --profile work\n[^]* --profile work\n[^]*Nothing was removed. To remove the stack, add --yes/,
    ],
  ])('%s', async (_name, which, words, message) => {
    const { code, stderr } = await command(which, words);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(aws.calls).toEqual([]);
  });

  test('a wrong parameter of baton.yml, which is named', async () => {
    const project = projectWith('    workgroup: etl\n    cluster: old\n');
    const words = ['--stage', 'dev', '--sql', SAMPLES, '--param', 'cluster=other'];
    const { code, stderr } = await command('deploy', words, {}, project);
    expect(stderr).toMatch(
      /^baton: workgroup=etl \(baton\.yml\) and cluster=other \(--param\): a stage uses one warehouse/,
    );
    expect([code, aws.calls]).toEqual([2, []]);
  });

  test('a pipeline with an error, with its place', async () => {
    const sql = join(root, 'test/build/no-such-folder');
    const { code, stderr } = await command('deploy', ['--stage', 'dev', ...REGION, ...CLUSTER, '--sql', sql]);
    expect(stderr).toMatch(/no-such-folder/);
    expect([code, aws.calls]).toEqual([2, []]);
  });
});

describe('baton deploy', () => {
  test('with --print prints the exact commands that it would run, and the sizes of the functions', async () => {
    const words = [
      '--stage',
      'dev',
      ...CLUSTER,
      '--param',
      'tags=team=data squad',
      '--profile',
      'work',
      '--print',
    ];
    const { code, stdout, stderr } = await command('deploy', words, { AWS_REGION: 'eu-west-1' });
    expect(stdout.trim()).toBe(
      `cd ${join(root, '.build/package/dev')} && node ${join(root, 'node_modules/serverless/bin/serverless.js')} deploy --package package --stage dev --region eu-west-1 --aws-profile work --param cluster=old --param 'tags=team=data squad'`,
    );
    expect([code, aws.calls]).toEqual([0, []]);
    for (const name of functionNames) {
      expect(stderr).toMatch(
        new RegExp(`^${name} +\\d+ KB at start, +\\d+ KB when needed, +\\d+ KB zip$`, 'm'),
      );
    }
  });

  test('deploys the packaged template and functions to a new stack, and says what to do next', async () => {
    const words = [
      '--stage',
      'dev',
      ...REGION,
      ...CLUSTER,
      '--param',
      'tags=team=data',
      '--param',
      'protect=true',
      '--param',
      'copyRole=arn:aws:iam::123456789012:role/first,arn:aws:iam::210987654321:role/team/etl-copy',
    ];
    const { code, stdout, stderr } = await command('deploy', words);
    expect(stderr + stdout).not.toContain('failed');
    expect(code).toBe(0);
    expect(aws.changeSets.map(({ type }) => type)).toEqual(['CREATE', 'UPDATE']);
    expect(aws.executed).toBe(2);
    // First the bucket alone; then what was uploaded there.
    expect(
      Object.keys((JSON.parse(aws.changeSets[0]?.template ?? '') as { Resources: object }).Resources),
    ).toEqual(['ServerlessDeploymentBucket', 'ServerlessDeploymentBucketPolicy']);
    expect(aws.changeSets[1]?.template).toMatch(
      /^https:\/\/s3\.amazonaws\.com\/deployment-bucket\/serverless\/baton\/dev\/.*\/compiled-cloudformation-template\.json$/,
    );
    for (const { tags } of aws.changeSets) expect(tags).toEqual({ STAGE: 'dev', team: 'data' });
    expect(aws.terminationProtection).toBe('true');

    const packaged = join(root, '.build/package/dev');
    const uploaded = JSON.parse(
      aws.objects.get('compiled-cloudformation-template.json')?.toString() ?? '',
    ) as unknown;
    expect(uploaded).toEqual(
      JSON.parse(readFileSync(join(packaged, 'package/cloudformation-template-update-stack.json'), 'utf8')),
    );
    const hash = (bytes: Buffer | undefined) =>
      createHash('sha256')
        .update(bytes ?? '')
        .digest('hex');
    for (const name of functionNames) {
      const zip = readFileSync(join(packaged, '.build/functions', `${name}.zip`));
      expect(hash(aws.objects.get(`${name}.zip`))).toBe(hash(zip));
    }
    expect(stderr).toContain('export AWS_REGION=eu-central-1 ');
    expect(stderr).toContain('npx baton setup --stage dev ');
    expect(stderr).toContain('npx baton setup --stage dev --grants | npx baton query --stage dev - ');
    expect(stderr).toContain(
      'aws iam attach-role-policy --role-name etl-copy --policy-arn arn:aws:iam::210987654321:policy/baton-dev-copy --region eu-central-1 ',
    );
    expect(stderr).toContain('npx baton doctor --stage dev ');
  });

  test('refuses to give a deployed stage other buckets, and changes nothing', async () => {
    aws.deployed = {
      BATON_LANDING_BUCKET: 'baton-dev-landing',
      BATON_ARTIFACTS_BUCKET: 'baton-dev-artifacts',
      BATON_ROLE_NAME: 'baton-dev-functions',
    };
    const { code, stderr } = await command('deploy', ['--stage', 'dev', ...REGION, ...CLUSTER]);
    expect(stderr).toContain('from baton-dev-landing to baton-dev-ACCOUNT-eu-central-1-landing');
    expect(stderr).toContain('to keep them, set buckets=baton-dev;');
    expect([code, aws.calls]).toEqual([2, []]);
  });

  test('ends with an error if AWS refuses', async () => {
    aws.refuses = true;
    const { code, stderr } = await command('deploy', ['--stage', 'dev', ...REGION, ...CLUSTER]);
    expect(stderr).toContain('The deployment failed for the reason above.');
    expect(stderr).not.toContain('baton setup');
    expect(code).toBe(1);
  });
});

describe('osls started beside serverless.yml', () => {
  test.each(['deploy', 'package'])('refuses to %s, and names the commands to use', async (name) => {
    const words = [
      join(root, 'node_modules/serverless/bin/serverless.js'),
      name,
      '--stage',
      'dev',
      ...REGION,
    ];
    const { code, stdout, stderr } = await started(words, {}, root);
    expect(stdout + stderr).toMatch(
      /Error: osls deploys what baton has packaged, .* npx baton package --stage NAME, npx baton deploy --stage NAME, /,
    );
    // One problem, and none of parameters that were not given.
    expect((stdout + stderr).match(/^ {2}- /gm)).toHaveLength(1);
    expect([code, aws.calls]).toEqual([1, []]);
  });
});

describe('baton remove', () => {
  test('takes Region and profile from baton.yml, unless they are given', async () => {
    const project = projectWith('');
    const { stdout } = await command(
      'remove',
      ['--stage', 'dev', '--print'],
      { AWS_REGION: 'eu-west-1' },
      project,
    );
    expect(stdout).toContain(`cd ${join(project, '.build/remove/dev')} && node `);
    expect(stdout).toContain(' remove --stage dev --region eu-central-1 --aws-profile work\n');
    const given = ['--stage', 'dev', '--print', '--region', 'eu-west-3', '--profile', 'own'];
    expect((await command('remove', given, {}, project)).stdout).toContain(
      ' remove --stage dev --region eu-west-3 --aws-profile own\n',
    );
  });

  test('needs no parameters, empties the deployment bucket, deletes the stack, and lists what stays', async () => {
    aws.executed = 1;
    aws.deployed = {
      BATON_LANDING_BUCKET: 'files',
      BATON_ARTIFACTS_BUCKET: 'baton-dev-manifests',
      BATON_ROLE_NAME: 'baton-dev-eu-functions',
    };
    const { code, stderr } = await command('remove', ['--stage', 'dev', ...REGION, '--yes']);
    expect(aws.calls).toContain('DeleteStack');
    expect(aws.calls).toContain('GET deployment-bucket');
    expect(stderr).toMatch(/^ {2}table baton-dev /m);
    expect(stderr).toContain('  buckets files, baton-dev-manifests\n');
    expect(stderr).toContain('detach the policies baton-dev-eu-read, -operate and -copy');
    expect(stderr).toContain('--param takeOver=true --param landingBucket=files --param artifactsBucket=');
    expect(stderr).toContain('aws dynamodb delete-table --table-name baton-dev --region eu-central-1');
    expect(code).toBe(0);
  });
});
