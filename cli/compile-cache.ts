/**
 * Keeps compiled code between starts, in the project's builds: a start takes a third of the time. The processes of the
 * local AWS find the folder in the environment. Loaded before anything else.
 */
import module from 'node:module';
import { join } from 'node:path';
import process from 'node:process';

import { buildFolder, isProject } from '../build/project.ts';

if (isProject) process.env['NODE_COMPILE_CACHE'] ??= join(buildFolder, 'compile-cache');
if (process.env['NODE_COMPILE_CACHE'] !== undefined)
  module.enableCompileCache(process.env['NODE_COMPILE_CACHE']);
