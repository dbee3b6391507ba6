/** The order of step files: by the number that each name begins with. */

export interface StepFiles {
  /** In the order of execution. */
  readonly names: readonly string[];
  readonly problems: readonly { readonly file: string; readonly message: string }[];
}

/** A step's name is part of statement names and of comments in the sent SQL, so no other characters are allowed. */
const NAME = /^(\d{1,9})[A-Za-z0-9_.-]{0,90}\.sql$/;

export function stepFiles(names: readonly string[]): StepFiles {
  const problems: { file: string; message: string }[] = [];
  const numbered: { name: string; number: number }[] = [];
  const taken = new Map<number, string>();
  for (const name of [...names].sort()) {
    const number = NAME.exec(name)?.[1];
    if (number === undefined) {
      problems.push({
        file: name,
        message: `a step's file name must look like 10_stage.sql: a number, then letters, digits, _ . or -`,
      });
      continue;
    }
    const value = Number(number);
    const other = taken.get(value);
    if (other !== undefined)
      problems.push({ file: name, message: `has the same number as ${other}: renumber one of them` });
    taken.set(value, name);
    numbered.push({ name, number: value });
  }
  return { names: numbered.sort((a, b) => a.number - b.number).map(({ name }) => name), problems };
}
