/** The JSON Schemas of files in `sql/`, for editors. */
import { jsonSchemaText } from '../shared/pipeline/json-schema.ts';
import { pipelineSchema } from '../shared/pipeline/schema.ts';
import { testShape } from './testing/test-shape.ts';

/** Each with its path below the project. */
export function schemaFiles(): [path: string, text: string][] {
  return [
    ['sql/pipeline.schema.json', jsonSchemaText(pipelineSchema, 'A Baton pipeline')],
    ['sql/test.schema.json', jsonSchemaText(testShape, 'A test of a Baton pipeline')],
  ];
}
