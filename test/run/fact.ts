/** Facts of the pure core: each is a check that throws. The tests run them, and so does the hunt for mutants. */
export interface Fact {
  readonly name: string;
  readonly check: () => void;
}

export function fact(name: string, check: () => void): Fact {
  return { name, check };
}
