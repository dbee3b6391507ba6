/** `npm run schema`: regenerates the JSON Schemas in sql/ below the current folder. */
import { writeFileSync } from 'node:fs';
import process from 'node:process';

import { schemaFiles } from './schema-files.ts';

for (const [file, text] of schemaFiles()) {
  writeFileSync(file, text);
  process.stdout.write(`${file}\n`);
}
