/** The verb `doctor --probe`: says what it costs, asks, tries, and prints the table and the parameters that come of it. */
import { EXIT, usageError, type ExitCode } from '../exit.ts';
import { defined } from '../../shared/run/defined.ts';
import { writeParameter } from '../project-file.ts';
import { requestBy } from '../requests.ts';
import { countOf } from '../runs/units.ts';
import type { Context } from '../verb.ts';
import { observedText, probeTable } from './print-probe.ts';
import { probeStage } from './probe.ts';

const COST =
  "about sixty small statements in a dozen sessions, as the functions' role, for about a minute; temporary tables only. " +
  'Redshift Serverless bills at least the minute, a cluster nothing extra';

export async function runProbe(context: Context): Promise<ExitCode> {
  const { out, json, stage, connect } = context;
  out.say(`probing the warehouse of stage ${stage}: ${COST}`);
  if (!(await consents(context))) {
    out.say('nothing was tried');
    return EXIT.usage;
  }
  const operator = await (await connect()).operator();
  const report = await probeStage(
    (part) => operator.probe({ verb: 'probe', ...requestBy(), part }),
    (part) => {
      out.progress(out.style.quiet(`trying: ${part}`));
    },
  );
  const { rows } = report;
  const needed = rows.filter(({ isNeeded }) => isNeeded === true).length;
  const observed = observedText(report);
  // A part that was stopped would take away what an earlier probe found.
  const file = report.isComplete ? writeParameter(stage, 'observed', observed) : undefined;
  if (json) out.json({ stage, rows, observed: report.observed, ...defined({ writtenTo: file }) });
  else {
    out.data(probeTable(report));
    const count = (status: string): number => rows.filter((row) => row.status === status).length;
    out.say(
      `${countOf(rows.length, 'assumption')}: ${count('holds')} hold, ${count('differs')} differ, ${count('not-seen')} not seen`,
    );
    if (observed !== undefined)
      out.say(`for a local AWS that behaves so: ${remedyOf(stage, observed, file)}`);
    if (needed > 0) out.say(`${countOf(needed, 'difference')} that Baton's promises depend on`);
  }
  return needed === 0 ? EXIT.done : EXIT.failed;
}

function remedyOf(stage: string, observed: string, file: string | undefined): string {
  if (stage === 'local') return `BATON_OBSERVED=${observed}`;
  const up = `baton up --stage ${stage}`;
  return file === undefined
    ? `BATON_OBSERVED=${observed} ${up}`
    : `${up} (observed: ${observed} is in ${file} now)`;
}

/** @throws CommandError (exit 2) if there is no terminal to ask and `--yes` was not given */
async function consents({ args, stage, prompt }: Context): Promise<boolean> {
  if (stage === 'local' || args.flag('yes')) return true;
  if (prompt === undefined)
    throw usageError('this needs a confirmation, and there is no terminal to ask', 'add --yes to try it');
  return /^y(?:es)?$/i.test((await prompt('try it? [y/N] ')).trim());
}
