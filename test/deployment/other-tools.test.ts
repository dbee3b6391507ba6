/**
 * The examples of docs/deploy-with-other-tools.md, run as they stand there, and osls, against a double of AWS:
 * `BATON_AWS_DOUBLE=http://127.0.0.1:5055` names it (moto-double.py starts one). A tool that is not installed is skipped;
 * `BATON_CDK` names a folder whose node_modules have aws-cdk, aws-cdk-lib and constructs.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { packageRoot } from '../../build/project.ts';
import { copySampleSql } from '../../cli/demo/sample-sql.ts';
import { plainOf } from './plain.ts';
import type { JsonObject } from './references.ts';
import { templateOfVariant, VARIANT_NAMES } from './variants.ts';

const DOUBLE = process.env['BATON_AWS_DOUBLE'];
const CDK = process.env['BATON_CDK'];
const PAGE = readFileSync(join(packageRoot, 'docs/deploy-with-other-tools.md'), 'utf8');
const PACKAGE = '.build/package/prod/plain';

const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

/** The blocks of a chapter in a language. */
function blocks(chapter: string, language: string): string[] {
  const [, text = ''] = new RegExp(`^## ${chapter}$([^]*?)(?=^## |$(?![^]))`, 'm').exec(PAGE) ?? [];
  return [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].flatMap(([, is, block = '']) =>
    is === language ? [block] : [],
  );
}

const [COPY = ''] = blocks('AWS CLI', 'sh')[0]?.split('\n') ?? [];

describe.skipIf(DOUBLE === undefined)('on a double of AWS', { timeout: 180_000 }, () => {
  let project: string;
  let template: JsonObject;

  const shell = async (script: string, folder = '.') => {
    const env = {
      ...process.env,
      AWS_ENDPOINT_URL: DOUBLE,
      AWS_ACCESS_KEY_ID: 'any',
      AWS_SECRET_ACCESS_KEY: 'any',
      AWS_DEFAULT_REGION: 'eu-central-1',
      SAM_CLI_TELEMETRY: '0',
      SLS_AWS_MONITORING_FREQUENCY: '200',
    };
    const { stdout } = await promisify(execFile)('bash', ['-ec', script], {
      cwd: join(project, folder),
      env,
    });
    return stdout;
  };
  const baton = async (words: string) =>
    shell(`${process.execPath} ${join(packageRoot, 'bin/baton.js')} ${words}`);

  beforeAll(async () => {
    project = mkdtempSync(join(tmpdir(), 'baton-tools-'));
    copySampleSql(join(project, 'sql'));
    const [settings = ''] = blocks('Package', 'yaml');
    writeFileSync(join(project, 'baton.yml'), settings);
    const [packaging = ''] = blocks('Package', '');
    await baton(packaging.replace('npx baton ', ''));
    template = JSON.parse(readFileSync(join(project, PACKAGE, 'template.json'), 'utf8')) as JsonObject;
  }, 180_000);

  afterAll(() => {
    rmSync(project, { recursive: true, force: true });
  });

  beforeEach(async () => {
    await fetch(`${DOUBLE}/moto-api/reset`, { method: 'POST' });
    await shell('aws s3 mb s3://team-code');
  });

  /** What the double has made of the stack. */
  async function expectDeployed(): Promise<void> {
    const query = async (words: string) => JSON.parse(await shell(`aws --output json ${words}`)) as unknown;
    expect(
      await query("cloudformation describe-stacks --stack-name baton-prod --query 'Stacks[0].StackStatus'"),
    ).toMatch(/^(CREATE|UPDATE)_COMPLETE$/);
    expect(await query('dynamodb list-tables --query TableNames')).toEqual(['baton-prod']);
    const functions = ['operate', 'run-step', 'start-run', 'sweep'].map((name) => `baton-prod-${name}`);
    const found = await query(
      "lambda list-functions --query 'sort_by(Functions, &FunctionName)[].FunctionName'",
    );
    expect(found).toEqual(functions);
    const sizes = (await query("lambda list-functions --query 'Functions[].CodeSize'")) as number[];
    expect(Math.min(...sizes)).toBeGreaterThan(100_000);
    expect(await query('events list-rules --query Rules[].Name')).toContain('baton-prod-sweep');
  }

  test.skipIf(!has('aws'))('the AWS CLI creates the stack and updates it', async () => {
    const [commands = ''] = blocks('AWS CLI', 'sh');
    await shell(commands, PACKAGE);
    await expectDeployed();
    await shell(commands.replace('LogRetentionDays=30', 'LogRetentionDays=90'), PACKAGE);
    await expectDeployed();
  });

  test.skipIf(!has('sam'))('SAM creates the stack', async () => {
    await shell(`${COPY}\n${blocks('AWS SAM', 'sh').join('')}`, PACKAGE);
    await expectDeployed();
  });

  test.skipIf(CDK === undefined)(
    'the CDK creates the stack, with the resources of the template',
    async () => {
      symlinkSync(join(CDK ?? '', 'node_modules'), join(project, 'node_modules'));
      const [app = ''] = blocks('AWS CDK', 'js');
      const [command = ''] = blocks('AWS CDK', 'sh');
      await shell(COPY, PACKAGE);
      writeFileSync(join(project, 'app.js'), app);
      await shell('npx cdk bootstrap aws://123456789012/eu-central-1 --app "node app.js"');
      await shell(command);
      await expectDeployed();

      writeFileSync(join(project, 'app.js'), app.replace(/^Tags.*$/m, ''));
      await shell('npx cdk synth --quiet --app "node app.js"');
      const made = JSON.parse(readFileSync(join(project, 'cdk.out/baton-prod.template.json'), 'utf8')) as {
        Resources: JsonObject;
      };
      const { CDKMetadata: _, ...resources } = made.Resources;
      expect(resources).toEqual(template['Resources']);
    },
  );

  test.skipIf(!has('terraform'))(
    'Terraform takes the text of its example, and CreateStack what it sends',
    async () => {
      writeFileSync(join(project, 'main.tf'), blocks('Terraform', 'hcl').join(''));
      await shell('terraform fmt -check main.tf');
      await shell(
        `${COPY}
aws s3 cp template.json s3://team-code/baton/prod/templates/1.json
aws cloudformation create-stack --stack-name baton-prod --capabilities CAPABILITY_NAMED_IAM \\
  --template-url https://team-code.s3.eu-central-1.amazonaws.com/baton/prod/templates/1.json \\
  --parameters ParameterKey=CodeBucket,ParameterValue=team-code ParameterKey=CodePrefix,ParameterValue=baton/prod/`,
        PACKAGE,
      );
      await expectDeployed();
    },
  );

  test.skipIf(!has('cfn-lint'))('cfn-lint finds nothing in the plain template of any variant', async () => {
    for (const name of VARIANT_NAMES) {
      const text = JSON.stringify(plainOf(await templateOfVariant(name)));
      writeFileSync(join(project, `${name}.lint.json`), text);
    }
    expect(await shell('cfn-lint *.lint.json')).toBe('');
  });

  test('osls creates the stack, updates it and removes it', async () => {
    await baton('deploy --stage prod');
    await expectDeployed();
    await baton('deploy --stage prod --param protect=false');
    await expectDeployed();
    await baton('remove --stage prod --yes');
    expect(
      await shell('aws cloudformation describe-stacks --query Stacks[].StackName --output text'),
    ).not.toContain('baton-prod');
  });
});
