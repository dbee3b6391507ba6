/**
 * The archives of the bus: events that match are kept, for as many days as the archive says, so that a replay can
 * deliver them again. Days are the local clock's. AWS takes some minutes until an event is in its archive; here it
 * is there before its first delivery.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html
 */
import { join } from 'node:path';

import { defined } from '../../shared/run/defined.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../account.ts';
import type { Clock } from '../clock.ts';
import { Journal } from '../journal.ts';
import { JsonLines } from '../json-lines.ts';
import type { ArchiveResource } from '../template/resources.ts';
import { type EventFields, Pattern } from '../../shared/pipeline/event-pattern/pattern.ts';

const DAY_MS = 86_400_000;

/** What an archive is made from. */
export interface ArchiveSettings {
  readonly name: string;
  readonly description?: string;
  /** JSON text; absent: every event. */
  readonly pattern?: string;
  /** 0: for ever. */
  readonly retentionDays: number;
}

export interface Archive extends ArchiveSettings {
  /** Ms since the epoch. */
  readonly createdAt: number;
  /** True for one of serverless.yml: it goes when it is no longer there. */
  readonly ofTemplate: boolean;
}

export interface ArchiveSize {
  readonly events: number;
  /** Of the events' texts. */
  readonly bytes: number;
}

interface ArchivedEvent {
  /** When it was accepted; ms since the epoch. */
  readonly at: number;
  /** JSON text, as it was delivered. */
  readonly event: string;
}

interface OpenArchive {
  readonly archive: Archive;
  readonly pattern: Pattern | undefined;
  /** In the order of their acceptance. */
  readonly file: JsonLines<ArchivedEvent>;
  /** When the retention is looked at next; ms since the epoch. */
  nextLook: number;
}

export class Archives {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #journal: Journal<Archive>;
  readonly #open = new Map<string, OpenArchive>();

  /** `folder`: of the bus; `archives.jsonl` lists the archives, `archives/<name>.jsonl` holds their events. */
  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
    this.#journal = new Journal(join(folder, 'archives.jsonl'));
    for (const archive of this.#journal.values()) this.#take(archive);
  }

  /**
   * Applies the template's archives: existing events stay, archives removed from the template are deleted.
   * @throws InvalidEventPatternError, and nothing has changed then
   */
  setTemplate(resources: readonly ArchiveResource[]): void {
    const wanted = resources.map(settingsOf);
    for (const { name, pattern } of wanted) checkPattern(name, pattern);
    const names = new Set(wanted.map(({ name }) => name));
    for (const { archive } of this.#open.values()) {
      if (archive.ofTemplate && !names.has(archive.name)) this.delete(archive.name);
    }
    for (const settings of wanted) {
      const before = this.#open.get(settings.name);
      before?.file.close();
      const createdAt = before?.archive.createdAt ?? this.#clock.now();
      this.#keepArchive({ ...settings, createdAt, ofTemplate: true });
    }
  }

  /** The name must be free. @throws InvalidEventPatternError */
  create(settings: ArchiveSettings): Archive {
    checkPattern(settings.name, settings.pattern);
    const archive = { ...settings, createdAt: this.#clock.now(), ofTemplate: false };
    this.#keepArchive(archive);
    return archive;
  }

  find(name: string): Archive | undefined {
    return this.#open.get(name)?.archive;
  }

  /** By name. */
  all(): readonly Archive[] {
    return [...this.#open.values()].map(({ archive }) => archive).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  size(name: string): ArchiveSize {
    const kept = this.#kept(name);
    return {
      events: kept.length,
      bytes: kept.reduce((sum, event) => sum + Buffer.byteLength(event), 0),
    };
  }

  /** With its events. */
  delete(name: string): void {
    this.#open.get(name)?.file.remove();
    this.#open.delete(name);
    this.#journal.delete(name);
  }

  /** Forgets the events of every archive. */
  empty(): void {
    for (const { file } of this.#open.values()) file.replace([]);
  }

  /** Keeps the event in every archive it matches; on disk when this returns. `text`: the event as JSON. */
  keep(fields: EventFields, text: string): void {
    const now = this.#clock.now();
    for (const open of this.#open.values()) {
      if (open.pattern?.matches(fields) === false) continue;
      if (now >= open.nextLook) this.#forgetOld(open);
      open.file.append({ at: now, event: text });
    }
  }

  /** JSON texts of the events whose own time is `from` or later and before `to`, ms since the epoch; oldest first. */
  between(
    name: string,
    from: number,
    to: number,
  ): readonly { readonly time: number; readonly text: string }[] {
    return this.#kept(name)
      .map((text) => ({ time: timeOf(text), text }))
      .filter(({ time }) => time >= from && time < to)
      .sort((a, b) => a.time - b.time);
  }

  close(): void {
    for (const { file } of this.#open.values()) file.close();
    this.#open.clear();
    this.#journal.close();
  }

  #keepArchive(archive: Archive): void {
    this.#journal.set(archive.name, archive);
    this.#take(archive);
  }

  #take(archive: Archive): void {
    const { name, pattern } = archive;
    this.#open.set(name, {
      archive,
      pattern: pattern === undefined ? undefined : new Pattern(pattern),
      file: new JsonLines(join(this.#folder, 'archives', `${name}.jsonl`)),
      nextLook: 0,
    });
  }

  #kept(name: string): readonly string[] {
    const open = this.#open.get(name);
    if (open === undefined) return [];
    this.#forgetOld(open);
    return open.file.read().map(({ event }) => event);
  }

  #forgetOld(open: OpenArchive): void {
    const { retentionDays } = open.archive;
    const now = this.#clock.now();
    open.nextLook = now + DAY_MS;
    if (retentionDays === 0) return;
    const all = open.file.read();
    const kept = all.filter(({ at }) => at >= now - retentionDays * DAY_MS);
    if (kept.length < all.length) open.file.replace(kept);
  }
}

export function archiveArn(name: string): string {
  return `arn:aws:events:${LOCAL_REGION}:${LOCAL_ACCOUNT}:archive/${name}`;
}

function settingsOf({ name, description, pattern, retentionDays }: ArchiveResource): ArchiveSettings {
  return {
    name,
    retentionDays,
    ...defined({ description }),
    ...(pattern !== undefined && { pattern: JSON.stringify(pattern) }),
  };
}

function checkPattern(name: string, pattern: string | undefined): void {
  if (pattern === undefined) return;
  try {
    void new Pattern(pattern);
  } catch (error) {
    if (error instanceof Error) error.message = `archive ${name}: ${error.message}`;
    throw error;
  }
}

function timeOf(event: string): number {
  return Date.parse((JSON.parse(event) as { readonly time: string }).time);
}
