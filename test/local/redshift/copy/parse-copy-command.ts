import type { CopyCommand } from '../../../../local/redshift/dialect/copy-command.ts';
import { translate } from '../../../../local/redshift/dialect/translate.ts';

/** A COPY of CSV with these options. */
export function parseCopyCommand(options: string): CopyCommand {
  return parseCopy(`CSV ${options}`);
}

/** A COPY with these options; without CSV of delimited text. */
export function parseCopy(options: string): CopyCommand {
  const translated = translate(`COPY t FROM 's3://bucket/key' IAM_ROLE default ${options}`);
  if (translated.kind !== 'copy') throw new Error('this is no COPY');
  return translated.copy;
}
