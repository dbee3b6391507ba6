/** What is deployed without osls: zips named by their content, one template, and a page with the commands. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { functionNames } from './bundle-functions.ts';
import { quoted } from './osls.ts';
import { plainTemplate, type JsonObject } from './plain-template.ts';

/** CloudFormation takes a larger template only from a bucket. */
const MOST_BYTES_INLINE = 51_200;

export interface PlainPackage {
  /** Bucket for the functions' code, in the stack's Region. */
  readonly bucket: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
  /** For the commands; absent: as the AWS CLI is configured. */
  readonly region?: string;
  readonly profile?: string;
}

interface Template {
  readonly Parameters: Readonly<Record<string, { Default: string | number; Description: string }>>;
}

/**
 * From what osls made in `service`, in `service`/plain: `code/`, `template.json`, `README.md`.
 * @returns the commands that deploy it, to be run in that folder
 */
export function writePlainPackage(service: string, stage: string, plain: PlainPackage): readonly string[] {
  const folder = join(service, 'plain');
  const code = join(folder, 'code');
  mkdirSync(code, { recursive: true });
  const zips = Object.fromEntries(
    functionNames.map((name) => {
      const zip = readFileSync(join(service, '.build', 'functions', `${name}.zip`));
      const named = `${name}-${createHash('sha256').update(zip).digest('hex').slice(0, 16)}.zip`;
      writeFileSync(join(code, named), zip);
      return [name, named];
    }),
  );
  const packaged = join(service, 'package');
  const compiled = readFileSync(join(packaged, 'cloudformation-template-update-stack.json'), 'utf8');
  const template = plainTemplate(JSON.parse(compiled) as JsonObject, stage, { ...plain, zips });
  const text = `${JSON.stringify(template, undefined, 1)}\n`;
  writeFileSync(join(folder, 'template.json'), text);
  const state = JSON.parse(readFileSync(join(packaged, 'serverless-state.json'), 'utf8')) as {
    service: { provider: { stackTags?: Readonly<Record<string, string>>; deletionProtection?: boolean } };
  };
  const { stackTags = {}, deletionProtection = false } = state.service.provider;
  const made = template as unknown as Template;
  const commands = commandsOf(stage, plain, made, stackTags, deletionProtection);
  const bytes = Buffer.byteLength(text);
  writeFileSync(join(folder, 'README.md'), pageOf(stage, plain.bucket, made, commands, bytes));
  return commands;
}

function commandsOf(
  stage: string,
  { bucket, prefix, region, profile }: PlainPackage,
  { Parameters }: Template,
  stackTags: Readonly<Record<string, string>>,
  isProtected: boolean,
): string[] {
  const stack = ['--stack-name', `baton-${stage}`];
  const where = [
    ...(region === undefined ? [] : ['--region', region]),
    ...(profile === undefined ? [] : ['--profile', profile]),
  ];
  const aws = (...words: readonly string[]): string => `aws ${quoted([...words, ...where])}`;
  const pairs = (values: Readonly<Record<string, string | number>>): string[] =>
    Object.entries(values).map(([name, value]) => `${name}=${value}`);
  const parameters = Object.fromEntries(
    Object.entries(Parameters).map(([name, { Default }]) => [name, Default]),
  );
  const tags = pairs(stackTags);
  return [
    aws('s3', 'cp', 'code/', `s3://${bucket}/${prefix}`, '--recursive'),
    aws(
      'cloudformation',
      'deploy',
      '--template-file',
      'template.json',
      ...stack,
      '--capabilities',
      'CAPABILITY_NAMED_IAM',
      '--no-fail-on-empty-changeset',
      '--s3-bucket',
      bucket,
      '--s3-prefix',
      `${prefix}templates`,
      '--parameter-overrides',
      ...pairs(parameters),
      ...(tags.length === 0 ? [] : ['--tags', ...tags]),
    ),
    ...(isProtected
      ? [aws('cloudformation', 'update-termination-protection', '--enable-termination-protection', ...stack)]
      : []),
  ];
}

function pageOf(
  stage: string,
  bucket: string,
  { Parameters }: Template,
  commands: readonly string[],
  bytes: number,
): string {
  return `# Stack baton-${stage}: deployment with the AWS CLI or another tool

Made by \`baton package --plain\`; each packaging of the stage replaces this folder. In this folder, with credentials of the account:

\`\`\`
${commands.join('\n')}
\`\`\`

Then, in the folder of the project:

\`\`\`
npx baton setup --stage ${stage}
npx baton doctor --stage ${stage}
\`\`\`

- The bucket ${bucket} must be in the Region of the stack: Lambda reads code from its own Region only.
- The template has ${bytes} bytes. Above ${MOST_BYTES_INLINE}, CloudFormation reads a template from a bucket only: hence \`--s3-bucket\`.
- The zips have the hash of their content in their names: code that did not change is not deployed again, and a rollback finds the earlier one. Keep them.
- \`aws cloudformation deploy\` keeps the value of every parameter that is not given, also where the default of the template has changed: hence all of them in \`--parameter-overrides\`.

| parameter | packaged value | |
| --- | --- | --- |
${Object.entries(Parameters)
  .map(([name, { Default, Description }]) => `| ${name} | ${Default} | ${Description} |`)
  .join('\n')}

Everything else is checked and fixed when the stage is packaged: package it again to change it.
`;
}
