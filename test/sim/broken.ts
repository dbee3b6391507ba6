/** The rules that were broken, in order: kept, since whoever breaks one may swallow its error. */
export class Broken {
  first: string | undefined;

  demand(holds: boolean, rule: string | (() => string)): void {
    if (!holds) this.first ??= typeof rule === 'string' ? rule : rule();
  }

  /** @throws Error with the rule that was broken first. */
  check(): void {
    if (this.first !== undefined) throw new Error(`broken: ${this.first}`);
  }
}
