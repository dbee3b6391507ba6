/** Command lines for people to paste. */

/** `npx baton <words>`, with the stage unless it is `local`. */
export function commandLine(stage: string, words: string): string {
  return `npx baton ${words}${stage === 'local' ? '' : ` --stage ${stage}`}`;
}
