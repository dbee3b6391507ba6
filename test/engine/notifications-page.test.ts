/** The rule that docs/cookbook/notifications.md shows: it matches the event of a run that stopped, and finds what it tells. */
import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';
import { parse } from 'yaml';

import { inputOf } from '../../local/events/input.ts';
import { admit } from '../../shared/engine/admit.ts';
import { EventFields, Pattern } from '../../shared/pipeline/event-pattern/pattern.ts';
import '../fakes/lazy-modules.ts';
import { fileOf, planOf, World } from '../fakes/world.ts';

interface Rule {
  readonly EventPattern: { readonly detail: object };
  readonly Targets: readonly {
    readonly Id: string;
    readonly InputTransformer: {
      readonly InputPathsMap: Record<string, string>;
      readonly InputTemplate: string;
    };
  }[];
}

function ruleOfPage(): Rule {
  const page = readFileSync('docs/cookbook/notifications.md', 'utf8');
  const [, text = ''] = /```yaml\n(Resources:[^]*?)```/.exec(page) ?? [];
  const { Resources } = parse(text, { logLevel: 'silent' }) as {
    Resources: Record<string, { Properties: Rule }>;
  };
  return Resources['InvoicesStopped']?.Properties as Rule;
}

it('the rule of the page tells run, error and next command of a run that stopped', async () => {
  const world = new World();
  const file = fileOf('orders/1.csv');
  world.put(file);
  const plan = planOf([{ name: '10_stage.sql' }]);
  const [started] = await admit({ file, time: new Date(world.time).toISOString() }, world.engine([plan]));
  const id = started?.run.id ?? '';
  await world.drive(id);
  await world.finish('FAILED', { error: 'ERROR: relation "mart.dim" does not exist' });
  const published = world.published.find(({ type }) => type === 'Run Failed');
  const { stage, pipeline } = (published?.detail ?? {}) as { stage: string; pipeline: string };
  const event = JSON.stringify({
    source: published?.source,
    'detail-type': published?.type,
    detail: published?.detail,
  });

  const { EventPattern, Targets } = ruleOfPage();
  const pattern = {
    ...EventPattern,
    detail: { ...EventPattern.detail, stage: [stage], pipeline: [pipeline] },
  };
  expect(new Pattern(JSON.stringify(pattern)).matches(new EventFields(event))).toBe(true);

  const [target] = Targets;
  const { InputPathsMap: paths = {}, InputTemplate: template = '' } = target?.InputTransformer ?? {};
  const message = inputOf(
    { id: 'team', arn: 'arn', inputTransformer: { paths, template } } as unknown as Parameters<
      typeof inputOf
    >[0],
    { name: 'rule', arn: 'arn' },
    event,
  );
  expect(JSON.parse(message)).toBe(
    `[${stage}] ${pipeline} FAILED at 10_stage.sql (sql): ERROR: relation 'mart.dim' does not exist. Next: fix the cause, then: npx baton resume ${id} --stage ${stage}`,
  );
});
