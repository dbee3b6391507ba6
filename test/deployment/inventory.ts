/**
 * Everything of a template that a run can touch, and what of it was touched: rules, schedules, tables, indexes, queues,
 * buckets, functions, archives, permissions, environment variables.
 */
import type { Call } from '../../local/gateway/call-log.ts';
import { idsOf } from './deliveries.ts';
import type { Recorded } from './exercise.ts';
import { propertiesOf } from './policy.ts';
import { isObject, type Json, type JsonObject, textOf } from './references.ts';

/** `rule RunWokenRule`, `index due`: what no call and no event of the record has to do with. */
export function untouchedOf(template: JsonObject, recorded: Recorded): readonly string[] {
  const { calls, matched } = recorded;
  const all = (type: string): readonly (readonly [id: string, properties: JsonObject])[] =>
    idsOf(template, type).map((id) => [id, propertiesOf(template, id)]);
  const rules = all('AWS::Events::Rule');
  const hadEvents = ({ Name: name }: JsonObject): boolean => (matched[textOf(name)] ?? 0) > 0;
  const isCalled = (name: Json | undefined, from?: string): boolean =>
    calls.some(
      ({ service, operation, resource, caller, outcome }) =>
        service === 'lambda' &&
        operation === 'Invoke' &&
        resource === textOf(name) &&
        outcome === 'ok' &&
        (from === undefined || caller === from),
    );

  const untouched: string[] = [];
  const check = (what: string, touched: boolean): void => {
    if (!touched) untouched.push(what);
  };
  for (const [id, rule] of rules) check(`rule ${id}`, hadEvents(rule));
  for (const [id, schedule] of all('AWS::Scheduler::Schedule')) check(`schedule ${id}`, hadEvents(schedule));
  for (const [id, { TableName: name, GlobalSecondaryIndexes: indexes }] of all('AWS::DynamoDB::Table')) {
    const ofTable = calls.filter(({ service, resource }) => service === 'dynamodb' && resource === name);
    check(`table ${id}`, ofTable.length > 0);
    for (const index of listOf(indexes)) {
      const indexName = textOf(index['IndexName']);
      check(
        `index ${indexName}`,
        ofTable.some(({ details }) => details?.['index'] === indexName),
      );
    }
  }
  for (const [id, { QueueName: name }] of all('AWS::SQS::Queue')) {
    const taken = calls.some(({ service, caller }) => service === 'lambda' && caller === name);
    check(`queue ${id}`, taken || (recorded.messages[textOf(name)] ?? 0) > 0);
  }
  for (const [id, { BucketName: name }] of all('AWS::S3::Bucket')) {
    check(
      `bucket ${id}`,
      calls.some((call) => isInBucket(call, textOf(name))),
    );
  }
  for (const [id, { FunctionName: name }] of all('AWS::Lambda::Function'))
    check(`function ${id}`, isCalled(name));
  for (const [id, { ArchiveName: name }] of all('AWS::Events::Archive')) {
    check(
      `archive ${id}`,
      calls.some(
        ({ operation, details }) =>
          operation === 'StartReplay' && details?.['from']?.endsWith(`/${textOf(name)}`),
      ),
    );
  }
  for (const [id, permission] of all('AWS::Lambda::Permission')) {
    const rule = rules.find(([, { Name: name }]) =>
      textOf(permission['SourceArn']).endsWith(`:rule/${textOf(name)}`),
    );
    const name = textOf(permission['FunctionName']).split(':').at(-1);
    check(`permission ${id}`, rule !== undefined && hadEvents(rule[1]) && isCalled(name, 'asynchronous'));
  }
  return untouched;
}

function isInBucket({ service, resource, outcome }: Call, bucket: string): boolean {
  return service === 's3' && outcome === 'ok' && resource?.startsWith(`${bucket}/`) === true;
}

function listOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : [];
}

/** Names of the variables that the functions of a template are given. */
export function variablesOf(template: JsonObject): readonly string[] {
  return idsOf(template, 'AWS::Lambda::Function').flatMap((id) => {
    const environment = propertiesOf(template, id)['Environment'];
    const variables = isObject(environment) ? environment['Variables'] : undefined;
    return isObject(variables) ? Object.keys(variables) : [];
  });
}
