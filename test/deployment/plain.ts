/** What the plain template and the one of osls must have in common: everything that is not there for osls alone. */
import { functionNames } from '../../build/bundle-functions.ts';
import { plainTemplate } from '../../build/plain-template.ts';
import { isObject, type Json, type JsonObject, sectionOf, textOf } from './references.ts';

const CODE = {
  bucket: 'team-code',
  prefix: 'baton/',
  zips: Object.fromEntries(functionNames.map((name) => [name, `${name}-0123456789abcdef.zip`])),
};

/** With its code in `s3://team-code/baton/`. */
export function plainOf(osls: JsonObject, code = CODE): JsonObject {
  return plainTemplate(osls, 'dev', code);
}

/** Resources and outputs with every parameter at its default, and without what one of the two has for itself. */
export function comparable(template: JsonObject): JsonObject {
  const resources = Object.entries(sectionOf(template, 'Resources'))
    .filter(([id]) => !id.startsWith('ServerlessDeploymentBucket'))
    .map(([id, resource]): [string, Json] => [id, isObject(resource) ? withoutCode(resource) : resource]);
  const { ServerlessDeploymentBucketName: _, ...outputs } = sectionOf(template, 'Outputs');
  const parameters = sectionOf(template, 'Parameters');
  return withDefaults(
    { Resources: Object.fromEntries(resources), Outputs: outputs },
    parameters,
  ) as JsonObject;
}

/** A function's reference to its role orders the two. */
function withoutCode(resource: JsonObject): JsonObject {
  const { Code: code, ...properties } = sectionOf(resource, 'Properties');
  if (code === undefined) return resource;
  const order = [resource['DependsOn'] ?? []].flat() as readonly Json[];
  return { ...resource, Properties: properties, DependsOn: order.filter((id) => id !== 'FunctionRole') };
}

function withDefaults(value: Json, parameters: JsonObject): Json {
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map((member) => withDefaults(member, parameters));
  }
  if (!isObject(value)) return value;
  const parameter = parameters[textOf(value['Ref'])];
  if (isObject(parameter)) return parameter['Default'] ?? null;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const made = withDefaults(member, parameters);
      return [key, key === 'Variables' ? asTexts(made) : made];
    }),
  );
}

/** As CloudFormation takes a number where a text belongs: in the environment of a function. */
function asTexts(variables: Json): Json {
  return Object.fromEntries(
    Object.entries(isObject(variables) ? variables : {}).map(([name, value]) => [
      name,
      typeof value === 'number' ? String(value) : value,
    ]),
  );
}

/** Where the functions' code is, in the order of `functionNames`. */
export function codeOf(template: JsonObject): readonly Json[] {
  return Object.values(sectionOf(template, 'Resources')).flatMap((resource) => {
    if (!isObject(resource) || resource['Type'] !== 'AWS::Lambda::Function') return [];
    return [sectionOf(resource, 'Properties')['Code'] ?? null];
  });
}

/** Name -> default. */
export function defaultsOf(template: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(sectionOf(template, 'Parameters')).map(([name, parameter]) => [
      name,
      isObject(parameter) ? (parameter['Default'] ?? null) : null,
    ]),
  );
}

/** Whether CloudFormation takes the value. */
export function accepts(template: JsonObject, name: string, value: string): boolean {
  const parameter = sectionOf(template, 'Parameters')[name];
  return isObject(parameter) && new RegExp(textOf(parameter['AllowedPattern'])).test(value);
}
