import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { loadPipelines } from '../../shared/pipeline/load.ts';
import { EXIT, usageError } from '../exit.ts';
import { isReserved } from '../new/reserved-words.ts';
import { newPipelineFiles, sampleCsv } from '../new/template.ts';
import { isError, problemLines } from '../pipelines.ts';
import { sqlFolder } from '../project.ts';
import type { Verb } from '../verb.ts';
import { sqlOption } from './shared-options.ts';

const NAME = /^[a-z][a-z0-9_]{0,59}$/;

function checkName(name: string): void {
  if (!NAME.test(name)) {
    throw usageError(
      `not a pipeline name: ${name}`,
      'lower-case letters, digits and _, starting with a letter; at most 60',
    );
  }
  if (isReserved(name) || name === 'setup') {
    throw usageError(`${name} cannot name a table: it is a reserved word of SQL`, `try ${name}_rows`);
  }
}

export const newPipeline: Verb = {
  name: 'new',
  summary: 'create a working pipeline as a starting point',
  description: `
Creates sql/NAME/, a small working pipeline (load a CSV file, check it, upsert its
rows into a table by id), with comments and a test, and sql/setup/NAME.sql with its
table. Then validates it, and prints how to try it.`,
  positionals: [{ name: 'NAME', help: 'the name of the pipeline: its folder, table and prefix' }],
  options: sqlOption,
  examples: ['baton new orders'],
  run: ({ args, out, json }) => {
    const name = args.required('NAME');
    checkName(name);
    const folder = sqlFolder(args.text('sql'));
    const files = newPipelineFiles(name).map(({ path, text }) => ({ text, full: join(folder, path) }));
    const there = existsSync(join(folder, name))
      ? join(folder, name)
      : files.find((file) => existsSync(file.full))?.full;
    if (there !== undefined) throw usageError(`${relative('.', there)} already exists`);
    for (const { full, text } of files) {
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, text, { flag: 'wx' });
      if (!json) out.data(relative('.', full));
    }
    const problems = loadPipelines(folder).problems.filter(
      (one) => one.file.startsWith(`${name}/`) && isError(one),
    );
    if (problems.length > 0) {
      for (const line of problemLines(problems, folder)) out.say(line);
      return Promise.resolve(EXIT.usage);
    }
    if (json) out.json({ pipeline: name, files: files.map((file) => file.full) });
    const csv = sampleCsv
      .trimEnd()
      .split('\n')
      .join(String.raw`\n`);
    out.say(`
${name} is valid. To run its test:
  npx baton test ${name}
To try it, with \`npm start\` running in another terminal:
  printf '${csv}${String.raw`\n`}' > /tmp/${name}.csv
  npx baton drop /tmp/${name}.csv --to ${name}/
  npx baton query "select * from ${name}"`);
    return Promise.resolve(EXIT.done);
  },
};
