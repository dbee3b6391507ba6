/** Command lines for people to paste. */

/** `npx baton <words>`, with the stage where it is not the one of this machine. */
export function commandLine(stage: string, words: string): string {
  return `npx baton ${words}${stage === 'local' ? '' : ` --stage ${stage}`}`;
}
