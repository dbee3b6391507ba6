/** The options of the benchmark. */
import { parseArgs } from 'node:util';

import { messageOf } from '../shared/errors.ts';
import { defined } from '../shared/run/defined.ts';

export interface Options {
  readonly parts: readonly string[];
  readonly json: boolean;
  /** storm, crowd: files that arrive. */
  readonly files?: number;
  /** peers: durations of the statements, in seconds. */
  readonly seconds?: readonly number[];
  /** peers: folder of another checkout of Baton, measured beside this one. */
  readonly before?: string;
  /** peers: what else the machine does meanwhile, for those who read the figures. */
  readonly beside?: string;
  /** peers: the figures go into the documents. */
  readonly write: boolean;
}

/** One sentence where an option is wrong. `known`: the parts, all of them by default. */
export function optionsOf(argv: readonly string[], known: readonly string[]): Options | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        files: { type: 'string' },
        seconds: { type: 'string' },
        before: { type: 'string' },
        beside: { type: 'string' },
        write: { type: 'boolean', default: false },
      },
    });
    const unknown = positionals.find((word) => !known.includes(word));
    if (unknown !== undefined) return `unknown part ${unknown}; known are ${known.join(', ')}`;
    const files = values.files === undefined ? undefined : Number(values.files);
    if (files !== undefined && !(Number.isInteger(files) && files >= 2))
      return `--files must be a whole number from 2, not ${String(values.files)}`;
    const seconds = values.seconds?.split(',').map(Number);
    if (seconds?.some((each) => !(each > 0 && each <= 60)) === true)
      return `--seconds must be numbers up to 60 like 0.2,1, not ${String(values.seconds)}`;
    const { json, before, beside, write } = values;
    return {
      parts: positionals.length === 0 ? known : positionals,
      json,
      write,
      ...defined({ files, seconds, before, beside }),
    };
  } catch (error) {
    return messageOf(error);
  }
}
