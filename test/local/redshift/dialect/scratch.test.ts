import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { translate } from '../../../../local/redshift/dialect/translate.ts';
import { startWarehouse } from './warehouse.ts';
test('scratch', async () => {
  const w = await startWarehouse().catch((e) => { console.log(e.message, e.where, e.internalQuery, e.position); throw e; });
  const s = await w.session();
  for (const q of readFileSync('/tmp/rsdoc/q.sql', 'utf8').split(/;\n/)) {
    if (!q.trim()) continue;
    try { const r = await s.run(q); console.log('OK ', q.trim().slice(0, 110).replaceAll('\n',' '), '=>', JSON.stringify(r.columns), JSON.stringify(r.rows).slice(0, 300), r.count); }
    catch (e) { let t=''; try { t = JSON.stringify(translate(q)).slice(0,1500) } catch {} ; console.log('ERR', q.trim().replaceAll('\n',' '), '=>', e.name, e.message, e.where ?? '', t); await s.client.query('rollback') }
  }
  await s.end(); await w.stop();
});
