/** Command lines for people to paste. */

/** `npx baton <words>`, with the stage where it is not the one of this machine. */
export function commandLine(stage: string, words: string): string {
  return `npx baton ${words}${stage === 'local' ? '' : ` --stage ${stage}`}`;
}

/** A text that leaves room for the commands behind it: messages on a run are cut at their end. */
export function shortened(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
