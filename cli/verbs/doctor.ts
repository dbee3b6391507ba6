import { loadPipelines } from '../../shared/pipeline/load.ts';
import type { Check } from '../doctor/check.ts';
import { examine } from '../doctor/examine.ts';
import { EXIT, usageError } from '../exit.ts';
import { nowOf } from '../local/now.ts';
import { withPages } from '../named-pages.ts';
import { refused } from '../refused.ts';
import { sqlFolder } from '../project.ts';
import { requestBy } from '../requests.ts';
import { countOf } from '../runs/units.ts';
import type { Verb } from '../verb.ts';
import { sqlOption } from './shared-options.ts';

const STATUS_WIDTH = 9;
const NAME_WIDTH = 13;

function lineOf({ status, name, message, remedy }: Check): string {
  const line = `${status.padEnd(STATUS_WIDTH)}  ${name.padEnd(NAME_WIDTH)}  ${message}`;
  return remedy === undefined ? line : `${line}\n${' '.repeat(STATUS_WIDTH + 2)}-> ${remedy}`;
}

export const doctor: Verb = {
  name: 'doctor',
  summary: 'check a stage, and print how to fix each problem',
  description: `
Checks everything a stage needs: credentials, clock, functions, table,
deployed pipelines and rules against this folder, queue, archive, dead
letters, buckets;
and, with the functions' own role, the warehouse: sign-in, marker table,
permissions, what COPY can read; each call that a run makes, and whether the
events of statements and wake-ups arrive, with the time each took; then runs
that wait for a manual action. Each problem is a "finding" line with its fix:
where IAM denied a call, the statement of the policy and its parameter. What you
have no access to is "unchecked" and does not count as a problem.
It changes nothing, but leaves small samples in the artifacts bucket.
With --probe it tries instead what AWS does not document, and prints each
assumption with what was found and what follows: whether a refused call uses its
token up, the texts of errors, whether events come and when, what a failed or
cancelled statement leaves. It runs some sixty small statements as the functions'
role, with temporary tables only, for about a minute; a Serverless workgroup
bills that minute. It asks first, on other stages than local. What differs is
written to the stage in baton.yml (observed), for baton up --stage STAGE.
Exit codes: 0 no problems, 1 problems found, 2 not confirmed, 3 the checks could
not run.`,
  positionals: [],
  options: {
    probe: { help: 'try what AWS does not document, on the warehouse of the stage' },
    yes: { help: '--probe: do not ask for confirmation' },
    ...sqlOption,
  },
  examples: [
    'baton doctor',
    'baton doctor --stage prod',
    'baton doctor --stage prod --json',
    'baton doctor --stage dev --probe --yes',
  ],
  run: async (context) => {
    if (context.args.flag('probe')) return (await import('../doctor/run-probe.ts')).runProbe(context);
    if (context.args.flag('yes')) throw usageError('--yes requires --probe');
    const { args, out, json, stage, connect } = context;
    const { plans } = loadPipelines(sqlFolder(args.text('sql')));
    const connection = await connect();
    const inspector = await connection.inspector();
    const operator = await connection.operator();
    const region = await inspector.region();
    const deployed = async (variable: string): Promise<string | undefined> => {
      try {
        return (await connection.deployed())[variable];
      } catch (error) {
        if (refused(error) === undefined) throw error;
        return undefined;
      }
    };
    const checks: Check[] = [];
    await examine(
      {
        stage: { name: stage, names: connection.names, region },
        inspector,
        reader: await connection.runs(),
        ask: () => operator.check({ verb: 'check', ...requestBy() }),
        plans,
        landing: () => deployed('BATON_LANDING_BUCKET'),
        role: () => deployed('BATON_ROLE_NAME'),
        now: await nowOf(context),
      },
      (check) => {
        checks.push(check);
        if (!json) out.data(withPages(lineOf(check)));
      },
    );
    const findings = checks.filter(({ status }) => status === 'finding').length;
    const unseen = checks.filter(({ status }) => status === 'unchecked').length;
    if (json) out.json({ stage, region, findings, checks });
    else {
      const sum = `${countOf(findings, 'problem')} in ${countOf(checks.length, 'check')}`;
      out.say(unseen === 0 ? sum : `${sum}, ${unseen} unchecked`);
    }
    return findings === 0 ? EXIT.done : EXIT.failed;
  },
};
