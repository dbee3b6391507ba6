/** Validates `pipeline.yml` against its schema. */
import { readYaml, type ReadYaml } from './read-yaml.ts';
import { pipelineSchema } from './schema.ts';
import type { PipelineSettings } from './settings.ts';

export type ReadSettings = ReadYaml<PipelineSettings>;

export function readSettings(text: string, file: string): ReadSettings {
  return readYaml(text, pipelineSchema, file, 'pipeline.yml');
}
