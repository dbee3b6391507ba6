/** `npm run schema`: regenerates sql/pipeline.schema.json below the current folder. */
import { writeFileSync } from 'node:fs';
import process from 'node:process';

import { pipelineJsonSchemaText } from './json-schema.ts';

const file = 'sql/pipeline.schema.json';
writeFileSync(file, pipelineJsonSchemaText());
process.stdout.write(`${file}\n`);
