/** Admits the objects that were in the bucket before: one page of them for each request, after a given one. */
import type { BackfillAnswer, BackfillCounts, BackfillRequest, Refusal } from '../../events/requests.ts';
import { isFolderMark } from '../../events/object-created.ts';
import type { Plan } from '../../pipeline/plan.ts';
import { defined } from '../../run/defined.ts';
import { forgottenBefore } from '../../store/key-item.ts';
import { parseFileUri } from '../file-uri.ts';
import { invalid, noPipeline } from '../operate.ts';
import type { Engine, ListedFile } from '../ports.ts';
import { fillPool } from '../slots.ts';
import { matches } from '../triggers/s3.ts';
import { admitListed, type Outcome } from './admit-listed.ts';
import { listingsOf, type Listing } from './listings.ts';

/** Objects of one page: some two seconds where all of them are new, so that progress is seen, and Ctrl-C soon has an effect. */
const PAGE = 250;

/** Objects that are admitted at the same time. */
const PARALLEL = 25;

/**
 * Runs created in a second. All runs of a pipeline are in one partition of the indexes `queue` and `by-pipeline`; it takes 1,000
 * writes a second, and beyond that DynamoDB rejects writes of the table: those of events too, which need room meanwhile.
 */
const MOST_A_SECOND = 200;

/** What is left of the invocation when the page ends: enough for the objects under way, and for the slots. Ms. */
const TIME_TO_END = 10_000;

export async function backfill(request: BackfillRequest, engine: Engine): Promise<BackfillAnswer | Refusal> {
  const plan = engine.plans.today(request.pipeline);
  if (plan === undefined) return noPipeline(request.pipeline, engine);
  const { prefix = '', after } = request;
  const listings = listingsOf(plan, prefix, engine.settings);
  const wrong = problemOf(plan, listings, prefix);
  if (wrong !== undefined) return invalid(wrong);
  const from = after === undefined ? undefined : parseFileUri(after);
  const first =
    from === undefined
      ? 0
      : listings.findIndex((one) => one.bucket === from.bucket && from.key.startsWith(one.prefix));
  if (first < 0)
    return invalid(
      `${after ?? ''} is outside of what is listed (${listings.map(uriOf).join(', ')}); was the pipeline or the prefix changed? Start from the beginning: it skips what was loaded before`,
    );
  // Before its first run a pipeline has loaded nothing that could be forgotten.
  const since = (await engine.store.firstRunAt(plan.pipeline)) ?? new Date(engine.now()).toISOString();
  const page = new Page(plan, request, since, engine);
  for (const [i, listing] of listings.slice(first).entries())
    if (!(await page.list(listing, i === 0 ? from?.key : undefined))) break;
  await page.assignSlots();
  return page.answer();
}

function problemOf(plan: Plan, listings: readonly Listing[], prefix: string): string | undefined {
  if (!plan.triggers.some(({ kind }) => kind === 's3'))
    return `pipeline ${plan.pipeline} has no s3 trigger: there are no files to backfill`;
  return listings.length === 0
    ? `no s3 trigger of pipeline ${plan.pipeline} matches a file below the prefix "${prefix}"`
    : undefined;
}

function uriOf({ bucket, prefix }: Listing): string {
  return `s3://${bucket}/${prefix}`;
}

/** One request under way. */
class Page {
  readonly #plan: Plan;
  readonly #request: BackfillRequest;
  /** When the pipeline had its first run; empty: not known. */
  readonly #since: string;
  readonly #engine: Engine;
  readonly #counts: Record<keyof BackfillCounts, number> = {
    listed: 0,
    new: 0,
    loadedBefore: 0,
    superseded: 0,
    unclear: 0,
    ignored: 0,
  };
  #isOver = true;
  /** The last object that was handled. */
  #last: string | undefined;

  constructor(plan: Plan, request: BackfillRequest, since: string, engine: Engine) {
    this.#plan = plan;
    this.#request = request;
    this.#since = since;
    this.#engine = engine;
    this.#last = request.after;
  }

  /** False: the page is full, or the time is up; the rest of the listing is left. */
  async list({ bucket, prefix }: Listing, from: string | undefined): Promise<boolean> {
    let after = from;
    for (;;) {
      const began = new Date(this.#engine.now()).toISOString();
      const limit = PAGE - this.#counts.listed;
      if (limit <= 0) return this.#stop();
      const { files, last, isLast, at } = await this.#engine.files.list(bucket, prefix, after, limit);
      // Compared with the times of uploads, which are S3's: the clock here may be minutes off.
      const listedAt = at ?? began;
      for (let i = 0; i < files.length; i += PARALLEL) {
        const some = files.slice(i, i + PARALLEL);
        await this.#admit(some, listedAt);
        this.#last = `s3://${bucket}/${some.at(-1)?.key ?? ''}`;
        if (this.#isLate() && i + PARALLEL < files.length) return this.#stop();
      }
      if (last !== undefined) this.#last = `s3://${bucket}/${last}`;
      if (isLast || last === undefined) return true;
      if (this.#isLate()) return this.#stop();
      after = last;
    }
  }

  #isLate(): boolean {
    return this.#engine.driver.remainingMs() < TIME_TO_END;
  }

  #stop(): false {
    this.#isOver = false;
    return false;
  }

  /** At most at the rate that the indexes bear. */
  async #admit(files: readonly ListedFile[], listedAt: string): Promise<void> {
    const { now, pause } = this.#engine;
    const began = now();
    const outcomes = await Promise.all(files.map((file) => this.#outcomeOf(file, listedAt)));
    let created = 0;
    for (const outcome of outcomes) {
      this.#counts.listed += 1;
      this.#counts[outcome] += 1;
      if (outcome === 'new' && !this.#isDry) created += 1;
    }
    const ahead = (created * 1000) / MOST_A_SECOND - (now() - began);
    if (ahead > 0) await pause(ahead);
  }

  async #outcomeOf(file: ListedFile, listedAt: string): Promise<Outcome | 'ignored'> {
    const { since, until, again = false } = this.#request;
    const { triggers } = this.#plan;
    const { landingBucket } = this.#engine.settings;
    const isOurs =
      !isFolderMark(file) &&
      triggers.some((trigger) => matches(trigger, file, landingBucket)) &&
      (since === undefined || file.modified >= since) &&
      (until === undefined || file.modified < until);
    return isOurs
      ? admitListed(
          this.#plan,
          file,
          listedAt,
          { again, dryRun: this.#isDry, forgottenBefore: forgottenBefore(listedAt, this.#since) },
          this.#engine,
        )
      : 'ignored';
  }

  get #isDry(): boolean {
    return this.#request.dryRun === true;
  }

  /** Once for all: waiting runs need no wake-up each. */
  async assignSlots(): Promise<void> {
    if (this.#counts.new === 0 || this.#isDry) return;
    try {
      await fillPool(this.#plan.pipeline, this.#engine);
    } catch (error) {
      this.#engine.log('warn', 'no run was started after a backfill; the sweep will start them', {
        pipeline: this.#plan.pipeline,
        error,
      });
    }
  }

  answer(): BackfillAnswer {
    const { pipeline } = this.#plan;
    const next = this.#isOver ? undefined : this.#last;
    const { listed, new: admitted } = this.#counts;
    const message = `backfill of ${pipeline}: listed ${listed}, new ${admitted}${this.#isDry ? ' (dry run)' : ''}`;
    return { ok: true, message, counts: this.#counts, ...defined({ next }) };
  }
}
