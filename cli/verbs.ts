/** Every verb, in the order of the help. */
import type { Verb } from './verb.ts';
import { cancel } from './verbs/cancel.ts';
import { demo } from './verbs/demo.ts';
import { doctor } from './verbs/doctor.ts';
import { drop } from './verbs/drop.ts';
import { advance, fault, reset, status } from './verbs/local.ts';
import { newPipeline } from './verbs/new.ts';
import { plan } from './verbs/plan.ts';
import { query } from './verbs/query.ts';
import { replay } from './verbs/replay.ts';
import { resolve } from './verbs/resolve.ts';
import { resume } from './verbs/resume.ts';
import { run } from './verbs/run.ts';
import { runs } from './verbs/runs.ts';
import { setup } from './verbs/setup.ts';
import { start } from './verbs/start.ts';
import { up } from './verbs/up.ts';
import { validate } from './verbs/validate.ts';

export const verbs: readonly Verb[] = [
  up,
  demo,
  drop,
  start,
  runs,
  run,
  resume,
  cancel,
  resolve,
  replay,
  query,
  plan,
  validate,
  newPipeline,
  setup,
  doctor,
  status,
  advance,
  fault,
  reset,
];
