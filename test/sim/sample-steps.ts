/** Steps in the small language that the simulated warehouse understands (warehouse-data.ts). */
import type { Step, StatementTemplate } from '../../shared/pipeline/plan.ts';
import { lineageOf } from '../fakes/world.ts';

const nothing = lineageOf({});

function sql(...parts: StatementTemplate['parts']): readonly StatementTemplate[] {
  return [{ parts }];
}

export const stage: Partial<Step> = {
  name: '10_stage.sql',
  statements: sql('CREATE stage'),
  lineage: { ...nothing, createsTemp: ['stage'] },
};
export const load: Partial<Step> = {
  name: '20_load.sql',
  usesFile: true,
  usesManifest: true,
  statements: sql('COPY stage FROM ', { param: 'manifest' }),
  lineage: { ...nothing, writesTemp: ['stage'] },
};
export const check = (name: string, table: string): Partial<Step> => ({
  name,
  kind: 'check',
  statements: sql(`CHECK ${table}`),
  lineage: { ...nothing, readsTemp: [table] },
});
export const derive = (
  name: string,
  table: string,
  from: string,
  reads: readonly string[],
): Partial<Step> => ({
  name,
  statements: sql(`DERIVE ${table} FROM ${from}`),
  lineage: { ...nothing, createsTemp: [table], readsTemp: [from], reads },
});
export const commit = (name: string, table: string, from: string): Partial<Step> => ({
  name,
  kind: 'durable',
  statements: sql(`COMMIT ${table} FROM ${from}`),
  lineage: { ...nothing, readsTemp: [from], writes: [table] },
});
export const call = (more: Partial<Step>): Partial<Step> => ({
  name: '50_refresh.sql',
  kind: 'opaque',
  statements: sql('CALL refresh ', { param: 'run_id' }),
  lineage: { ...nothing, writes: ['report'] },
  ...more,
});
