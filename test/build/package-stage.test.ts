/** Stages that are packaged at the same time in one checkout. */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { unzipSync } from 'fflate';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { functionNames } from '../../build/bundle-functions.ts';
import { packageStage } from '../../build/package-stage.ts';
import { templateProblems } from '../deployment/schema-check.ts';
import { packageRoot } from '../../build/project.ts';

const OTHER_TOOLS = readFileSync(join(packageRoot, 'docs/deploy-with-other-tools.md'), 'utf8');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-package-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** An SQL folder with one pipeline. */
function sqlWith(pipeline: string): string {
  const sqlFolder = join(folder, pipeline);
  cpSync(join(packageRoot, 'test/fixtures/pipelines/order_audit'), join(sqlFolder, pipeline), {
    recursive: true,
  });
  return sqlFolder;
}

interface Packaged {
  readonly cluster: string;
  readonly pipelines: readonly string[];
}

/** What a stage's folder has: in the template, in the zips, and beside them. */
function contentOf(service: string): Packaged[] {
  const { Resources } = JSON.parse(
    readFileSync(join(service, 'package/cloudformation-template-update-stack.json'), 'utf8'),
  ) as { Resources: Record<string, { Properties: { Environment: { Variables: Record<string, string> } } }> };
  const cluster = Resources['RunStepLambdaFunction']?.Properties.Environment.Variables['BATON_CLUSTER'] ?? '';
  const pipelinesIn = (plans: string) =>
    (JSON.parse(plans) as { plans: { pipeline: string }[] }).plans.map(({ pipeline }) => pipeline);
  const zipped = functionNames.map((name) => {
    const zip = unzipSync(readFileSync(join(service, '.build/functions', `${name}.zip`)));
    return new TextDecoder().decode(zip['plans.json']);
  });
  const plans = [readFileSync(join(service, 'plans.json'), 'utf8'), ...zipped];
  return plans.map((text) => ({ cluster, pipelines: pipelinesIn(text) }));
}

test('several stages, and one stage several times, packaged at the same time never mix; each has a plain package, with the commands that the documents show', async () => {
  const stages = ['mixed-one', 'mixed-two', 'mixed-two'];
  const made = await Promise.all(
    stages.map(async (stage, index) => {
      const name = `pipeline_${index}`;
      return packageStage(
        {
          stage,
          parameters: [`cluster=cluster-${index}`, 'protect=true', 'tags=team=data'],
          sqlFolder: sqlWith(name),
          plain:
            stage === 'mixed-one'
              ? { bucket: 'team-code', prefix: 'baton/mixed-one/', region: 'eu-central-1' }
              : { bucket: 'team-code', prefix: '', profile: 'work' },
        },
        () => undefined,
      );
    }),
  );
  const whole = (index: number): Packaged[] =>
    Array.from({ length: 1 + functionNames.length }, () => ({
      cluster: `cluster-${index}`,
      pipelines: [`pipeline_${index}`],
    }));
  const [one = '', two = ''] = made.map(({ service }) => service);
  expect(contentOf(one)).toEqual(whole(0));
  // Of one stage the last stays, whole.
  expect([whole(1), whole(2)]).toContainEqual(contentOf(two));

  const [first] = made;
  const plain = join(one, 'plain');
  const template = readFileSync(join(plain, 'template.json'), 'utf8');
  expect(templateProblems(JSON.parse(template))).toEqual([]);
  const zips = readdirSync(join(plain, 'code'));
  expect(zips).toHaveLength(functionNames.length);
  for (const zip of zips) {
    const hash = createHash('sha256')
      .update(readFileSync(join(plain, 'code', zip)))
      .digest('hex');
    expect(zip).toMatch(new RegExp(`^[a-z-]+-${hash.slice(0, 16)}\\.zip$`));
    expect(template).toContain(`\${CodePrefix}${zip}`);
  }
  expect(first?.plain?.folder).toBe(plain);
  const [, shown = ''] = /^## AWS CLI$[^]*?^```sh\n([^]*?)^```$/m.exec(OTHER_TOOLS) ?? [];
  expect(first?.plain?.commands).toEqual(shown.trim().replaceAll('prod', 'mixed-one').split('\n'));
  expect(made[1]?.plain?.commands[0]).toBe('aws s3 cp code/ s3://team-code/ --recursive --profile work');
  expect(made[1]?.plain?.commands[1]).toMatch(
    / --s3-prefix templates --parameter-overrides CodeBucket=team-code CodePrefix= .* --profile work$/,
  );
  const page = readFileSync(join(plain, 'README.md'), 'utf8');
  for (const command of first?.plain?.commands ?? []) expect(page).toContain(`\n${command}\n`);
  for (const { service } of made) rmSync(service, { recursive: true, force: true });
}, 120_000);
