/** The rules that must hold whatever happens, written once. */
import type { Plan } from '../../shared/pipeline/plan.ts';
import { isAtRest } from '../../shared/run/run.ts';
import type { FakeStatement } from '../fakes/fake-warehouse.ts';
import type { World } from '../fakes/world.ts';

/** Which step of which run a statement was, from the comment that it carries. */
function origin(sql: string): { run: string; step: string; attempt: number } | undefined {
  const [, run, step, attempt] = /baton run=(\S+) step=(\S+) attempt=(\d+)/.exec(sql) ?? [];
  return run === undefined || step === undefined ? undefined : { run, step, attempt: Number(attempt) };
}

interface Execution {
  readonly run: string;
  readonly step: string;
  readonly name: string;
  readonly statement: FakeStatement;
}

const origins = new WeakMap<FakeStatement, ReturnType<typeof origin>>();

function executions(world: World): Execution[] {
  const found: Execution[] = [];
  for (const statement of world.warehouse.statements) {
    if (!origins.has(statement)) origins.set(statement, origin(statement.sqls[0] ?? ''));
    const from = origins.get(statement);
    if (from !== undefined && statement.name !== undefined) {
      found.push({ run: from.run, step: from.step, name: statement.name, statement });
    }
  }
  return found;
}

/** Run, generation, step and attempt. */
function attemptOf(name: string): string {
  return name.split(':').slice(2, 6).join(':');
}

function demand(holds: boolean, rule: string): void {
  if (!holds) throw new Error(`broken: ${rule}`);
}

export function checkAlways(world: World, plan: Plan): void {
  const durable = new Set(plan.steps.filter((step) => step.kind === 'durable').map((step) => step.name));
  const applied = new Map<string, number>();
  const finished = new Set<string>();
  const names = new Set<string>();
  const attempts = new Set<string>();
  for (const { run, step, name, statement } of executions(world)) {
    const key = `${run}/${step}`;
    demand(!names.has(name), `I3: ${name} was executed twice`);
    names.add(name);
    const attempt = attemptOf(name);
    demand(!attempts.has(attempt), `I4: ${attempt} was executed twice, under two tokens`);
    attempts.add(attempt);
    if (statement.committed === true) {
      finished.add(key);
      applied.set(key, (applied.get(key) ?? 0) + 1);
    }
  }
  for (const [key, times] of applied) {
    demand(times <= 1 || !durable.has(key.split('/')[1] ?? ''), `I1: ${key} was applied ${times} times`);
  }
  for (const run of world.store.runs.values()) {
    if (!isAtRest(run) && run.state !== 'QUEUED')
      demand(run.next !== undefined, `I6: ${run.id} is ${run.state} and nobody looks at it`);
    if (run.state === 'FAILED' || run.state === 'NEEDS_DECISION')
      demand((run.error?.message ?? '') !== '', `I10: ${run.id} has no reason`);
    demand(
      run.state !== 'NEEDS_DECISION',
      `${run.id} needs a decision, though no session and no outcome was lost`,
    );
    demand(run.cursor <= plan.steps.length, `${run.id} is beyond its steps`);
    if (run.state === 'SUCCEEDED') {
      for (const step of plan.steps)
        demand(finished.has(`${run.id}/${step.name}`), `I2: ${run.id} succeeded without ${step.name}`);
    }
  }
  for (const [pipeline, pool] of world.store.pools) {
    demand(Object.keys(pool.holders).length <= plan.concurrency, `I5: too many in the pool of ${pipeline}`);
  }
  const active = [...world.store.runs.values()].filter(
    (run) => run.state === 'RUNNING' || run.state === 'WAITING',
  );
  demand(active.length <= plan.concurrency, `I5: ${active.map((run) => run.id).join(', ')} go on at once`);
}

export function checkEnd(world: World, plan: Plan, files: number): void {
  demand(world.store.runs.size === files, `${files} files made ${world.store.runs.size} runs`);
  for (const run of world.store.runs.values()) {
    demand(run.next === undefined, `${run.id} is still looked at`);
    if (run.state === 'CANCELLED') {
      demand(world.warehouse.running() === undefined, `${run.id} was cancelled and its statement runs on`);
      continue;
    }
    const rows = [...(world.store.rows.get(run.id)?.values() ?? [])];
    for (const step of plan.steps) {
      demand(
        rows.some((row) => row.name === step.name && row.status === 'FINISHED'),
        `I11: the history of ${run.id} lacks ${step.name}`,
      );
    }
  }
  // A run that was cancelled while it took its slot may still be in the pool: the next one to ask takes it out.
  for (const pool of world.store.pools.values()) {
    for (const holder of Object.keys(pool.holders)) {
      demand(world.store.runs.get(holder)?.state === 'CANCELLED', 'a slot is still held');
    }
  }
}
