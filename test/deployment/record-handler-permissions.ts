/**
 * `node test/deployment/record-handler-permissions.ts FOLDER SOURCE`: reads CloudFormation's resource schemas (one JSON file
 * for each type, `aws-lambda-function.json`, as AWS publishes them:
 * https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schemas.html) and writes what the handlers of
 * our types call to handler-permissions.json. The package that the other tests take schemas from has no handlers.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { VARIANT_NAMES, templateOfVariant } from './variants.ts';

interface Schema {
  readonly typeName: string;
  readonly handlers: Readonly<Record<string, { readonly permissions?: readonly string[] }>>;
}

const [folder = '', source = ''] = process.argv.slice(2);
const types = new Set<string>();
for (const name of VARIANT_NAMES) {
  const { Resources: resources } = (await templateOfVariant(name)) as unknown as {
    Resources: Readonly<Record<string, { readonly Type: string }>>;
  };
  for (const { Type } of Object.values(resources)) types.add(Type);
}
const recorded = [...types].sort().map((type) => {
  const file = join(folder, `${type.toLowerCase().replaceAll('::', '-')}.json`);
  const { handlers } = JSON.parse(readFileSync(file, 'utf8')) as Schema;
  const called = Object.entries(handlers).flatMap(([handler, { permissions = [] }]) =>
    // Nothing lists resources of a type while a stack is deployed.
    handler === 'list' ? [] : permissions,
  );
  // S3 is written in capitals in places.
  const actions = called.map((action) => action.replace(/^S3:/, 's3:'));
  return [type, [...new Set(actions)].sort()] as const;
});
const text = JSON.stringify({ source, permissions: Object.fromEntries(recorded) }, undefined, 2);
writeFileSync(join(import.meta.dirname, 'handler-permissions.json'), `${text}\n`);
