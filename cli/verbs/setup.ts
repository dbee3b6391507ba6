import { EXIT } from '../exit.ts';
import { projectSql, sqlFolder } from '../project.ts';
import { applySetup } from '../query/apply-setup.ts';
import type { Verb } from '../verb.ts';
import { sqlOption } from './shared-options.ts';

export const setup: Verb = {
  name: 'setup',
  summary: 'apply sql/setup/ to the warehouse: tables and markers',
  description: `
Applies the files of sql/setup/ in name order, each as one transaction: the
tables of the pipelines, and baton.step_marker. They are written so that
applying them again changes nothing. Locally \`baton up\` does this at each start.`,
  positionals: [],
  options: sqlOption,
  examples: ['baton setup', 'baton setup --stage prod'],
  run: async ({ args, out, json, connect }) => {
    const folder = sqlFolder(args.text('sql'));
    const client = await (await connect()).sql();
    const names = await applySetup(client, folder, projectSql(), (name) => {
      out.say(`  ${out.style.good('ok')}   setup/${name}`);
    });
    if (json) out.json({ applied: names });
    else if (names.length === 0) out.say(`there is nothing in ${folder}/setup`);
    return EXIT.done;
  },
};
