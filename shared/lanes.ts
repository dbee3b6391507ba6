/** Work on many items, a few at a time. */

/** Runs `work` for every item, at most `lanes` at a time, and starts them in their order. The outcomes are in that order, too. */
export async function inLanes<T, R>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<R>,
): Promise<PromiseSettledResult<R>[]> {
  const outcomes: PromiseSettledResult<R>[] = [];
  const left = items.entries();
  const lane = async (): Promise<void> => {
    for (const [i, item] of left) {
      const [outcome] = await Promise.allSettled([work(item)]);
      outcomes[i] = outcome;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return outcomes;
}

/** As `inLanes`, with the results. @throws the first failure, when all work has ended */
export async function allInLanes<T, R>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const outcomes = await inLanes(items, lanes, work);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
