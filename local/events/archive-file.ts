/** The events of one archive on disk: a line of JSON each, appended as they are accepted. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

export interface ArchivedEvent {
  /** When it was accepted; ms since the epoch. */
  readonly at: number;
  /** JSON text, as it was delivered. */
  readonly event: string;
}

export class ArchiveFile {
  readonly #file: string;
  #descriptor: number;

  /** Made when absent. What a killed process left of its last line is cut off: that event was never accepted. */
  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true });
    this.#file = file;
    const last = existsSync(file) ? readFileSync(file, 'utf8').at(-1) : undefined;
    if (last !== undefined && last !== '\n') this.#write(this.read());
    this.#descriptor = openSync(file, 'a');
  }

  /** On disk when this returns. */
  append(event: ArchivedEvent): void {
    writeSync(this.#descriptor, `${JSON.stringify(event)}\n`);
  }

  /** In the order of their acceptance. */
  read(): readonly ArchivedEvent[] {
    return readFileSync(this.#file, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const event = parsed(line);
        return event === undefined ? [] : [event];
      });
  }

  /** Forgets what was accepted before `instant`, ms since the epoch. */
  forgetBefore(instant: number): void {
    const all = this.read();
    const kept = all.filter(({ at }) => at >= instant);
    if (kept.length === all.length) return;
    closeSync(this.#descriptor);
    this.#write(kept);
    this.#descriptor = openSync(this.#file, 'a');
  }

  remove(): void {
    this.close();
    rmSync(this.#file, { force: true });
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #write(events: readonly ArchivedEvent[]): void {
    writeFileSync(`${this.#file}.new`, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function parsed(line: string): ArchivedEvent | undefined {
  if (line === '') return undefined;
  try {
    return JSON.parse(line) as ArchivedEvent;
  } catch {
    // Half a line: its process was killed while it wrote.
    return undefined;
  }
}
