/** What the functions' own role found out (shared/engine/check-stage.ts), in words, each failure with what to do. */
import type { Probe } from '../../shared/events/requests.ts';
import { duration } from '../runs/units.ts';
import { finding, ok, unchecked, type Check } from './check.ts';
import { denialIn, remedyOf } from './denial.ts';
import { isPathWhat, onOneLine, pathWords, type PathWhat } from './path-words.ts';
import { roleOf, type Stage } from './stage-checks.ts';

type What = Exclude<Probe['what'], PathWhat>;
/** A probe of rights and places. */
type RightProbe = Probe & { readonly what: What };

const NAMES: Readonly<Record<What, string>> = {
  'sign-in': 'warehouse',
  marker: 'marker table',
  transactions: 'system views',
  'load-errors': 'system views',
  'temporary-tables': 'rights',
  table: 'rights',
  files: 'file access',
  artifacts: 'artifacts',
  copy: 'COPY role',
};

/** Slower than this, a person wants to know why. */
const SLOW_MS = 5_000;

function whenGood({ what, about = '', warehouse, ms }: RightProbe): string {
  switch (what) {
    case 'sign-in': {
      const which =
        warehouse === undefined ? 'the functions sign in' : `the functions sign in to ${warehouse}`;
      return `${which}, ${duration(ms)}${ms > SLOW_MS ? ' (it may have been idle)' : ''}`;
    }
    case 'marker':
      return 'baton.step_marker exists and is writable';
    case 'transactions':
      return 'svv_transactions is readable';
    case 'load-errors':
      return 'sys_load_error_detail is readable';
    case 'temporary-tables':
      return 'temporary tables can be created';
    case 'table':
      return about;
    case 'files':
      return `the functions can inspect ${about}`;
    case 'artifacts':
      return about;
    case 'copy':
      return `COPY can read ${about}`;
    default:
      return what satisfies never;
  }
}

function whenBad(probe: RightProbe): string {
  const { what, about = '', warehouse } = probe;
  const said = onOneLine(probe.said);
  const where = warehouse === undefined ? '' : ` of ${warehouse}`;
  switch (what) {
    case 'sign-in':
      return `the functions cannot use the warehouse${where === '' ? '' : ` ${warehouse ?? ''}`}: ${said}`;
    case 'marker':
      return `baton.step_marker${where} cannot be written: ${said}`;
    case 'transactions':
      return `svv_transactions${where} cannot be read: ${said}`;
    case 'load-errors':
      return `sys_load_error_detail${where} cannot be read: ${said}`;
    case 'temporary-tables':
      return `temporary tables cannot be created${where}: ${said}`;
    case 'table':
      return `${about}${where}: ${said}`;
    case 'files':
      return `the functions cannot inspect ${about}: ${said}`;
    case 'artifacts':
      return `the functions cannot write to ${about}: ${said}`;
    case 'copy':
      return `COPY${where} cannot read ${about}: ${said}`;
    default:
      return what satisfies never;
  }
}

function remedy(probe: RightProbe, stage: Stage): string {
  const { what, warehouse, said = '' } = probe;
  const onStage =
    (stage.name === 'local' ? '' : ` --stage ${stage.name}`) +
    (warehouse === undefined ? '' : ` --warehouse ${warehouse}`);
  const setUp = `baton setup${onStage}`;
  const grants = `grant the permissions: baton setup --grants${onStage} prints the statements`;
  const denied = /denied|permission|not authorized|privilege|no right/i.test(said);
  switch (what) {
    case 'sign-in':
      return denied
        ? `the role ${roleOf(stage)} lacks a permission, or the parameter workgroupId belongs to another workgroup: docs/deployment.md, "Warehouse"`
        : 'check that the warehouse exists, is available and not paused, and is named as in the parameters: docs/operations.md, "The warehouse does not answer"';
    case 'marker':
      if (denied) return grants;
      return /column/i.test(said)
        ? `rename the table, then run ${setUp}: docs/upgrade.md, "The marker table"`
        : `${setUp} creates it`;
    case 'transactions':
    case 'load-errors':
      return "GRANT SELECT on it to the functions' user; without it a lost session needs a manual decision more often";
    case 'temporary-tables':
      return denied ? grants : `GRANT TEMP ON DATABASE: baton setup --grants${onStage}`;
    case 'table':
      return denied ? grants : `${setUp} creates it, if its file is in sql/setup/`;
    case 'files':
      return 'check that the bucket exists in this account. A bucket of another account must allow the functions\' role in its policy: docs/deployment.md, "An existing bucket"';
    case 'artifacts':
      return "check that the bucket exists, and that its policy and KMS key allow the functions' role";
    case 'copy':
      return 'attach the COPY role to the warehouse, and allow it to read the bucket: docs/deployment.md, "The role of COPY"';
    default:
      return what satisfies never;
  }
}

function probeCheck(probe: Probe, stage: Stage): Check {
  const words = wordsOf(probe, stage);
  if (probe.status === 'ok') return { ...ok(words.name, words.good), ms: probe.ms };
  if (probe.status === 'unsure')
    return unchecked(words.name, `cannot check whether ${words.good} (${onOneLine(probe.said)})`);
  // What IAM denies has one cause, whatever was tried.
  const denial = denialIn(probe.said ?? '');
  return finding(words.name, words.bad, denial === undefined ? words.remedy : remedyOf(denial, stage));
}

interface Words {
  readonly name: string;
  readonly good: string;
  readonly bad: string;
  readonly remedy: string;
}

function wordsOf(probe: Probe, stage: Stage): Words {
  const { what } = probe;
  if (isPathWhat(what)) return pathWords({ ...probe, what }, stage);
  const right = { ...probe, what };
  return {
    name: NAMES[what],
    good: whenGood(right),
    bad: whenBad(right),
    remedy: remedy(right, stage),
  };
}

/** Tables that are as they should be, in one line. */
export function probeChecks(probes: readonly Probe[], stage: Stage): Check[] {
  const good = probes.filter((probe) => probe.what === 'table' && probe.status === 'ok');
  const rest = probes.filter((probe) => !good.includes(probe)).map((probe) => probeCheck(probe, stage));
  if (good.length === 0) return rest;
  return [...rest, ok('rights', `on ${good.map(({ about = '' }) => about).join(', ')}`)];
}
